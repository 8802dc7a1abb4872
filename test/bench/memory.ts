import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { renderTable } from '../../src/cli/table.ts'
import type { ModelVersion } from '../../src/registry/types.ts'
import { startServer } from '../helpers/server.ts'
import { promote, register } from '../serving/registered.ts'
import { askAtRate } from './ask-at-rate.ts'

/**
 * Does the memory of a server grow? For `--minutes` it is asked for random users at a constant rate, gets events, and every 15 s
 * another version is promoted. The resident memory after each 15 s, and the slope of a straight line through what comes
 * after the first quarter, with its standard error.
 */
const { values: flags } = parseArgs({
  options: { minutes: { type: 'string', default: '30' }, rate: { type: 'string', default: '200' } },
})
const [minutes, rate] = [Number(flags.minutes), Number(flags.rate)]
const [spanSeconds, nVersions] = [15, 4]
const shape = { nUsers: 20_000, nItems: 27_000, width: 64 }
const dataDir = mkdtempSync(join(tmpdir(), 'recsys-memory-'))
const cleanUps: (() => void)[] = [() => rmSync(dataDir, { recursive: true, force: true })]
try {
  const versions: ModelVersion[] = []
  for (let i = 0; i < nVersions; i++) versions.push(await register(dataDir, { ...shape, seed: 1 + i }))
  promote(dataDir, versions[0]!, 'quietly')
  const server = await startServer(dataDir, (cleanUp) => cleanUps.unshift(cleanUp))
  const port = Number(new URL(server.url).port)
  const samples: number[] = []
  let [failures, n] = [0, 0]
  for (let span = 0; span < (60 * minutes) / spanSeconds; span++) {
    if (span > 0) promote(dataDir, versions[span % nVersions]!)
    const asked = await askAtRate(
      port,
      rate,
      spanSeconds,
      () => `/recommendations/u${(n++ * 7919) % shape.nUsers}`,
    )
    failures += asked.failures + (await sendEvents(server.url, span))
    samples.push(await residentMb(server.url))
    if (span % 20 === 19)
      console.log(`${((span + 1) * spanSeconds) / 60} min: ${samples.at(-1)!.toFixed(0)} MB`)
  }
  const reloads = await metric(server.url, 'recsys_model_reloads_total{outcome="swapped"}')
  print(samples.slice(Math.ceil(samples.length / 4)), n, failures, reloads)
  await server.stop()
} finally {
  for (const cleanUp of cleanUps) cleanUp()
}

async function sendEvents(url: string, span: number): Promise<number> {
  const events = Array.from({ length: 100 }, (_, i) => ({
    userId: `new${span}`,
    itemId: `i${i}`,
    type: 'view',
  }))
  const response = await fetch(`${url}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(events),
  })
  return response.status === 202 ? 0 : 1
}

async function residentMb(url: string): Promise<number> {
  return (await metric(url, 'process_resident_memory_bytes')) / 2 ** 20
}

async function metric(url: string, series: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const line = text.split('\n').find((each) => each.startsWith(`${series} `))
  return Number(line?.slice(series.length))
}

function print(steady: readonly number[], requests: number, failures: number, reloads: number): void {
  const minutesOf = (i: number) => (i * spanSeconds) / 60
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const times = steady.map((_, i) => minutesOf(i))
  const [meanTime, meanMb] = [mean(times), mean(steady)]
  const spread = times.reduce((sum, time) => sum + (time - meanTime) ** 2, 0)
  const slope = times.reduce((sum, time, i) => sum + (time - meanTime) * (steady[i]! - meanMb), 0) / spread
  const residuals = steady.reduce(
    (sum, mb, i) => sum + (mb - meanMb - slope * (times[i]! - meanTime)) ** 2,
    0,
  )
  const error = Math.sqrt(residuals / (steady.length - 2) / spread)
  console.log(
    renderTable(
      ['requests', 'failures', 'reloads', 'MB least', 'mean', 'most', 'slope MB/min', '±'],
      [
        [
          ...[requests, failures, reloads, Math.min(...steady).toFixed(0), meanMb.toFixed(0)],
          ...[Math.max(...steady).toFixed(0), slope.toFixed(3), error.toFixed(3)],
        ],
      ],
    ),
  )
}
