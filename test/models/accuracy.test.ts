import { expect, test } from 'vitest'
import { uniformAt } from '../../src/kernels/random.ts'
import { algorithms } from '../../src/models/algorithms.ts'
import { resolveParams } from '../../src/models/parameters.ts'
import type { AlgorithmName } from '../../src/models/types.ts'
import { startCompute } from '../../src/workers/pool.ts'
import { generatedRatings, type RatingRow, trainingSetOf } from '../helpers/training-sets.ts'

/** RMSE on the rows of one random fold of five. */
async function heldOutRmse(name: AlgorithmName, rows: readonly RatingRow[], nUsers: number, nItems: number) {
  const isTest = (_: RatingRow, row: number) => uniformAt(11, row) < 0.2
  const train = trainingSetOf(
    rows.filter((row, at) => !isTest(row, at)),
    nUsers,
    nItems,
  )
  const compute = await startCompute({ nThreads: 2 })
  const model = await algorithms[name].fit(train, resolveParams(algorithms[name], {}), { compute, seed: 1 })
  await compute.release()
  const held = rows.filter(isTest)
  const errors = held.map(({ user, item, rating }) => (model.predict(user, item) - rating) ** 2)
  return Math.sqrt(errors.reduce((sum, error) => sum + error, 0) / held.length)
}

test('svd and nmf beat popularity by far on ratings that factors explain', async () => {
  const rows = generatedRatings(300, 120, 0.3, 5)
  const floor = await heldOutRmse('popular', rows, 300, 120)
  expect(await heldOutRmse('svd', rows, 300, 120)).toBeLessThan(0.85 * floor)
  expect(await heldOutRmse('nmf', rows, 300, 120)).toBeLessThan(0.87 * floor)
})
