import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { renderTable } from '../../../src/cli/table.ts'
import { uniformAt } from '../../../src/kernels/random.ts'
import { LatencyHistogram } from '../../../src/loadtest/histogram.ts'
import { runLoadTest } from '../../../src/loadtest/load-test.ts'
import { loadYaml } from '../../../src/loadtest/scenario/load-scenario.ts'
import type { LoadReport, LoadTestOptions } from '../../../src/loadtest/types.ts'

/**
 * Does a load test tell the truth? A server that stalls for a second every ten, with the percentile that is known beforehand;
 * percentiles of ten million samples beside exact ones; arrivals sent beside arrivals planned; memory of ten thousand users. Servers
 * run in a thread of their own. `--smoke` only shows that it runs.
 */
const { values: flags } = parseArgs({ options: { smoke: { type: 'boolean', default: false } } })
const scale = flags.smoke ? 0.02 : 1

if (isMainThread) await main()
else serve(workerData as { stalls: boolean })

async function main(): Promise<void> {
  percentilesOf(Math.round(1e7 * scale))
  await stalls(flags.smoke ? 3 : 60)
  await constantRate(2000, flags.smoke ? 1 : 60)
  await manyUsers(flags.smoke ? 200 : 10_000, flags.smoke ? 2 : 30)
}

/** Latencies of a log-normal kind, as those of servers are. */
function percentilesOf(n: number): void {
  const samples = new Float64Array(n)
  for (let i = 0; i < n; i++) {
    const [u, v] = [uniformAt(1, 2 * i), uniformAt(1, 2 * i + 1)]
    const normal = Math.sqrt(-2 * Math.log(1 - u)) * Math.cos(2 * Math.PI * v)
    samples[i] = Math.round(5000 * Math.exp(0.8 * normal))
  }
  const histogram = new LatencyHistogram()
  const before = process.memoryUsage.rss()
  for (const sample of samples) histogram.record(sample)
  const grown = (process.memoryUsage.rss() - before) / 2 ** 20
  samples.sort()
  const rows = [50, 90, 95, 99, 99.9].map((percent) => {
    const exact = samples[Math.ceil((percent / 100) * n) - 1]! / 1000
    const got = histogram.percentileMs(percent)
    return [
      `p${percent}`,
      exact.toFixed(3),
      got.toFixed(3),
      `${(100 * Math.abs(got / exact - 1)).toFixed(3)} %`,
    ]
  })
  console.log(
    `percentiles of ${n.toExponential(0)} samples; memory grew by ${grown.toFixed(1)} MB while they were recorded`,
  )
  console.log(renderTable(['', 'exact ms', 'reported ms', 'off'], rows))
}

/** With stalls a tenth of the time a tenth of the arrivals wait, evenly from 0 to 1 s: one in a hundred waits 0.9 s or longer. */
async function stalls(seconds: number): Promise<void> {
  const report = await run({ rate: 200, users: 400, runTimeMs: 1000 * seconds }, true)
  const few = await run({ rate: 200, users: 20, runTimeMs: 1000 * seconds }, true)
  const closed = await run({ users: 20, waitMs: [100, 100], runTimeMs: 1000 * seconds }, true)
  const ms = (value: number | undefined) => value?.toFixed(0)
  console.log('a server that stalls for 1 s every 10 s: p99 by analysis 900 ms')
  console.log(
    renderTable(
      ['', 'p99 ms', 'raw p99 ms', 'valid'],
      [
        [
          '200 arrivals/s, 400 users',
          ms(report.all.latencyMs?.p99),
          ms(report.open?.rawLatencyMs?.p99),
          report.generator.valid,
        ],
        [
          '200 arrivals/s, 20 users',
          ms(few.all.latencyMs?.p99),
          ms(few.open?.rawLatencyMs?.p99),
          few.generator.valid,
        ],
        [
          'closed, 20 users, 0.1 s pauses',
          ms(closed.all.correctedMs?.p99),
          ms(closed.all.latencyMs?.p99),
          closed.generator.valid,
        ],
      ].map((row) => row.map(String)),
    ),
  )
}

async function constantRate(rate: number, seconds: number): Promise<void> {
  const { open, generator, all } = await run({ rate, users: 500, runTimeMs: 1000 * seconds }, false)
  console.log(
    `${rate} arrivals/s for ${seconds} s: planned ${open!.planned}, sent ${all.requests} (${((100 * all.requests) / (rate * seconds)).toFixed(2)} %), sent late at p50 ${open!.latenessMs?.p50.toFixed(2)} ms, p99 ${open!.latenessMs?.p99.toFixed(2)} ms; valid: ${generator.valid}`,
  )
}

async function manyUsers(users: number, seconds: number): Promise<void> {
  let most = 0
  const { all, generator } = await run(
    {
      users,
      spawnRate: users / 5,
      waitMs: [5000, 10_000],
      runTimeMs: 1000 * seconds,
      onSecond: () => {
        most = Math.max(most, process.memoryUsage.rss())
      },
    },
    false,
  )
  console.log(
    `${users} users who think 5 to 10 s: ${all.requests} requests, ${all.failures} failures, ${(most / 2 ** 20).toFixed(0)} MB with the server's; valid: ${generator.valid}`,
  )
}

async function run(given: Partial<LoadTestOptions>, isStalling: boolean): Promise<LoadReport> {
  const worker = new Worker(new URL(import.meta.url), { workerData: { stalls: isStalling } })
  const [port] = (await once(worker, 'message')) as [number]
  const url = `http://127.0.0.1:${port}`
  const noTable = () => Promise.reject(new Error('no table'))
  const { source } = await loadYaml('scenario.yaml', 'tasks:\n  - get: /\n', {
    parquet: noTable,
    lake: noTable,
  })
  const options = {
    url,
    allowedHosts: [],
    spawnRate: 10_000,
    timeoutMs: 10_000,
    k: 10,
    seed: 1,
    goals: [],
    waitMs: [0, 0] as const,
    users: 1,
    runTimeMs: 1000,
  }
  const report = await runLoadTest({ ...options, ...given }, source)
  await worker.terminate()
  return report
}

function serve({ stalls: isStalling }: { stalls: boolean }): void {
  const start = performance.now() + 2000
  const server: Server = createServer((_, response) => {
    const into = (performance.now() - start) % 10_000
    const isStalled = isStalling && into >= 0 && into < 1000
    if (isStalled) setTimeout(() => response.end('{}'), 1000 - into)
    else response.end('{}')
  })
  server.listen(0, '127.0.0.1', 20_000, () => parentPort!.postMessage((server.address() as AddressInfo).port))
}
