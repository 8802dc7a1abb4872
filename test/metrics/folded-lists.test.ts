import { afterAll, beforeAll, expect, test } from 'vitest'
import { trainingSet } from '../../src/dataset/dataset.ts'
import { makeFolds } from '../../src/dataset/split.ts'
import type { Compute } from '../../src/kernels/compute.ts'
import { uniformAt } from '../../src/kernels/random.ts'
import { evaluateScorer } from '../../src/metrics/score.ts'
import type { RankingQuestion } from '../../src/metrics/types.ts'
import { algorithms } from '../../src/models/algorithms.ts'
import { resolveParams } from '../../src/models/parameters.ts'
import type { Model } from '../../src/models/types.ts'
import { startCompute } from '../../src/workers/pool.ts'
import { datasetOf, type Entry } from '../dataset/sample-dataset.ts'

let compute: Compute
beforeAll(async () => {
  compute = await startCompute({ nThreads: 2 })
})
afterAll(() => compute.release())

/** Two tastes: even users take even items, odd ones odd items. */
const dataset = datasetOf(
  Array.from({ length: 120 * 40 }, (_, pair) => [Math.floor(pair / 40), pair % 40] as const)
    .filter(([user, item], pair) => (user + item) % 2 === 0 && uniformAt(3, pair) < 0.6)
    .map(([user, item]): Entry => [`u${user}`, `i${item}`, 4]),
)
const [fold] = makeFolds(dataset, { kind: 'users', fraction: 0.3 }, 1)
const question: RankingQuestion = { dataset, fold, ks: [5, 20], auc: true }

async function fitted(name: 'als' | 'ease' | 'popular'): Promise<Model> {
  const params = resolveParams(algorithms[name], name === 'als' ? { factors: 8, epochs: 8 } : {})
  return compute.scoped(() => algorithms[name].fit(trainingSet(dataset, fold), params, { compute, seed: 1 }))
}

test.each(['als', 'ease'] as const)(
  '%s recommends by what a user folded in who was never learnt from',
  async (name) => {
    const { metrics, lists, perUser } = await evaluateScorer(compute, question, await fitted(name))
    const popular = await evaluateScorer(compute, question, await fitted('popular'))
    expect(perUser.users.length).toBeGreaterThan(20)
    // Popularity cannot tell the two tastes apart.
    expect(metrics['recall@20']).toBeGreaterThan(0.9)
    expect(popular.metrics['recall@20']).toBeLessThan(0.85)
    expect(metrics.auc).toBeGreaterThan(0.8)
    // What was folded in is not recommended.
    const foldedIn = new Set(
      Array.from(fold.isFoldIn!.keys())
        .filter((row) => fold.isFoldIn![row] === 1)
        .map((row) => `${dataset.interactions.userIndex[row]} ${dataset.interactions.itemIndex[row]}`),
    )
    lists.users.forEach((user, at) => {
      for (const item of lists.items.subarray(at * lists.length, (at + 1) * lists.length))
        expect(foldedIn.has(`${user} ${item}`)).toBe(false)
    })
  },
)

test('without histories a model of factors cannot tell held-out users apart', async () => {
  const { scoreHistory: _, ...blind } = await fitted('als')
  const model = await fitted('als')
  const scorer = { ...blind, predict: model.predict.bind(model), ranking: () => model.ranking() }
  const { metrics } = await evaluateScorer(compute, question, scorer)
  expect(metrics.auc).toBeLessThan(0.7)
})
