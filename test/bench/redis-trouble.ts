import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { renderTable } from '../../src/cli/table.ts'
import { shareModel } from '../../src/serving/shared/shared-model.ts'
import { slowLine, startRedis } from '../helpers/redis.ts'
import { fixtureContent, fixtureIdentity } from '../serving/fixture-model.ts'
import { askAtRate } from './ask-at-rate.ts'
import { serveModel } from './one-model-server.ts'

/**
 * One request thread that shares its answers in Redis, beside one that does not, asked for random users at a constant rate, each
 * address once: while Redis is well, hangs (SIGSTOP), is back, is killed, is back again, and behind lines that are slow. Errors
 * and latencies, from when each request was due.
 */
const { values: flags } = parseArgs({
  options: { rate: { type: 'string', default: '200' }, seconds: { type: 'string', default: '10' } },
})
const [rate, seconds] = [Number(flags.rate), Number(flags.seconds)]
const nUsers = 5000
const model = shareModel(fixtureContent({ nUsers, nItems: 27_000, width: 64 }), fixtureIdentity(), 1)
const cleanUps: (() => void)[] = []
const redis = await startRedis((cleanUp) => cleanUps.push(cleanUp))
const [late, tooLate] = [await slowLine(redis.port, 10), await slowLine(redis.port, 60)]
const start = (redisUrl?: string) => serveModel(model, 1, 2 ** 20, redisUrl)
const servers = [
  await start(),
  await start(redis.url),
  await start(late.url),
  await start(tooLate.url),
] as const
const [alone, sharing, behindLate, behindTooLate] = servers
await delay(1000)
const rows: (string | number)[][] = []
for (const each of servers) await askAtRate(each.port, rate, 2, addresses())

await phase('no Redis', alone)
await phase('Redis is well', sharing)
redis.hang()
await phase('it hangs', sharing)
redis.goOn()
await delay(1000)
await phase('it is back', sharing)
await redis.kill()
await phase('it is gone', sharing)
await redis.startAgain()
await delay(3000)
await phase('it is back, empty', sharing)
await phase('10 ms away', behindLate)
await phase('60 ms away', behindTooLate)
await phase('no Redis', alone)
console.log(renderTable(['', 'requests', 'errors', 'p50 ms', 'p99 ms', 'max ms'], rows))
for (const each of servers) await each.stop(100)
late.server.close()
tooLate.server.close()
for (const cleanUp of cleanUps) cleanUp()
process.exit(rows.some(([, , errors]) => errors !== 0) ? 1 : 0)

async function phase(name: string, { port }: (typeof servers)[number]): Promise<void> {
  const { latencies, failures } = await askAtRate(port, rate, seconds, addresses())
  const at = (share: number) => latencies[Math.floor(share * (latencies.length - 1))]!.toFixed(1)
  rows.push([name, latencies.length, failures, at(0.5), at(0.99), at(1)])
}

/** Each address once in all phases, so that this thread's own cache has none of them. */
function addresses(): (n: number) => string {
  const from = Math.floor(1e9 * Math.random())
  return (n) => `/recommendations/u${(n * 7919) % nUsers}?k=10&minScore=-${from + n}`
}
