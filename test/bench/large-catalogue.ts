import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { renderTable } from '../../src/cli/table.ts'
import { shareModel } from '../../src/serving/shared/shared-model.ts'
import { fixtureContent, fixtureIdentity } from '../serving/fixture-model.ts'
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
await run(2)
const latencies = (await run(seconds)).sort((a, b) => a - b)
const at = (share: number) => latencies[Math.floor(share * (latencies.length - 1))]!.toFixed(1)
console.log(
  renderTable(
    ['items', 'requests/s', 'p50 ms', 'p99 ms', 'max ms'],
    [[nItems, rate, at(0.5), at(0.99), at(1)]],
  ),
)
await threads.stop(100)

async function run(duration: number): Promise<number[]> {
  const start = performance.now()
  const requests = Array.from({ length: rate * duration }, async (_, n) => {
    const due = start + (1000 * n) / rate
    await delay(Math.max(0, due - performance.now()))
    const response = await fetch(
      `http://127.0.0.1:${threads.port}/recommendations/u${(n * 7919) % nUsers}?k=10`,
    )
    await response.arrayBuffer()
    if (!response.ok) throw new Error(`status ${response.status}`)
    return performance.now() - due
  })
  return Promise.all(requests)
}
