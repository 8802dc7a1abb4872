import { afterAll, expect, test } from 'vitest'
import { datasetFrom } from '../../src/dataset/dataset.ts'
import { oneOrder, type Ranking } from '../../src/dataset/ranking.ts'
import { comparePaired } from '../../src/metrics/paired/compare.ts'
import { pairedSample } from '../../src/metrics/paired/samples.ts'
import { evaluateScorer } from '../../src/metrics/score.ts'
import { startCompute } from '../../src/workers/pool.ts'

/**
 * Two users, four items. User a has w (training, liked), x (training, disliked), y (held out, liked); user b has w (training)
 * and z (held out, disliked), so that nothing relevant is held out of b.
 */
const dataset = datasetFrom({
  lakeVersion: 0,
  userIds: ['a', 'b'],
  itemIds: ['w', 'x', 'y', 'z'],
  userIndex: Int32Array.of(0, 0, 0, 1, 1),
  itemIndex: Int32Array.of(0, 1, 2, 0, 3),
  rating: Float32Array.of(Number.NaN, 1, Number.NaN, 4, 2),
  weight: Float32Array.of(1, 0, 1, 1, 0),
  count: new Int32Array(5).fill(1),
  timestamp: new Float64Array(5).fill(Number.NaN),
})
const fold = { isTrain: Uint8Array.of(1, 1, 0, 1, 0), isTest: Uint8Array.of(0, 0, 1, 0, 1) }
const compute = await startCompute({ nThreads: 1 })
afterAll(() => compute.release())

const evaluate = (ranking: Ranking) =>
  evaluateScorer(compute, { dataset, fold, ks: [1], auc: true }, { predict: () => 3, ranking: () => ranking })

test('users without a relevant held-out item take no part in means of lists', async () => {
  const { metrics, perUser } = await evaluate(oneOrder(2, Float32Array.of(0, 9, 5, 1)))
  expect(metrics).toMatchObject({ 'ndcg@1': 1, 'recall@1': 1, auc: 1 })
  expect(perUser.values['ndcg@1'][1]).toBeNaN()
})

test('a disliked item is left out of lists', async () => {
  const { lists } = await evaluate(oneOrder(2, Float32Array.of(0, 9, 5, 1)))
  expect([...lists.items]).toEqual([2, 1])
})

test('a disliked item is nothing that neighbours are recommended by', async () => {
  // x leads to z, w leads to y.
  const ranking: Ranking = {
    kind: 'neighbours',
    counts: Float32Array.of(1, 1, 0, 0),
    items: Float32Array.of(2, 3),
    weights: Float32Array.of(1, 9),
  }
  const { lists, metrics } = await evaluate(ranking)
  expect([...lists.items]).toEqual([2, 2])
  expect(metrics.auc).toBe(1)
})

test('errors are those of held-out ratings, liked or not', async () => {
  const { metrics } = await evaluate(oneOrder(2, new Float32Array(4)))
  expect(metrics.rmse).toBe(1)
})

test('two models are compared over the users who have relevant items', async () => {
  const [good, bad] = [
    await evaluate(oneOrder(2, Float32Array.of(0, 9, 5, 1))),
    await evaluate(oneOrder(2, Float32Array.of(0, 9, 1, 5))),
  ]
  const sample = pairedSample('ndcg@1', bad.perUser, good.perUser)
  const [{ champion, challenger, gain }] = comparePaired([sample], { confidence: 0.95, seed: 1 })
  expect({ champion, challenger, gain }).toEqual({ champion: 0, challenger: 1, gain: 1 })
})
