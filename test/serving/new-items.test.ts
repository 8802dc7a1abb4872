import { describe, expect, test, vi } from 'vitest'
import { AudienceFold } from '../../src/serving/ranking/audience-fold.ts'
import { plainQuery, ServedModel } from '../../src/serving/ranking/served-model.ts'
import type { NewItems } from '../../src/serving/shared/new-items.ts'
import { shareModel } from '../../src/serving/shared/shared-model.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'
import { fixtureContent, fixtureIdentity } from './fixture-model.ts'
import { startServer } from './fixture-server.ts'
import { publish } from './registered.ts'

/** Users with even indices like even items, users with odd ones odd items; all of it in two of the factors. */
function twoTastes() {
  const [nUsers, nItems, width] = [200, 60, 8]
  const content = fixtureContent({ nUsers, nItems, width })
  const factors = (n: number) => {
    const rows = new Float32Array(n * width)
    for (let i = 0; i < n; i++) rows[i * width + (i % 2)] = 1 + (i % 7) / 10
    return rows
  }
  const histories = Array.from({ length: nUsers }, (_, user) => [user % 2, 2 + (user % 2), 10 + (user % 2)])
  const zeros = (n: number) => new Float32Array(n)
  return shareModel(
    {
      ...content,
      tensors: {
        ...content.tensors,
        userFactors: { axis: 'user', width, data: factors(nUsers) },
        itemFactors: { axis: 'item', width, data: factors(nItems) },
        userBias: { axis: 'user', width: 1, data: zeros(nUsers) },
        itemBias: { axis: 'item', width: 1, data: zeros(nItems) },
      },
      historyStarts: Int32Array.from({ length: nUsers + 1 }, (_, user) => 3 * user),
      historyItems: Int32Array.from(histories.flat()),
    },
    fixtureIdentity(),
    1,
  )
}

/** Of even users: the item `new`, folded in from twenty of them. */
function newOfEvenUsers(shared: ReturnType<typeof twoTastes>): NewItems {
  const users = Array.from({ length: 20 }, (_, i) => 2 * i)
  const rows = new AudienceFold(shared).fold(new Map(users.map((user) => [user, 1])))
  return { key: shared.key, ids: ['new'], rows, starts: Int32Array.of(0, 20), users: Int32Array.from(users) }
}

describe('an item that came after the training', () => {
  const shared = twoTastes()
  const model = new ServedModel(shared, 1)
  model.useNewItems(newOfEvenUsers(shared))
  const ranked = (user: string, query: Partial<typeof plainQuery> = {}) => {
    const { best } = model.rankForUser(user, { ...plainQuery, k: 100, ...query })
    return Array.from(best.indices.subarray(0, best.count), (index) => model.itemId(index))
  }
  const placeFor = (user: string) => ranked(user).indexOf('new')
  const scoreFor = (user: string) => {
    const place = placeFor(user)
    return model.rankForUser(user, { ...plainQuery, k: 100 }).best.scores[place]!
  }

  test('scores high for those who are like its audience, and low for the others', () => {
    const [like, unlike] = [
      ['u100', 'u150', 'u198'],
      ['u101', 'u151', 'u199'],
    ].map((users) => users.map(scoreFor))
    expect(Math.min(...like!)).toBeGreaterThan(1.3 * Math.max(...unlike!))
  })

  test('is not shown to who has touched it, unless they ask for what they have seen', () => {
    expect(placeFor('u2')).toBe(-1)
    expect(ranked('u2', { excludeSeen: false })).toContain('new')
  })

  test('obeys the filters', () => {
    expect(ranked('u100', { exclude: ['new'] })).not.toContain('new')
    expect(ranked('u100', { allow: ['new', 'i4'] }).toSorted()).toEqual(['i4', 'new'])
    expect(ranked('u100', { categories: ['even'] })).not.toContain('new')
    expect(ranked('u100', { minScore: 1e6 })).toEqual([])
    expect(ranked('u100', { diversity: 0.5 })).toContain('new')
  })

  test('takes its place in a page of any length', () => {
    const all = ranked('u100')
    for (const k of [1, 5, 20, 31]) expect(ranked('u100', { k })).toEqual(all.slice(0, k))
    expect([...ranked('u100', { k: 20 }), ...ranked('u100', { k: 20, offset: 20 })]).toEqual(all.slice(0, 40))
  })

  test('is nothing to another model', () => {
    const other = new ServedModel(shareModel(fixtureContent({ nUsers: 200 }), fixtureIdentity(2), 1), 1)
    other.useNewItems(newOfEvenUsers(shared))
    const { best } = other.rankForUser('u100', { ...plainQuery, k: 100 })
    expect(Math.max(...best.indices.subarray(0, best.count))).toBeLessThan(60)
  })
})

test('events about an item that the model does not have bring it into the recommendations, with no restart', async () => {
  const dataDir = temporaryDirectory()
  await publish(dataDir)
  const events = {
    flush: async () => ({ events: 0 }),
    flushIntervalMs: 60_000,
    flushEvents: 10_000,
    newItemsMs: 20,
  }
  const server = await startServer(dataDir, { events, cache: { maxBytes: 0, ttlMs: 1000 }, nThreads: 1 })
  const itemsFor = async (user: string) => {
    const response = await fetch(`${server.url}/recommendations/${user}?k=200&explain=true`)
    return ((await response.json()) as { items: { itemId: string; source: string; title: null }[] }).items
  }
  const send = (users: readonly string[]) =>
    fetch(`${server.url}/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(users.map((userId) => ({ userId, itemId: 'brand "new"', type: 'purchase' }))),
    })
  expect(await itemsFor('u30')).not.toContainEqual(expect.objectContaining({ itemId: 'brand "new"' }))
  expect((await send(['u0', 'u1', 'u2', 'u3', 'u4', 'u5', 'a stranger'])).status).toBe(202)
  const shown = expect.objectContaining({ itemId: 'brand "new"', source: 'events', title: null })
  await vi.waitFor(async () => expect(await itemsFor('u30')).toContainEqual(shown), { timeout: 10_000 })
  expect(await itemsFor('u3')).not.toContainEqual(shown)
  // A new version that still lacks it gets it too.
  await publish(dataDir)
  await vi.waitFor(
    async () => {
      expect(server.status().model?.version).toBe(2)
      expect(await itemsFor('u30')).toContainEqual(shown)
    },
    { timeout: 10_000 },
  )
})
