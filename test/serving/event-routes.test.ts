import { describe, expect, test } from 'vitest'
import { flushEvents } from '../../src/pipeline/flush-events.ts'
import { flushInThread } from '../../src/pipeline/flush-in-thread.ts'
import { EventJournal, EventReader, type FeedbackEvent } from '../../src/registry/event-journal.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'
import { fixtureApp } from './fixture-app.ts'
import { getJson, startServer } from './fixture-server.ts'
import { publish } from './registered.ts'

const click = { userId: 'u1', itemId: 'i1', type: 'click' }

async function served() {
  const stored: FeedbackEvent[] = []
  const { app, context } = await fixtureApp(
    {},
    {
      storeEvents: async (events) => {
        stored.push(...events)
        return { accepted: events.length, duplicates: [] }
      },
    },
  )
  const post = async (payload: string | object, headers: Record<string, string> = {}) => {
    const response = await app.inject({ method: 'POST', url: '/events', payload, headers })
    return { status: response.statusCode, body: response.json() }
  }
  return { app, context, stored, post }
}

describe('POST /events', () => {
  test.each([
    ['one event', JSON.stringify(click), 'application/json', 1],
    ['an array', JSON.stringify([click, click]), 'application/json', 2],
    ['an envelope', JSON.stringify({ events: [click] }), 'application/json', 1],
    ['lines', `${JSON.stringify(click)}\n\n${JSON.stringify(click)}\n`, 'application/x-ndjson', 2],
  ])('takes %s', async (_, payload, type, accepted) => {
    const { post, stored } = await served()
    expect(await post(payload, { 'content-type': type })).toEqual({
      status: 202,
      body: { accepted, duplicates: 0 },
    })
    expect(stored).toHaveLength(accepted)
  })

  test('fills in what was left out, and takes the version from the recommendation', async () => {
    const { app, post, stored } = await served()
    const { recommendationId } = (await app.inject('/recommendations/u1')).json()
    const before = Math.floor(Date.now() / 1000)
    await post(
      [
        { ...click, recommendationId },
        { ...click, type: 'rating', value: 4, weight: 9, timestamp: 5 },
      ],
      {
        'idempotency-key': 'k1',
      },
    )
    expect(stored[0]).toMatchObject({
      id: 'key:0:k1',
      weight: 2,
      value: null,
      modelVersion: 1,
      recommendationId,
    })
    expect(stored[0].timestamp).toBeGreaterThanOrEqual(before)
    expect(stored[1]).toMatchObject({ id: 'key:1:k1', weight: 9, value: 4, timestamp: 5, modelVersion: null })
  })

  test.each([
    [{ ...click, type: 'stare' }, 'events/0/type'],
    [{ ...click, userId: '' }, 'events/0/userId'],
    [[click, { ...click, weight: -1 }], 'events/1/weight'],
    [{ ...click, type: 'rating' }, 'events/0/value'],
    [{ ...click, value: 3 }, 'events/0/value'],
    [{ ...click, price: 3 }, 'events/0/price'],
    [{ ...click, recommendationId: 'v1' }, 'events/0/recommendationId'],
    [{ ...click, timestamp: 1.5 }, 'events/0/timestamp'],
    [[], 'events'],
    [Array(1001).fill(click), 'events'],
  ])('refuses %j and names the field', async (payload, field) => {
    const { post, stored } = await served()
    const { status, body } = await post(payload)
    expect(status).toBe(400)
    expect(body.error.field).toBe(field)
    expect(stored).toEqual([])
  })

  test('names the line that is not JSON, and takes lines nowhere else', async () => {
    const { app, post } = await served()
    const headers = { 'content-type': 'application/x-ndjson' }
    const { status, body } = await post(`${JSON.stringify(click)}\n{"userId":\n`, headers)
    expect(status).toBe(400)
    expect(body.error.message).toContain('line 2')
    const poisoned = await post('{"__proto__": {"type": "click"}}', headers)
    expect(poisoned.status).toBe(400)
    const elsewhere = await app.inject({ method: 'POST', url: '/recommendations', payload: '{}', headers })
    expect(elsewhere.statusCode).toBe(415)
  })

  test('takes an id and a key that look alike for two things', async () => {
    const { post, stored } = await served()
    await post(click, { 'idempotency-key': 'a' })
    await post({ ...click, id: 'a/0' })
    await post({ ...click, id: 'key:0:a' })
    expect(new Set(stored.map(({ id }) => id)).size).toBe(3)
  })

  test('every answer has a recommendation id of its own, also from the cache', async () => {
    const { app } = await served()
    const ids = new Set<string>()
    for (let i = 0; i < 5; i++) ids.add((await app.inject('/recommendations/u1')).json().recommendationId)
    expect(ids.size).toBe(5)
  })
})

