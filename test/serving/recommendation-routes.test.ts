import type { InjectOptions } from 'fastify'
import { describe, expect, test } from 'vitest'
import { ModelSlot } from '../../src/serving/ranking/model-slot.ts'
import { ServedModel } from '../../src/serving/ranking/served-model.ts'
import { shareModel } from '../../src/serving/shared/shared-model.ts'
import { type FixtureApp, fixtureApp } from './fixture-app.ts'
import { fixtureContent, fixtureIdentity, touchedItems } from './fixture-model.ts'

async function get(url: string, { app }: Pick<FixtureApp, 'app'>) {
  const response = await app.inject(url)
  return { status: response.statusCode, headers: response.headers, body: response.json() }
}

function itemIds(body: { items: { itemId: string }[] }): string[] {
  return body.items.map((item) => item.itemId)
}

describe('GET /recommendations/{userId}', () => {
  test('names the model, and of each item id, title, categories, score and source', async () => {
    const { status, body, headers } = await get('/recommendations/u1?k=3', await fixtureApp())
    expect(status).toBe(200)
    expect(headers['content-type']).toBe('application/json; charset=utf-8')
    expect(body).toMatchObject({
      userId: 'u1',
      known: true,
      model: { name: 'recommender', version: 1, runId: 'run1' },
    })
    expect(body.items).toHaveLength(3)
    for (const item of body.items) {
      expect(item).toEqual({
        itemId: expect.any(String),
        title: item.title === null ? null : expect.any(String),
        categories: expect.any(Array),
        score: expect.any(Number),
        source: 'model',
      })
    }
    const scores = body.items.map((item: { score: number }) => item.score)
    expect(scores).toEqual([...scores].sort((a, b) => b - a))
  })

  test('gives ten unseen items when asked for nothing else', async () => {
    const { body } = await get('/recommendations/u2', await fixtureApp())
    const seen = touchedItems(2, 60).map((index) => `i${index}`)
    expect(body.items).toHaveLength(10)
    expect(itemIds(body).filter((itemId) => seen.includes(itemId))).toEqual([])
  })

  test('gives somebody unknown popular items, marked', async () => {
    const { status, body } = await get('/recommendations/stranger?k=2', await fixtureApp())
    expect(status).toBe(200)
    expect(body).toMatchObject({ userId: 'stranger', known: false })
    expect(body.items.map(({ itemId, source, score }: never) => ({ itemId, source, score }))).toEqual([
      { itemId: 'i0', source: 'popular', score: 600 },
      { itemId: 'i1', source: 'popular', score: 590 },
    ])
  })

  test('takes lists repeated, comma separated, and whole names with a comma in them', async () => {
    const served = await fixtureApp()
    const base = '/recommendations/stranger?k=4&'
    const repeated = await get(`${base}exclude=i0&exclude=i1`, served)
    expect(itemIds(repeated.body)).toEqual(['i2', 'i3', 'i4', 'i5'])
    const separated = await get(`${base}exclude=i0,i1`, served)
    expect(itemIds(separated.body)).toEqual(itemIds(repeated.body))
    const named = await get(`${base}category=Sci-Fi,%20Fantasy`, served)
    expect(itemIds(named.body)).toEqual(['i0', 'i5', 'i10', 'i15'])
    const either = await get(`${base}category=odd,Western`, served)
    expect(itemIds(either.body)).toEqual(['i1', 'i3', 'i5', 'i7'])
    expect(either.body.unknownCategories).toEqual(['Western'])
  })

  test('gives what there is when k is more than the catalogue', async () => {
    const { body } = await get('/recommendations/u0?k=1000&excludeSeen=false', await fixtureApp())
    expect(new Set(itemIds(body)).size).toBe(60)
  })

  test.each(['__proto__', 'constructor', 'a/b', 'ünïcode 日本', '%', 'null', '\u0000'])(
    'takes %j for a user id like any other',
    async (userId) => {
      const served = await fixtureApp({ userIds: [userId, 'u1'] })
      const { status, body } = await get(`/recommendations/${encodeURIComponent(userId)}`, served)
      expect(status).toBe(200)
      expect(body).toMatchObject({ userId, known: true })
    },
  )

  test('HEAD has the headers of GET and no body', async () => {
    const { app } = await fixtureApp()
    const response = await app.inject({ method: 'HEAD', url: '/recommendations/u1' })
    expect(response.statusCode).toBe(200)
    expect(response.body).toBe('')
    expect(Number(response.headers['content-length'])).toBeGreaterThan(100)
  })

  test('answers from the model that was there when the request came, and the next from the new one', async () => {
    const served = await fixtureApp()
    const before = await get('/recommendations/u1', served)
    served.slot.swap(new ServedModel(shareModel(fixtureContent({ offset: 100 }), fixtureIdentity(2), 1), 1))
    const after = await get('/recommendations/u1', served)
    expect(before.body.model.version).toBe(1)
    expect(after.body.model).toEqual({ name: 'recommender', version: 2, runId: 'run2' })
    expect(after.body.items[0].score).toBeGreaterThan(90)
  })
})

