import { describe, expect, test } from 'vitest'
import { datasetFrom, trainingSet } from '../../src/dataset/dataset.ts'
import { makeFolds } from '../../src/dataset/split.ts'
import { parseSplit } from '../../src/dataset/split-spec.ts'
import type { Dataset } from '../../src/dataset/types.ts'
import { ratingMetrics } from '../../src/metrics/rating.ts'
import { algorithms } from '../../src/models/algorithms.ts'
import { resolveParams } from '../../src/models/parameters.ts'
import { startCompute } from '../../src/workers/pool.ts'
import { datasetPath } from '../helpers/datasets.ts'
import { readMovieLens100k } from '../helpers/training-sets.ts'

const folder = datasetPath('ml-100k')
const timeoutMs = 120_000

describe.skipIf(folder === undefined)(
  'over 5 random folds of MovieLens 100K, with default parameters',
  () => {
    test.each([
      ['svd', 0.91],
      ['nmf', 0.92],
    ] as const)(
      '%s has a mean RMSE of at most %d',
      async (name, ceiling) => {
        const dataset = movieLens100k(folder!)
        const algorithm = algorithms[name]
        const compute = await startCompute({ nThreads: 2 })
        const errors: number[] = []
        for (const fold of makeFolds(dataset, parseSplit('kfold:5'), 1)) {
          const model = await compute.scoped(() =>
            algorithm.fit(trainingSet(dataset, fold), resolveParams(algorithm, {}), { compute, seed: 1 }),
          )
          errors.push(ratingMetrics(dataset, fold, model).rmse)
        }
        await compute.release()
        expect(errors).toHaveLength(5)
        expect(errors.reduce((sum, error) => sum + error, 0) / 5).toBeLessThanOrEqual(ceiling)
      },
      timeoutMs,
    )
  },
)

function movieLens100k(path: string): Dataset {
  const rows = readMovieLens100k(path).sort((a, b) => a.user - b.user || a.item - b.item)
  const ids = (n: number) => Array.from({ length: n }, (_, index) => String(index + 1))
  return datasetFrom({
    lakeVersion: 0,
    userIds: ids(943),
    itemIds: ids(1682),
    userIndex: Int32Array.from(rows, ({ user }) => user),
    itemIndex: Int32Array.from(rows, ({ item }) => item),
    rating: Float32Array.from(rows, ({ rating }) => rating),
    timestamp: new Float64Array(rows.length).fill(Number.NaN),
  })
}
