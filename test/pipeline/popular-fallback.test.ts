import { expect, test } from 'vitest'
import { openLake } from '../../src/lake/lake.ts'
import { initTables } from '../../src/pipeline/init-tables.ts'
import { popularFallback } from '../../src/pipeline/popular-fallback.ts'
import { plainQuery, ServedModel } from '../../src/serving/ranking/served-model.ts'
import { shareAndTry } from '../../src/serving/threads/load-artifact.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'

const identity = {
  name: 'recommender',
  version: null,
  runId: null,
  algorithm: 'popular',
  source: 'popular',
} as const

test('a lake without a model gives its popular items, unseen ones first asked for', async () => {
  const dataDir = temporaryDirectory()
  await initTables({ dataDir, mode: 'create', users: 60, items: 40, interactions: 600, seed: 1 })
  const content = await popularFallback(dataDir)
  const lake = await openLake(dataDir)
  const { userIds, itemIds, userIndex, itemIndex, timestamp } = await lake.readInteractions()
  const items = await lake.readItems()
  lake.close()

  expect(content.manifest).toMatchObject({ algorithm: 'popular', nUsers: 60, nItems: itemIds.length })
  const counts = itemIds.map((_, item) => itemIndex.filter((other) => other === item).length)
  expect([...content.itemInteractions]).toEqual(counts)
  const newest = Math.max(...timestamp)
  const trend = itemIds.map((_, item) =>
    timestamp.reduce((sum, time, row) => {
      return itemIndex[row] === item ? sum + 0.5 ** ((newest - time) / (30 * 86_400)) : sum
    }, 0),
  )
  content.itemTrend!.forEach((value, item) => {
    expect(value).toBeCloseTo(trend[item]!, 4)
  })
  const attributes = new Map(items.map((item) => [item.itemId, item.attributes]))
  expect(content.itemAttributes).toEqual(itemIds.map((itemId) => attributes.get(itemId)))

  const titles = new Map(items.map((item) => [item.itemId, item.title]))
  expect(content.itemTitles).toEqual(itemIds.map((itemId) => titles.get(itemId)))

  const model = new ServedModel(shareAndTry(content, identity, 1, 0).model, 1)
  const { best, source } = model.rankForUser(userIds[0], {
    ...plainQuery,
    k: 1000,
  })
  const seen = itemIndex.filter((_, row) => userIndex[row] === 0)
  const ranked = [...best.indices.subarray(0, best.count)]
  expect(source).toBe('popular')
  expect(new Set([...ranked, ...seen]).size).toBe(itemIds.length)
  expect(ranked.map((item) => counts[item])).toEqual(ranked.map((item) => counts[item]).sort((a, b) => b - a))
})

test('no lake is said to be missing', async () => {
  await expect(popularFallback(temporaryDirectory())).rejects.toMatchObject({ code: 'RECSYS_LAKE_MISSING' })
})
