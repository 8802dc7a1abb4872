import { describe, expect, test } from 'vitest'
import { fixtureApp } from './fixture-app.ts'
import { touchedItems } from './fixture-model.ts'

interface Answer {
  readonly items: readonly {
    readonly itemId: string
    readonly score: number
    readonly source: string
    readonly reasons?: readonly { readonly itemId: string; readonly weight: number }[]
  }[]
}

async function served() {
  const { app } = await fixtureApp()
  const get = async (url: string) => (await app.inject(url)).json()
  const ids = async (url: string) => ((await get(url)) as Answer).items.map(({ itemId }) => itemId)
  const post = async (url: string, payload: object) => {
    const response = await app.inject({ method: 'POST', url, payload })
    return { status: response.statusCode, body: response.json() }
  }
  return { app, get, ids, post }
}

describe('paging', () => {
  test.each(['u3', 'stranger'])('gives %s every item once, in the order of one long page', async (userId) => {
    const { ids } = await served()
    const pages = await Promise.all(
      [0, 7, 14, 21, 28].map((offset) => ids(`/recommendations/${userId}?k=7&offset=${offset}`)),
    )
    expect(pages.flat()).toEqual(await ids(`/recommendations/${userId}?k=35`))
    expect(await ids(`/recommendations/${userId}?k=5&offset=900`)).toEqual([])
  })

  test('holds with diversity too', async () => {
    const { ids } = await served()
    const pages = await Promise.all(
      [0, 10, 20].map((offset) => ids(`/recommendations/u3?k=10&offset=${offset}&diversity=0.6`)),
    )
    expect(pages.flat()).toEqual(await ids('/recommendations/u3?k=30&diversity=0.6'))
    expect(new Set(pages.flat()).size).toBe(30)
  })

  test('is refused deeper than a ranking goes', async () => {
    const { get } = await served()
    const { error } = await get('/recommendations/u3?k=200&offset=900')
    expect(error).toMatchObject({ code: 'RECSYS_HTTP_INVALID', field: 'offset' })
  })
})

describe('filters', () => {
  test('an expression leaves the items for which it is true, k of them whenever there are k', async () => {
    const { ids, post, get } = await served()
    const where = encodeURIComponent('category = "even" and (interactions < 300 or itemId in ("i0", "i2"))')
    const all = await ids(`/recommendations/u5?k=100&excludeSeen=false&where=${where}`)
    const expected = Array.from({ length: 60 }, (_, i) => i).filter((i) => i % 2 === 0 && (i > 30 || i < 4))
    expect(all.toSorted()).toEqual(expected.map((i) => `i${i}`).toSorted())
    expect(await ids(`/recommendations/u5?k=5&excludeSeen=false&where=${where}`)).toEqual(all.slice(0, 5))
    expect(await ids(`/recommendations/u5?k=100&excludeSeen=false&where=${where}&exclude=i2`)).not.toContain(
      'i2',
    )
    const strangers = (await get(`/recommendations/stranger?k=3&where=${where}`)) as Answer
    expect(strangers.items.map(({ itemId }) => itemId)).toEqual(['i0', 'i2', 'i32'])
    const { body } = await post('/recommendations', { userId: 'u5', k: 2, where: 'interactions <= 20' })
    expect(body.items).toHaveLength(2)
  })

  test('an expression that is none, or asks for a field that there is not, is refused', async () => {
    const { get, post } = await served()
    const { error } = (await get(`/recommendations/u5?where=${encodeURIComponent('price <')}`)) as {
      error: object
    }
    expect(error).toMatchObject({ code: 'RECSYS_HTTP_INVALID', field: 'where' })
    const { status, body } = await post('/recommendations', { userId: 'u5', where: 'price < 3' })
    expect(status).toBe(400)
    expect(body.error.message).toBe(
      'where asks for "price", expected one of the fields category, interactions, itemId',
    )
  })

  test('an allow list leaves only its own items, and other filters still count', async () => {
    const { ids, post } = await served()
    const seen = touchedItems(0, 60).map((index) => `i${index}`)
    expect(seen).toContain('i3')
    const allowed = await ids('/recommendations/u0?allow=i3,i40,i41,nothing')
    expect(allowed.toSorted()).toEqual(['i40', 'i41'])
    const even = await ids('/recommendations/u0?allow=i40,i41&category=even')
    expect(even).toEqual(['i40'])
    const { body } = await post('/recommendations', { userId: 'u0', allow: [] })
    expect(body.items).toEqual([])
  })

  test('a minimum score cuts the ranking where scores fall below it', async () => {
    const { get } = await served()
    const { items } = (await get('/recommendations/u3?k=50')) as Answer
    const minimum = items[4].score
    const cut = (await get(`/recommendations/u3?k=50&minScore=${minimum - 1e-4}`)) as Answer
    expect(cut.items).toEqual(items.filter(({ score }) => score >= minimum - 1e-4))
  })
})