describe('events of a running server', () => {
  test('turn a stranger into somebody the model knows, without training or restart', async () => {
    const dataDir = temporaryDirectory()
    await publish(dataDir)
    const server = await startServer(dataDir)
    const answer = async () => {
      const response = await fetch(`${server.url}/recommendations/newcomer?k=5&explain=true`)
      return (await response.json()) as {
        known: boolean
        items: { itemId: string; source: string; reasons: { itemId: string }[] }[]
      }
    }
    const before = await answer()
    expect(before).toMatchObject({ known: false, items: [{ source: 'popular' }, {}, {}, {}, {}] })
    const events = ['i0', 'i1', 'gone'].map((itemId) => ({ userId: 'newcomer', itemId, type: 'purchase' }))
    const headers = { 'content-type': 'application/json' }
    await fetch(`${server.url}/events`, { method: 'POST', headers, body: JSON.stringify(events) })
    const after = await answer()
    expect(after.known).toBe(true)
    expect(new Set(after.items.map(({ source }) => source))).toEqual(new Set(['events']))
    expect(after.items.map(({ itemId }) => itemId)).not.toContain('i0')
    const history = [{ itemId: 'i0' }, { itemId: 'i1' }]
    const told = await fetch(`${server.url}/recommendations`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ history, k: 5 }),
    })
    const { items } = (await told.json()) as { items: { itemId: string }[] }
    expect(after.items.map(({ itemId }) => itemId)).toEqual(items.map(({ itemId }) => itemId))
  })

  test('are on the disk when they are acknowledged, count once, and are in the lake when it has stopped', async () => {
    const dataDir = temporaryDirectory()
    await publish(dataDir)
    const server = await startServer(dataDir, {
      events: {
        flush: () => flushInThread(dataDir),
        flushIntervalMs: 3_600_000,
        flushEvents: 1_000_000,
        newItemsMs: 5000,
      },
    })
    const post = async (events: object, key?: string) => {
      const headers = { 'content-type': 'application/json', ...(key ? { 'idempotency-key': key } : {}) }
      const response = await fetch(`${server.url}/events`, {
        method: 'POST',
        body: JSON.stringify(events),
        headers,
      })
      return { status: response.status, body: (await response.json()) as Record<string, number> }
    }
    const { body } = await getJson(server, '/recommendations/u1')
    const { recommendationId } = body as unknown as { recommendationId: string }
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => post({ ...click, id: `e${i}`, recommendationId })),
    )
    expect(answers.every((answer) => answer.status === 202 && answer.body.accepted === 1)).toBe(true)
    const journal = new EventJournal(dataDir)
    expect(journal.after(0, 1000)).toHaveLength(50)
    journal.close()
    expect((await post([click, click], 'key')).body).toEqual({ accepted: 2, duplicates: 0 })
    expect((await post([click, click], 'key')).body).toEqual({ accepted: 0, duplicates: 2 })
    const others = [[click, { ...click, itemId: 'i2' }], [click, click, click], { ...click, weight: 9 }]
    for (const events of others) {
      expect(await post(events, 'key')).toMatchObject({
        status: 422,
        body: { error: { code: 'RECSYS_EVENT_KEY_REUSED', field: 'Idempotency-Key' } },
      })
    }
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    expect(metrics).toContain('recsys_events_total{type="click",model_version="1"} 50')
    expect(metrics).toContain('recsys_events_total{type="click",model_version=""} 2')
    await server.stop()
    const reader = new EventReader(dataDir)
    expect(reader.feedbackOn(1)).toEqual({
      recommendations: 1,
      events: { view: 0, click: 50, rating: 0, purchase: 0 },
      clickThrough: 50,
    })
    reader.close()
    expect(await flushEvents(dataDir)).toMatchObject({ version: 0, events: 0 })
  })
})
