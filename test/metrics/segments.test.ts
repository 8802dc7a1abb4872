import { afterAll, beforeAll, expect, test } from 'vitest'
import { oneOrder } from '../../src/dataset/ranking.ts'
import { makeFolds } from '../../src/dataset/split.ts'
import type { Compute } from '../../src/kernels/compute.ts'
import { itemSegments } from '../../src/metrics/item-segments.ts'
import { evaluateScorer } from '../../src/metrics/score.ts'
import { type SegmentMetrics, segmentMetrics } from '../../src/metrics/segments.ts'
import type { RankingQuestion, Scorer } from '../../src/metrics/types.ts'
import { userSegments } from '../../src/metrics/user-segments.ts'
import { startCompute } from '../../src/workers/pool.ts'
import { datasetOf, type Entry, randomEntries } from '../dataset/sample-dataset.ts'

let compute: Compute
beforeAll(async () => {
  compute = await startCompute({ nThreads: 2 })
})
afterAll(() => compute.release())

/** Items of very different popularity. */
const entries = randomEntries(90, 40, 0.6).filter(([, item], n) => n % 40 < 40 - Number(item.slice(1)))
const dataset = datasetOf(entries)
const [fold] = makeFolds(dataset, { kind: 'random', fraction: 0.3 }, 3)
const categories = dataset.items.ids.map((_, item) => (item % 2 === 0 ? ['even', 'all'] : ['all']))
const question: RankingQuestion = { dataset, fold, ks: [5], categories }
const scorer: Scorer = {
  predict: (user, item) => 1 + ((user + item) % 5),
  ranking: () =>
    oneOrder(
      dataset.users.size,
      Float32Array.from(dataset.items.ids, (_, item) => (item * 7) % 11),
    ),
}

async function segmentsOf(of = question): Promise<Map<string, SegmentMetrics>> {
  const segments = segmentMetrics(of, await evaluateScorer(compute, of, scorer), scorer)
  return new Map(segments.map((segment) => [segment.name, segment]))
}

test('quartiles of activity part the users, and their metrics average to the whole', async () => {
  const { metrics, perUser } = await evaluateScorer(compute, question, scorer)
  const segments = await segmentsOf()
  const quartiles = [1, 2, 3, 4].map((n) => segments.get(`activity ${n} of 4`)!)
  const nUsers = quartiles.reduce((sum, one) => sum + one.nUsers, 0)
  expect(nUsers).toBe(perUser.users.length)
  const mean = quartiles.reduce((sum, one) => sum + one.nUsers * one.metrics['ndcg@5'], 0) / nUsers
  expect(mean).toBeCloseTo(metrics['ndcg@5'], 12)
  const nRows = quartiles.reduce((sum, one) => sum + one.nHeldOutRows, 0)
  const squares = quartiles.reduce((sum, one) => sum + one.nHeldOutRows * one.metrics.rmse ** 2, 0)
  expect(Math.sqrt(squares / nRows)).toBeCloseTo(metrics.rmse, 12)
})

test('the first quartile has the fewest training rows', () => {
  const [first, , , last] = userSegments(question)
  const nTrain = (place: number) => {
    const user = Int32Array.from(new Set(heldOutUsers())).sort()[place]
    return fold.isTrain.reduce(
      (sum, one, row) => sum + (dataset.interactions.userIndex[row] === user ? one : 0),
      0,
    )
  }
  const most = Math.max(...Array.from(first.places, nTrain))
  expect(Math.min(...Array.from(last.places, nTrain))).toBeGreaterThanOrEqual(most)
})

function heldOutUsers(): number[] {
  return Array.from(dataset.interactions.userIndex).filter((_, row) => fold.isTest[row] === 1)
}

test('head, middle and tail part the catalogue into thirds of the training rows', () => {
  const [head, mid, tail] = itemSegments(question)
  const rowsOf = ({ has }: typeof head) =>
    fold.isTrain.reduce((sum, one, row) => sum + one * has[dataset.interactions.itemIndex[row]], 0)
  const total = fold.isTrain.reduce((sum, one) => sum + one, 0)
  for (const part of [head, mid, tail]) expect(Math.abs(rowsOf(part) / total - 1 / 3)).toBeLessThan(0.08)
  for (const item of head.has.keys()) expect(head.has[item] + mid.has[item] + tail.has[item]).toBe(1)
  const size = ({ has }: typeof head) => has.reduce((sum, one) => sum + one, 0)
  expect(size(head)).toBeLessThan(size(tail))
})

test('a category that every item has is the whole', async () => {
  const { metrics } = await evaluateScorer(compute, question, scorer)
  const all = (await segmentsOf()).get('category all')!
  expect(all.metrics['recall@5']).toBeCloseTo(metrics['recall@5'], 12)
  expect(all.metrics.rmse).toBeCloseTo(metrics.rmse, 12)
})

test('cold users and items are apart from warm ones', async () => {
  const cold: Entry[] = [...entries, ['zoe', 'i0', 5], ['ann', 'new', 4]]
  const grown = datasetOf(cold)
  const isTest = Uint8Array.from(grown.interactions.userIndex, (user, row) =>
    grown.users.ids[user] === 'zoe' ||
    grown.items.ids[grown.interactions.itemIndex[row]] === 'new' ||
    row % 5 === 0
      ? 1
      : 0,
  )
  const own = {
    dataset: grown,
    fold: { isTest, isTrain: isTest.map((one) => 1 - one), fingerprint: '' },
    ks: [5],
  }
  const anyScorer: Scorer = {
    predict: () => 3,
    ranking: () => oneOrder(grown.users.size, new Float32Array(grown.items.size)),
  }
  const segments = segmentMetrics(own, await evaluateScorer(compute, own, anyScorer), anyScorer)
  const nUsers = (name: string) => segments.find((segment) => segment.name === name)?.nUsers
  // ann has nothing but the new item.
  expect(nUsers('cold users')).toBe(2)
  expect(nUsers('cold items')).toBe(1)
  expect(nUsers('warm users')).toBeGreaterThan(50)
})
