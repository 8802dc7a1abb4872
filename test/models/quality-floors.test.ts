import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { trainingSet } from '../../src/dataset/dataset.ts'
import { makeFolds } from '../../src/dataset/split.ts'
import { parseSplit } from '../../src/dataset/split-spec.ts'
import type { Compute } from '../../src/kernels/compute.ts'
import { score } from '../../src/metrics/score.ts'
import { algorithms } from '../../src/models/algorithms.ts'
import { resolveParams } from '../../src/models/parameters.ts'
import type { AlgorithmName, Params } from '../../src/models/types.ts'
import { prepareData } from '../../src/pipeline/prepare.ts'
import { startCompute } from '../../src/workers/pool.ts'
import { datasetPath } from '../helpers/datasets.ts'
import { movieLens100kDataset } from '../helpers/real-data.ts'
import { sampleLake } from '../helpers/sample-lake.ts'

/* What each algorithm reaches with its defaults, less a margin for another seed: a change that costs accuracy fails here. */
let compute: Compute
beforeAll(async () => {
  compute = await startCompute({ nThreads: 2 })
})
afterAll(() => compute.release())

type Data = Parameters<typeof trainingSet>

async function scored([dataset, fold]: Data, name: AlgorithmName, params: Params) {
  const algorithm = algorithms[name]
  const model = await compute.scoped(() =>
    algorithm.fit(trainingSet(dataset, fold), resolveParams(algorithm, params), { compute, seed: 1 }),
  )
  return score(compute, { dataset, fold, ks: [10] }, model)
}

type Bound = readonly [AlgorithmName, Params, number]

function testFloors(data: () => Data, ceilings: readonly Bound[], floors: readonly Bound[]): void {
  test.each(ceilings)('%s %j predicts ratings within an RMSE of %d', async (name, params, ceiling) => {
    expect((await scored(data(), name, params)).rmse).toBeLessThan(ceiling)
  })

  test.each(floors)('%s %j ranks with an ndcg@10 of %d', async (name, params, floor) => {
    expect((await scored(data(), name, params))['ndcg@10']).toBeGreaterThan(floor)
  })
}

describe('on the sample lake', () => {
  let data: Data
  beforeAll(async () => {
    const dataDir = await sampleLake({ users: 600, items: 300, interactions: 20_000 }, afterAll)
    const { dataset, folds } = await prepareData({ dataDir, split: 'random:0.2', seed: 1 })
    data = [dataset, folds[0]]
  })

  testFloors(
    () => data,
    [
      ['svd', {}, 0.7],
      ['svd', { solver: 'als' }, 0.745],
      ['svd', { solver: 'sgd' }, 0.75],
      ['nmf', {}, 0.745],
      ['popular', {}, 0.89],
    ],
    // What is liked in the sample depends on popularity more than on taste: the models of taste come after it.
    [
      ['als', {}, 0.065],
      ['ease', {}, 0.175],
      ['item-knn', {}, 0.2],
      ['bpr', {}, 0.125],
      ['popular', {}, 0.2],
    ],
  )
})

const folder = datasetPath('ml-100k')
describe.skipIf(folder === undefined)('on a random fifth of MovieLens 100K', () => {
  let data: Data
  beforeAll(() => {
    const dataset = movieLens100kDataset(folder as string)
    data = [dataset, makeFolds(dataset, parseSplit('random:0.2'), 1)[0]]
  })

  testFloors(
    () => data,
    [
      ['svd', {}, 0.897],
      ['svd', { solver: 'als' }, 0.915],
      ['svd', { solver: 'sgd' }, 0.915],
      ['nmf', {}, 0.922],
      ['popular', {}, 1.03],
    ],
    [
      ['als', {}, 0.39],
      ['ease', {}, 0.41],
      ['item-knn', {}, 0.36],
      ['bpr', {}, 0.335],
      ['popular', {}, 0.2],
    ],
  )
})