describe('diversity', () => {
  test('keeps the best item first, changes the order behind it, and 0 changes nothing', async () => {
    const { ids } = await served()
    const plain = await ids('/recommendations/u3?k=10')
    expect(await ids('/recommendations/u3?k=10&diversity=0')).toEqual(plain)
    const diverse = await ids('/recommendations/u3?k=10&diversity=0.9')
    expect(diverse[0]).toBe(plain[0])
    expect(diverse).not.toEqual(plain)
  })
})

describe('explain', () => {
  test('names items of the history with their weights, largest first', async () => {
    const { app, post } = await served()
    const history = [{ itemId: 'i1', rating: 5 }, { itemId: 'i2', rating: 1 }, { itemId: 'i9' }]
    const { body } = await post('/recommendations', { history, explain: true, k: 20 })
    const reasons = (body as Answer).items.map((item) => item.reasons ?? [])
    expect(reasons.some((some) => some.length > 0)).toBe(true)
    for (const some of reasons) {
      const weights = some.map(({ weight }) => weight)
      expect(weights).toEqual(weights.toSorted((a, b) => b - a))
      expect(some.every(({ itemId, weight }) => ['i1', 'i2', 'i9'].includes(itemId) && weight > 0)).toBe(true)
    }
    const stranger = (await app.inject('/recommendations/stranger?explain=true')).json() as Answer
    expect(stranger.items.every(({ reasons: none }) => none?.length === 0)).toBe(true)
  })

  test('is left out when nobody asks', async () => {
    const { get } = await served()
    expect(((await get('/recommendations/u3')) as Answer).items[0]).not.toHaveProperty('reasons')
  })
})

describe('POST /batch/recommendations', () => {
  test('answers each user as alone, in the order of the request', async () => {
    const { get, post } = await served()
    const userIds = ['u9', 'stranger', 'u1', 'u1', ...Array.from({ length: 20 }, (_, i) => `u${i}`)]
    const { status, body } = await post('/batch/recommendations', { userIds, k: 4, diversity: 0.3 })
    expect(status).toBe(200)
    const alone = await Promise.all(
      userIds.map((userId) => get(`/recommendations/${userId}?k=4&diversity=0.3`)),
    )
    const withoutIds = (answers: object[]) => answers.map((each) => ({ ...each, recommendationId: '' }))
    expect(withoutIds(body.results)).toEqual(withoutIds(alone))
  })

  test.each([[{ userIds: [] }], [{ userIds: Array(101).fill('u1') }], [{ userIds: ['u1'], k: 101 }], [{}]])(
    'refuses %j',
    async (payload) => {
      const { post } = await served()
      const { status, body } = await post('/batch/recommendations', payload)
      expect(status).toBe(400)
      expect(body.error.code).toBe('RECSYS_HTTP_INVALID')
    },
  )
})

describe('users and items', () => {
  test('a history comes most popular first and page by page', async () => {
    const { get } = await served()
    const touched = touchedItems(2, 60).map((index) => `i${index}`)
    const whole = await get('/users/u2/history')
    expect(whole).toMatchObject({ userId: 'u2', total: touched.length, model: { version: 1 } })
    expect(whole.items.map(({ itemId }: { itemId: string }) => itemId)).toEqual(touched)
    const page = await get('/users/u2/history?k=3&offset=2')
    expect(page.items).toEqual(whole.items.slice(2, 5))
  })

  test('similar users leave the user out and come nearest first', async () => {
    const { get } = await served()
    const { users } = await get('/users/u2/similar?k=5')
    expect(users).toHaveLength(5)
    const near = users.map(({ similarity }: { similarity: number }) => similarity)
    expect(near).toEqual(near.toSorted((a: number, b: number) => b - a))
    expect(users.map(({ userId }: { userId: string }) => userId)).not.toContain('u2')
    expect(Math.max(...near)).toBeLessThanOrEqual(1.000001)
  })

  test('an item tells its title, categories and interactions', async () => {
    const { get } = await served()
    expect((await get('/items/i5')).item).toEqual({
      attributes: {},
      itemId: 'i5',
      title: 'Title "i5"',
      categories: ['odd', 'Sci-Fi, Fantasy'],
      interactions: 550,
    })
  })

  test.each(['/users/nobody/history', '/users/nobody/similar', '/items/nothing'])(
    '%s is not found, with a remedy',
    async (url) => {
      const { app } = await served()
      const response = await app.inject(url)
      expect(response.statusCode).toBe(404)
      expect(response.json().error.remedy).toMatch(/^Take /)
    },
  )
})
