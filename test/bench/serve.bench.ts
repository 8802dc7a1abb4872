import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { renderTable } from '../../src/cli/table.ts'
import { shareModel } from '../../src/serving/shared/shared-model.ts'
import { fixtureContent, fixtureIdentity } from '../serving/fixture-model.ts'
import { type LoadFigures, load } from './http-load.ts'
import { serveModel } from './one-model-server.ts'

/**
 * Requests a second and latency at 100 connections, client and server on one machine, for a model of the size of
 * MovieLens 1M (6,040 users × 3,706 items × 50). /health/live in the same run is what HTTP alone costs. `--smoke` only
 * shows that all runs.
 */
const { values: flags } = parseArgs({ options: { smoke: { type: 'boolean', default: false } } })
const seconds = flags.smoke ? 0.3 : 8
const warmUpSeconds = flags.smoke ? 0.1 : 3
const nUsers = flags.smoke ? 100 : 6040
const shape = flags.smoke ? { nUsers, nItems: 200, width: 8 } : { nUsers, nItems: 3706, width: 50 }

const targets: readonly (readonly [name: string, pathOf: (n: number) => string])[] = [
  ['/health/live', () => '/health/live'],
  ['recommendations', (n) => `/recommendations/u${(n * 7919) % nUsers}?k=10`],
  ['… with filters', (n) => `/recommendations/u${(n * 7919) % nUsers}?k=10&category=odd&exclude=i1,i2`],
  ['… of a stranger', (n) => `/recommendations/x${n}?k=10`],
  ['similar items', (n) => `/items/i${n % 200}/similar?k=10`],
]

const rows: (string | number)[][] = []
for (const nThreads of [1, 2]) {
  const threads = await serveModel(
    shareModel(fixtureContent(shape), fixtureIdentity(), nThreads),
    nThreads,
    2 ** 20,
  )
  let live = 0
  for (const [name, pathOf] of targets) {
    await load(threads.port, 100, pathOf, delay(1000 * warmUpSeconds))
    const figures = await load(threads.port, 100, pathOf, delay(1000 * seconds))
    live ||= figures.requestsPerSecond
    rows.push([nThreads, name, ...cells(figures), (figures.requestsPerSecond / live).toFixed(2)])
  }
  await threads.stop(1000)
}
console.log(
  renderTable(
    ['threads', 'request', 'requests/s', 'p50 ms', 'p95 ms', 'p99 ms', 'max ms', 'not 200', ': live'],
    rows,
  ),
)

function cells({ requestsPerSecond, p50Ms, p95Ms, p99Ms, maxMs, notOk }: LoadFigures): (string | number)[] {
  return [Math.round(requestsPerSecond), ...[p50Ms, p95Ms, p99Ms, maxMs].map((ms) => ms.toFixed(1)), notOk]
}
