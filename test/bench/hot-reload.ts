import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { renderTable } from '../../src/cli/table.ts'
import type { ModelVersion } from '../../src/registry/types.ts'
import { startServer } from '../helpers/server.ts'
import { promote, register } from '../serving/registered.ts'

/**
 * A hundred users with pauses of 0.1 to 0.5 s, first in peace, then while every two seconds another version is promoted, one
 * in ten with a damaged file. Requests that fail, latencies of both, and the time from the promotion until an answer of the new
 * version. Users run in a thread of their own, the server in a process of its own.
 */
const shape = { nUsers: 20_000, nItems: 27_000, width: 64 }
const nConcurrent = 100

interface LoadData {
  readonly url: string
  readonly seconds: number
}

interface LoadResult {
  readonly latencies: number[]
  readonly failures: number
}

if (isMainThread) await main()
else parentPort!.postMessage(await usersAtWork(workerData as LoadData))

async function main(): Promise<void> {
  const { values: flags } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } })
  const seconds = Number(flags.seconds)
  const nSwaps = Math.floor(seconds / 2) - 1
  const dataDir = mkdtempSync(join(tmpdir(), 'recsys-reload-'))
  const cleanUps: (() => void)[] = [() => rmSync(dataDir, { recursive: true, force: true })]
  try {
    const versions: ModelVersion[] = []
    for (let i = 0; i <= nSwaps; i++) versions.push(await register(dataDir, { ...shape, seed: 1 + i }))
    promote(dataDir, versions[0]!, 'quietly')
    const server = await startServer(dataDir, (cleanUp) => cleanUps.unshift(cleanUp))
    await underLoad({ url: server.url, seconds: 5 })
    const steady = await underLoad({ url: server.url, seconds })
    const swapping = underLoad({ url: server.url, seconds })
    const served: number[] = []
    let refused = 0
    const start = performance.now()
    for (let swap = 1; swap <= nSwaps; swap++) {
      await delay(Math.max(0, start + 2000 * swap - performance.now()))
      const version = versions[swap]!
      const isCorrupt = swap % 10 === 5
      if (isCorrupt) damage(join(dataDir, version.artifactPath))
      const promotedAt = performance.now()
      promote(dataDir, version)
      if (!isCorrupt) served.push(await untilServed(server.url, version.version, promotedAt))
      else if (await isRefused(server.url, version.version)) refused++
    }
    const during = await swapping
    print(steady, during, served, refused, nSwaps)
    await server.stop()
    if (during.failures + steady.failures > 0) process.exitCode = 1
  } finally {
    for (const cleanUp of cleanUps) cleanUp()
  }
}

function print(steady: LoadResult, during: LoadResult, served: number[], refused: number, nSwaps: number) {
  const row = (name: string, { latencies, failures }: LoadResult) => {
    const sorted = latencies.toSorted((a, b) => a - b)
    return [name, sorted.length, failures, ...[50, 95, 99, 100].map((p) => percentile(sorted, p).toFixed(2))]
  }
  console.log(
    renderTable(
      ['', 'requests', 'failures', 'p50 ms', 'p95 ms', 'p99 ms', 'max ms'],
      [row('steady', steady), row('a promotion every 2 s', during)],
    ),
  )
  const sorted = served.toSorted((a, b) => a - b)
  const [p50, p99] = [percentile(sorted, 50), percentile(sorted, 99)]
  const ratio =
    percentile(
      during.latencies.toSorted((a, b) => a - b),
      99,
    ) /
    percentile(
      steady.latencies.toSorted((a, b) => a - b),
      99,
    )
  console.log(`${nSwaps} promotions, of which ${nSwaps - served.length} damaged, ${refused} of them refused`)
  console.log(
    `promoted to served: p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms; p99 ratio ${ratio.toFixed(2)}`,
  )
}

function percentile(sorted: readonly number[], p: number): number {
  return sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)] ?? Number.NaN
}

async function underLoad(data: LoadData): Promise<LoadResult> {
  const worker = new Worker(new URL(import.meta.url), { workerData: data })
  const [result] = (await once(worker, 'message')) as [LoadResult]
  return result
}

/** One byte in the middle of the model is another one. */
function damage(directory: string): void {
  const path = join(directory, 'model.arrow')
  if (!existsSync(path)) throw new Error(`${path} is missing`)
  const bytes = readFileSync(path)
  bytes[bytes.length >> 1]! ^= 0xff
  writeFileSync(path, bytes)
}

async function untilServed(url: string, version: number, since: number): Promise<number> {
  for (;;) {
    const response = await fetch(`${url}/recommendations/nobody?k=1`)
    const { model } = (await response.json()) as { model: { version: number } }
    if (model.version === version) return performance.now() - since
    await delay(20)
  }
}

/** The old version goes on, and the server tells why. */
async function isRefused(url: string, version: number): Promise<boolean> {
  for (let look = 0; look < 300; look++) {
    const health = await fetch(`${url}/health`)
    const { failure, model } = (await health.json()) as {
      failure: { version: number } | null
      model: { version: number }
    }
    if (model.version === version) return false
    if (failure?.version === version) return true
    await delay(5)
  }
  return false
}

async function usersAtWork({ url, seconds }: LoadData): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: nConcurrent })
  const end = performance.now() + 1000 * seconds
  const latencies: number[] = []
  let failures = 0
  await Promise.all(
    Array.from({ length: nConcurrent }, async () => {
      await delay(500 * Math.random())
      while (performance.now() < end) {
        const user = Math.floor(shape.nUsers * Math.random())
        const start = performance.now()
        const isGood = await ask(`${url}/recommendations/u${user}`, agent).catch(() => false)
        latencies.push(performance.now() - start)
        if (!isGood) failures++
        await delay(100 + 400 * Math.random())
      }
    }),
  )
  agent.destroy()
  return { latencies, failures }
}

function ask(url: string, agent: Agent): Promise<boolean> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode === 200))
    }).on('error', reject)
  })
}
