import { expect, test } from 'vitest'
import { ratingMetrics } from '../../src/metrics/rating.ts'
import { datasetOf } from '../dataset/sample-dataset.ts'

const dataset = datasetOf([
  ['a', 'x', 5],
  ['a', 'y', 3],
  ['b', 'x', 1],
  ['b', 'y', 2],
])
/** Predicts 10·user + item + 2: what it is asked for shows in what it says. */
const scorer = {
  predict: (user: number, item: number) => 10 * user + item + 2,
  ranking: () => ({
    kind: 'factors' as const,
    width: 4,
    userRows: new Float32Array(8),
    itemRows: new Float32Array(8),
  }),
}

function errorsOn(...isTest: number[]) {
  const masks = { isTest: Uint8Array.from(isTest), isTrain: new Uint8Array(4) }
  return ratingMetrics(dataset, { ...masks }, scorer)
}

test('errors are taken on the held-out rows alone', () => {
  // Predicted 2, 3, 12, 13 for 5, 3, 1, 2: errors 3, 0, 11, 11.
  expect(errorsOn(1, 1, 0, 0)).toEqual({ rmse: Math.sqrt(4.5), mae: 1.5 })
  expect(errorsOn(1, 0, 1, 1)).toEqual({ rmse: Math.sqrt(251 / 3), mae: 25 / 3 })
})

test('without held-out ratings there is no error to speak of', () => {
  expect(errorsOn(0, 0, 0, 0)).toEqual({})
})