describe('POST /recommendations', () => {
  const post = (payload: InjectOptions['payload'] & object, { app }: FixtureApp) =>
    app.inject({ method: 'POST', url: '/recommendations', payload })

  test('does for a user what GET does', async () => {
    const served = await fixtureApp()
    const posted = await post({ userId: 'u7', k: 5, categories: ['odd'], exclude: ['i9'] }, served)
    const got = await get('/recommendations/u7?k=5&category=odd&exclude=i9', served)
    expect(posted.json()).toEqual({ ...got.body, recommendationId: expect.any(String) })
  })

  test('ranks for a history, left out of the answer unless asked for', async () => {
    const served = await fixtureApp()
    const history = [{ itemId: 'i1', rating: 5 }, { itemId: 'i2' }]
    const { statusCode, body } = await post({ history, k: 60 }, served)
    expect(statusCode).toBe(200)
    const answer = JSON.parse(body)
    expect(answer).toMatchObject({ userId: null, known: true })
    expect(itemIds(answer)).toHaveLength(58)
    const all = await post({ history, k: 60, excludeSeen: false }, served)
    expect(itemIds(all.json())).toHaveLength(60)
  })

  test('names the items of the history that it does not know', async () => {
    const { body } = await post({ history: [{ itemId: 'ghost' }] }, await fixtureApp())
    expect(JSON.parse(body)).toMatchObject({ known: false, unknownItems: ['ghost'] })
  })

  test.each([
    [{}, 'userId', 'one of them is needed'],
    [{ userId: 'u1', history: [{ itemId: 'i1' }] }, 'userId', 'exclude each other'],
    [{ history: [] }, 'history', '1 to 1000 entries'],
    [{ history: [{ rating: 3 }] }, 'history/0/itemId', 'is missing'],
    [
      { history: [{ itemId: 'i1' }, { itemId: 'i2', rating: 9 }] },
      'history/1/rating',
      'a number from 1 to 5',
    ],
    [{ history: [{ itemId: 'i1', rating: 'good' }] }, 'history/0/rating', 'a number'],
    [{ userId: 'u1', k: 0 }, 'k', 'an integer from 1 to 1000'],
    [{ userId: 'u1', exlcude: ['i1'] }, 'exlcude', 'not a field'],
    [{ userId: '' }, 'userId', '1 to 256 characters'],
    [{ userId: 'u1', categories: Array(51).fill('a') }, 'categories', '0 to 50 entries'],
    [[1, 2], 'body', 'an object'],
  ])('refuses %j', async (payload, field, expected) => {
    const response = await post(payload, await fixtureApp())
    const { error } = response.json()
    expect(response.statusCode).toBe(400)
    expect(error).toMatchObject({ code: 'RECSYS_HTTP_INVALID', field })
    expect(error.message).toContain(expected)
  })
})

describe('GET /items/{itemId}/similar', () => {
  test('gives neighbours without the item itself', async () => {
    const { status, body } = await get('/items/i7/similar?k=5', await fixtureApp())
    expect(status).toBe(200)
    expect(body).toMatchObject({ itemId: 'i7', model: { version: 1 } })
    expect(body.items).toHaveLength(5)
    expect(itemIds(body)).not.toContain('i7')
  })

  test('is 404 for an item that the model does not have', async () => {
    const { status, body } = await get('/items/ghost/similar', await fixtureApp())
    expect(status).toBe(404)
    expect(body.error).toMatchObject({ code: 'RECSYS_ITEM_UNKNOWN', field: 'itemId' })
  })
})

describe('without a model', () => {
  test.each(['/recommendations/u1', '/items/i1/similar'])(
    '%s is 503 and says when to come back',
    async (url) => {
      const { status, headers, body } = await get(url, await fixtureApp({}, { slot: new ModelSlot() }))
      expect(status).toBe(503)
      expect(headers['retry-after']).toBe('2')
      expect(body.error.code).toBe('RECSYS_NOT_READY')
    },
  )

  test('a bad request is still a bad request', async () => {
    const { status } = await get('/recommendations/u1?k=0', await fixtureApp({}, { slot: new ModelSlot() }))
    expect(status).toBe(400)
  })
})
