import { createClient } from 'redis'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { type RedisOutcome, withRedis } from '../../src/serving/cache/redis-cache.ts'
import { createResponseCache } from '../../src/serving/cache/response-cache.ts'
import { createLog } from '../../src/serving/log.ts'
import { ServedModel } from '../../src/serving/ranking/served-model.ts'
import { shareModel } from '../../src/serving/shared/shared-model.ts'
import { hasRedis, startRedis } from '../helpers/redis.ts'
import { fixtureApp } from './fixture-app.ts'
import { fixtureContent, fixtureIdentity } from './fixture-model.ts'

/** A server that shares its answers in Redis, once it has found it. */
async function sharingApp(url: string) {
  const outcomes: RedisOutcome[] = []
  const cache = withRedis(createResponseCache({ maxBytes: 2 ** 20, ttlMs: 60_000 }), {
    url,
    ttlMs: 60_000,
    log: createLog('silent', 'test'),
    count: (outcome) => outcomes.push(outcome),
  })
  onTestFinished(() => cache.close())
  const served = await fixtureApp({}, { cache })
  const ask = async (path: string) => {
    const response = await served.app.inject(path)
    expect(response.statusCode).toBe(200)
    return response.body.replace(/"recommendationId":"[^"]+",/, '')
  }
  const answers = () =>
    vi.waitFor(
      async () => {
        const look = cache.fetch('is it there?')
        expect(look).toBeDefined()
        await look
      },
      { timeout: 10_000 },
    )
  await answers()
  outcomes.length = 0
  return { ...served, ask, outcomes, answers, cache }
}

async function rankings({ context }: Awaited<ReturnType<typeof fixtureApp>>): Promise<number> {
  const snapshot = await context.metrics.snapshot()
  const { values } = snapshot.find(({ name }) => name === 'recsys_rankings_total')!
  return values.reduce((sum, { value }) => sum + value, 0)
}

/** What a request asks for that was not asked before. */
let n = 0
const fresh = () => `/recommendations/u3?k=${1 + (n++ % 900)}`

describe.skipIf(!hasRedis())('answers shared in Redis', () => {
  test('made by one server are given by another, byte for byte', async () => {
    const { url } = await startRedis()
    const [first, second] = [await sharingApp(url), await sharingApp(url)]
    const made = await first.ask('/recommendations/u3?k=5')
    await vi.waitFor(async () => {
      expect(await second.ask('/recommendations/u3?k=5')).toBe(made)
      expect(second.outcomes).toContain('hit')
    })
    // What came from Redis is kept in the thread.
    const nLookups = second.outcomes.length
    await second.ask('/recommendations/u3?k=5')
    expect(second.outcomes).toHaveLength(nLookups)
  })

  test('are not those of another version: a promotion needs no flush', async () => {
    const { url } = await startRedis()
    const served = await sharingApp(url)
    const before = await served.ask('/recommendations/u3?k=5')
    served.slot.swap(new ServedModel(shareModel(fixtureContent({ offset: 100 }), fixtureIdentity(2), 1), 1))
    const after = await served.ask('/recommendations/u3?k=5')
    expect(JSON.parse(after).model.version).toBe(2)
    expect(after).not.toBe(before)
  })

  test('equal requests at once wait for one look-up and are ranked once', async () => {
    const { url } = await startRedis()
    const served = await sharingApp(url)
    const bodies = await Promise.all(Array.from({ length: 20 }, () => served.ask('/recommendations/u5?k=7')))
    expect(new Set(bodies).size).toBe(1)
    expect(served.outcomes).toEqual(['miss'])
    expect(await rankings(served)).toBe(1)
  })

  test('requests are answered while Redis hangs, soon without waiting for it, and are shared again afterwards', async () => {
    const redis = await startRedis()
    const served = await sharingApp(redis.url)
    redis.hang()
    onTestFinished(() => redis.goOn())
    for (let request = 0; request < 10; request++) await served.ask(fresh())
    expect(served.outcomes.slice(0, 3)).toEqual(['timeout', 'timeout', 'timeout'])
    expect(new Set(served.outcomes.slice(3))).toEqual(new Set(['skipped']))
    redis.goOn()
    await served.answers()
    served.outcomes.length = 0
    await served.ask(fresh())
    expect(served.outcomes).toEqual(['miss'])
  })

  test('requests are answered while Redis is gone, and are shared again when it is back', async () => {
    const redis = await startRedis()
    const served = await sharingApp(redis.url)
    await redis.kill()
    for (let request = 0; request < 10; request++) await served.ask(fresh())
    expect(served.outcomes).not.toContain('hit')
    await redis.startAgain()
    await served.answers()
    served.outcomes.length = 0
    await served.ask(fresh())
    expect(served.outcomes).toEqual(['miss'])
  })

  test('what somebody else wrote under our key is not given out', async () => {
    const redis = await startRedis()
    const served = await sharingApp(redis.url)
    const client = createClient({ url: redis.url })
    await client.connect()
    onTestFinished(() => client.destroy())
    const made = await served.ask('/recommendations/u3?k=5')
    const [key] = await vi.waitFor(async () => {
      const keys = await client.keys('recsys:*')
      expect(keys).toHaveLength(1)
      return keys
    })
    await client.set(key!, '<script>')
    const other = await sharingApp(redis.url)
    expect(await other.ask('/recommendations/u3?k=5')).toBe(made)
  })
})
