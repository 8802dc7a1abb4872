import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { renderTable } from '../../src/cli/table.ts'
import { Supervisor } from '../../src/serving/supervisor/supervisor.ts'
import { fallbacks } from '../../src/serving/types.ts'
import { modelChanges, quietRelease } from '../serving/quiet-release.ts'
import { noFallback, promote, register } from '../serving/registered.ts'
import { load } from './http-load.ts'

/**
 * Change-overs between two models of 200,000 users × 50,000 items × 64 under the load of 20 connections: what each
 * step takes, and what the requests feel of it. `--smoke` only shows that all runs.
 */
const { values: flags } = parseArgs({ options: { smoke: { type: 'boolean', default: false } } })
const shape = flags.smoke
  ? { nUsers: 500, nItems: 300, width: 8 }
  : { nUsers: 200_000, nItems: 50_000, width: 64 }
const nChangeOvers = flags.smoke ? 2 : 20

const dataDir = mkdtempSync(join(tmpdir(), 'recsys-bench-'))
try {
  const versions = [await register(dataDir, shape), await register(dataDir, { ...shape, seed: 2 })]
  promote(dataDir, versions[0], 'quietly')
  const server = await Supervisor.start({
    dataDir,
    host: '127.0.0.1',
    port: 0,
    nThreads: 2,
    modelName: versions[0].name,
    pollIntervalMs: 3_600_000,
    drainTimeoutMs: 1000,
    logLevel: 'error',
    keysRequired: false,
    strangers: fallbacks,
    requestsPerSecond: 0,
    cache: { maxBytes: 2 ** 20, ttlMs: 60_000 },
    events: {
      flush: async () => ({ events: 0 }),
      flushIntervalMs: 60_000,
      flushEvents: 10_000,
      newItemsMs: 60_000,
    },
    release: { ...quietRelease, changes: modelChanges(dataDir) },
    fallback: noFallback,
  })
  const pathOf = (n: number) => `/recommendations/u${(n * 7919) % shape.nUsers}?k=10`
  const still = await load(
    server.port,
    20,
    pathOf,
    new Promise((resolve) => setTimeout(resolve, flags.smoke ? 200 : 5000)),
  )
  const steps: number[][] = []
  const changing = await load(server.port, 20, pathOf, changeOvers())
  const medians = [0, 1, 2, 3].map((step) => median(steps.map((row) => row[step])))
  console.log(
    renderTable(
      ['read + verify ms', 'share ms', 'trial ms', 'in all ms'],
      [medians.map((ms) => ms.toFixed(0))],
    ),
  )
  const rows = Object.entries({ still, changing }).map(
    ([name, { requestsPerSecond, p50Ms, p95Ms, p99Ms, maxMs, notOk }]) => {
      return [
        name,
        Math.round(requestsPerSecond),
        ...[p50Ms, p95Ms, p99Ms, maxMs].map((ms) => ms.toFixed(1)),
        notOk,
      ]
    },
  )
  console.log(renderTable(['', 'requests/s', 'p50 ms', 'p95 ms', 'p99 ms', 'max ms', 'not 200'], rows))
  console.log(`${nChangeOvers} change-overs; memory ${(process.memoryUsage.rss() / 1e6).toFixed(0)} MB`)
  await server.stop()

  async function changeOvers(): Promise<void> {
    for (let i = 1; i <= nChangeOvers; i++) {
      promote(dataDir, versions[i % 2], 'quietly')
      const outcome = await server.reload()
      if (outcome.outcome !== 'swapped') throw new Error(JSON.stringify(outcome))
      const { readMs, shareMs, smokeTestMs, totalMs } = outcome.load
      steps.push([readMs, shareMs, smokeTestMs, totalMs])
      console.error(`${i}: ${totalMs} ms, ${(process.memoryUsage.rss() / 1e6).toFixed(0)} MB`)
    }
  }
} finally {
  rmSync(dataDir, { recursive: true })
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}
