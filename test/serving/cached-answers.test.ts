import { describe, expect, test } from 'vitest'
import { createResponseCache } from '../../src/serving/cache/response-cache.ts'
import { ServedModel } from '../../src/serving/ranking/served-model.ts'
import { shareModel } from '../../src/serving/shared/shared-model.ts'
import { fixtureApp } from './fixture-app.ts'
import { fixtureContent, fixtureIdentity } from './fixture-model.ts'

async function lookups(served: Awaited<ReturnType<typeof fixtureApp>>): Promise<Record<string, number>> {
  const snapshot = await served.context.metrics.snapshot()
  const { values } = snapshot.find(({ name }) => name === 'recsys_cache_lookups_total')!
  return Object.fromEntries(values.map(({ labels, value }) => [labels.result, value]))
}

describe('answers to equal requests', () => {
  test('come from the cache, byte for byte, with the version they were made from', async () => {
    const served = await fixtureApp()
    const [first, second] = [
      await served.app.inject('/recommendations/u3?k=5'),
      await served.app.inject('/recommendations/u3?k=5'),
    ]
    const withoutId = (text: string) => text.replace(/"recommendationId":"[^"]+",/, '')
    expect(withoutId(second.body)).toBe(withoutId(first.body))
    expect(second.headers['content-type']).toBe(first.headers['content-type'])
    expect(await lookups(served)).toEqual({ hit: 1, miss: 1 })
    const snapshot = await served.context.metrics.snapshot()
    const requests = snapshot.find(({ name }) => name === 'recsys_http_requests_total')!
    expect(requests.values).toMatchObject([{ value: 2, labels: { status: 200, model_version: '1' } }])
  })

  test('are not those of another address or of another model', async () => {
    const served = await fixtureApp()
    const before = await served.app.inject('/recommendations/u3?k=5')
    expect((await served.app.inject('/recommendations/u3?k=6')).json().items).toHaveLength(6)
    const content = fixtureContent({ offset: 100 })
    served.slot.swap(new ServedModel(shareModel(content, fixtureIdentity(2), 1), 1))
    const after = await served.app.inject('/recommendations/u3?k=5')
    expect(after.json().model.version).toBe(2)
    expect(after.json().items[0].score).toBeGreaterThan(before.json().items[0].score + 50)
    expect(await lookups(served)).toMatchObject({ miss: 3 })
  })

  test('are not kept when the request was wrong', async () => {
    const served = await fixtureApp()
    for (let time = 0; time < 2; time++) {
      expect((await served.app.inject('/recommendations/u3?k=0')).statusCode).toBe(400)
    }
    expect(served.context.cache.size().entries).toBe(0)
  })
})

describe('the cache', () => {
  test('stays within its bytes and keeps what was asked for last', () => {
    const cache = createResponseCache({ maxBytes: 100_000, ttlMs: 60_000 })
    const text = 'x'.repeat(1000)
    for (let i = 0; i < 1000; i++) {
      cache.set(`key ${i}`, text)
      cache.peek('key 0')
    }
    expect(cache.size().bytes).toBeLessThanOrEqual(100_000)
    expect(cache.size().entries).toBeGreaterThan(30)
    expect(cache.peek('key 0')).toBe(text)
    expect(cache.peek('key 1')).toBeUndefined()
    expect(cache.peek('key 999')).toBe(text)
  })

  test('keeps nothing when it has no bytes', () => {
    const cache = createResponseCache({ maxBytes: 0, ttlMs: 60_000 })
    cache.set('key', 'text')
    expect(cache.peek('key')).toBeUndefined()
  })
})
