import { afterAll, beforeAll, expect, test } from 'vitest'
import { trainingSet } from '../../src/dataset/dataset.ts'
import { makeFolds } from '../../src/dataset/split.ts'
import type { Dataset, Fold } from '../../src/dataset/types.ts'
import type { Compute } from '../../src/kernels/compute.ts'
import { score } from '../../src/metrics/score.ts'
import type { Metrics, RankingQuestion } from '../../src/metrics/types.ts'
import { algorithms } from '../../src/models/algorithms.ts'
import { resolveParams } from '../../src/models/parameters.ts'
import { startCompute } from '../../src/workers/pool.ts'
import { datasetPath } from '../helpers/datasets.ts'
import { readGowalla, readMovieLens1m } from '../helpers/real-data.ts'

/*
 * Popularity, which leaves nothing to a seed or a parameter, against published figures: what differs would be the split, the
 * masks or the metric. The models that take minutes are in `published.slow.test.ts`.
 */
let compute: Compute
beforeAll(async () => {
  compute = await startCompute({ nThreads: 2 })
})
afterAll(() => compute.release())

async function popularity(
  data: { readonly dataset: Dataset; readonly fold: Fold },
  asked: Pick<RankingQuestion, 'ks' | 'sampled'>,
): Promise<Metrics> {
  const { popular } = algorithms
  const train = trainingSet(data.dataset, data.fold)
  const model = await popular.fit(train, resolveParams(popular, {}), { compute, seed: 1 })
  return score(compute, { ...data, ...asked }, model)
}

const movieLens = datasetPath('ml-1m')
test.skipIf(movieLens === undefined)('popularity under the NCF protocol on MovieLens 1M', async () => {
  const dataset = readMovieLens1m(movieLens!)
  const [fold] = makeFolds(dataset, { kind: 'leave-last', nRows: 1 }, 1)
  const metrics = await popularity({ dataset, fold }, { ks: [10], sampled: { nItems: 100, seed: 1 } })
  // TopPopular of Ferrari Dacrema et al. 2019: .453 and .254; sampling alone moves a hit rate of 6,040 users by ± .006.
  expect(Math.abs(metrics['sampledHitRate@10'] - 0.453)).toBeLessThan(0.013)
  expect(Math.abs(metrics['sampledNdcg@10'] - 0.254)).toBeLessThan(0.009)
  // Among the whole catalogue the same lists hit a tenth as often.
  expect(metrics['hitRate@10']).toBeLessThan(0.05)
})

const gowalla = datasetPath('gowalla')
test.skipIf(gowalla === undefined)('popularity on Gowalla in the split of LightGCN', async () => {
  const metrics = await popularity(readGowalla(gowalla!), { ks: [20] })
  // MostPop of Anelli et al. 2023: .0416 and .0316; nothing is drawn here, only ties may fall otherwise.
  expect(metrics['recall@20']).toBeCloseTo(0.0416, 3)
  expect(metrics['ndcg@20']).toBeCloseTo(0.0316, 3)
})
