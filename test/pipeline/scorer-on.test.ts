import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type DatasetColumns, datasetFrom } from '../../src/dataset/dataset.ts'
import type { FactorRanking } from '../../src/dataset/ranking.ts'
import type { Dataset, Masks } from '../../src/dataset/types.ts'
import type { Compute } from '../../src/kernels/compute.ts'
import { normalAt } from '../../src/kernels/random.ts'
import { score } from '../../src/metrics/score.ts'
import { restoreModel } from '../../src/models/algorithms.ts'
import type { Model } from '../../src/models/types.ts'
import { scorerOn } from '../../src/pipeline/holdout.ts'
import { startCompute } from '../../src/workers/pool.ts'

let compute: Compute
beforeAll(async () => {
  compute = await startCompute({ nThreads: 1 })
})
afterAll(() => compute.release())

/** u0 to u3 rated all of i0 to i5: rows by user and item. */
const [nUsers, nItems] = [4, 6]
const columns: DatasetColumns = {
  lakeVersion: 0,
  userIds: Array.from({ length: nUsers }, (_, user) => `u${user}`),
  itemIds: Array.from({ length: nItems }, (_, item) => `i${item}`),
  userIndex: Int32Array.from({ length: nUsers * nItems }, (_, row) => Math.floor(row / nItems)),
  itemIndex: Int32Array.from({ length: nUsers * nItems }, (_, row) => row % nItems),
  rating: Float32Array.from({ length: nUsers * nItems }, (_, row) => 1 + ((row * 7) % 5)),
  timestamp: new Float64Array(nUsers * nItems),
}
const dataset: Dataset = datasetFrom(columns)

/**
 * Of every user's six items two are held out, two learnt from and two take no part: four compete for lists of two, so
 * that the order decides what is measured.
 */
const isTest = Uint8Array.from(columns.userIndex, (user, row) => ((row + user) % 3 === 0 ? 1 : 0))
const isTrain = Uint8Array.from(columns.userIndex, (user, row) => ((row + user) % 3 === 1 ? 1 : 0))
const fold: Masks = { isTest, isTrain }

interface Ids {
  readonly userIds: readonly string[]
  readonly itemIds: readonly string[]
}

/** What a factor of an id is depends on the id alone, so that the same id in another place means the same. */
function svdOver({ userIds, itemIds }: Ids): Model {
  const numberOf = (id: string) => Number(id.slice(1))
  const factorsOf = (ids: readonly string[], seed: number) =>
    Float32Array.from(ids.flatMap((id) => [0, 1].map((f) => normalAt(seed, 2 * numberOf(id) + f))))
  const biasesOf = (ids: readonly string[], seed: number) =>
    Float32Array.from(ids, (id) => normalAt(seed, numberOf(id)))
  return restoreModel({
    algorithm: 'svd',
    params: { factors: 2, epochs: 1, reg: 0.1 },
    nUsers: userIds.length,
    nItems: itemIds.length,
    ratingRange: [1, 5],
    tensors: {
      userFactors: { axis: 'user', width: 2, data: factorsOf(userIds, 1) },
      itemFactors: { axis: 'item', width: 2, data: factorsOf(itemIds, 2) },
      userBias: { axis: 'user', width: 1, data: biasesOf(userIds, 3) },
      itemBias: { axis: 'item', width: 1, data: biasesOf(itemIds, 4) },
      mean: { axis: 'model', width: 1, data: Float32Array.of(3) },
    },
  })
}

const question = { dataset, fold, ks: [2] }
const scoreOver = (ids: Ids) => score(compute, question, scorerOn(dataset, svdOver(ids), ids))

test('the order in which a model keeps its ids does not change what it measures', async () => {
  const expected = await score(compute, question, svdOver(idsOf(dataset)))
  const shuffled = (ids: readonly string[]) => fc.shuffledSubarray([...ids], { minLength: ids.length })
  await fc.assert(
    fc.asyncProperty(shuffled(columns.userIds), shuffled(columns.itemIds), async (userIds, itemIds) => {
      expect(await scoreOver({ userIds, itemIds })).toEqual(expected)
    }),
    { numRuns: 30 },
  )
})

function idsOf({ users, items }: Dataset): Ids {
  return { userIds: users.ids, itemIds: items.ids }
}

test('ids that only the model knows do not change what it measures', async () => {
  const more = { userIds: ['u9', ...columns.userIds], itemIds: ['i8', ...columns.itemIds, 'i9'] }
  expect(await scoreOver(more)).toEqual(await scoreOver(idsOf(dataset)))
})

test('an item that a user has a training row for is not recommended again', async () => {
  const restIsHeldOut = { ...fold, isTest: isTrain.map((held) => 1 - held) }
  const metrics = await score(compute, { dataset, fold: restIsHeldOut, ks: [4] }, svdOver(idsOf(dataset)))
  expect(metrics).toMatchObject({ 'recall@4': 1, 'precision@4': 1, 'ndcg@4': 1 })
})

test('an item that the model does not know comes after all it knows, and is missed where it is held out', async () => {
  const everything = { ...fold, isTest: new Uint8Array(24).fill(1), isTrain: new Uint8Array(24) }
  const known = { userIds: columns.userIds, itemIds: ['i1', 'i4'] }
  const scorer = scorerOn(dataset, svdOver(known), known)
  const metrics = await score(compute, { dataset, fold: everything, ks: [2] }, scorer)
  // Each list is i1 and i4 in some order: two hits of the six items held out for everybody.
  expect(metrics).toMatchObject({ 'recall@2': 2 / 6, 'precision@2': 1, 'coverage@2': 2 / 6 })
})

test('where a list has to hold unknown items, catalogue order does not choose them', async () => {
  const none = { userIds: columns.userIds, itemIds: ['i9'] }
  const { itemRows, userRows, width } = scorerOn(dataset, svdOver(none), none).ranking() as FactorRanking
  const scores = Array.from({ length: nItems }, (_, item) => dotRows(userRows, 0, itemRows, item, width))
  expect(new Set(scores).size).toBe(1)
  expect(Number.isFinite(scores[0])).toBe(true)
})

test('an unknown user is ranked and rated as the average one', () => {
  const known = { userIds: ['u0', 'u2'], itemIds: columns.itemIds }
  const model = svdOver(known)
  const scorer = scorerOn(dataset, model, known)
  const { itemRows, userRows, width } = scorer.ranking() as FactorRanking
  const expected = new Float32Array(nItems)
  model.scoreUser(-1, [], expected)
  for (let item = 0; item < nItems; item++) {
    expect(dotRows(userRows, 1, itemRows, item, width)).toBeCloseTo(expected[item], 5)
    expect(scorer.predict(1, item)).toBe(model.predict(-1, item))
    expect(scorer.predict(2, item)).toBe(model.predict(1, item))
  }
})

function dotRows(a: Float32Array, row: number, b: Float32Array, other: number, width: number): number {
  let sum = 0
  for (let f = 0; f < width; f++) sum += a[row * width + f] * b[other * width + f]
  return sum
}
