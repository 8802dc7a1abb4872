import { parseArgs } from 'node:util'
import { renderTable } from '../../src/cli/table.ts'
import { shareModel } from '../../src/serving/shared/shared-model.ts'
import { fixtureContent, fixtureIdentity } from '../serving/fixture-model.ts'
import { askAtRate } from './ask-at-rate.ts'
import { serveModel } from './one-model-server.ts'

/**
 * One request thread with a catalogue of a million items × 64, asked for random users at a constant rate, seen items excluded.
 * The factors are noise of one size, so that hardly any item can be passed over: the worst case. Latency counts from when
 * a request was due.
 */
const { values: flags } = parseArgs({
  options: {
    items: { type: 'string', default: '1000000' },
    rate: { type: 'string', default: '50' },
    seconds: { type: 'string', default: '20' },
  },
})
const [nItems, rate, seconds] = [Number(flags.items), Number(flags.rate), Number(flags.seconds)]
const nUsers = 1000
const threads = await serveModel(
  shareModel(fixtureContent({ nUsers, nItems, width: 64 }), fixtureIdentity(), 1),
  1,
  0,
)
const pathOf = (n: number) => `/recommendations/u${(n * 7919) % nUsers}?k=10`
await askAtRate(threads.port, rate, 2, pathOf)
const { latencies, failures } = await askAtRate(threads.port, rate, seconds, pathOf)
const at = (share: number) => latencies[Math.floor(share * (latencies.length - 1))]!.toFixed(1)
console.log(
  renderTable(
    ['items', 'requests/s', 'failures', 'p50 ms', 'p99 ms', 'max ms'],
    [[nItems, rate, failures, at(0.5), at(0.99), at(1)]],
  ),
)
await threads.stop(100)
