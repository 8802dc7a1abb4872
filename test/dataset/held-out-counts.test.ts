import { expect, test } from 'vitest'
import { countHeldOut } from '../../src/dataset/held-out-counts.ts'
import { datasetOf } from './sample-dataset.ts'

const dataset = datasetOf([
  ['ann', 'a', 5],
  ['ann', 'b', 4],
  ['ann', 'c', 1],
  ['bob', 'a', 3],
  ['bob', 'd', 2],
  ['eve', 'a', 2],
])

test('users and items of the held-out part without a training row are cold, and rows of neither part are told', () => {
  // ann learns a, b is held out, c is in no part; bob is held out whole; eve learns a.
  const isTrain = Uint8Array.of(1, 0, 0, 0, 0, 1)
  const isTest = Uint8Array.of(0, 1, 0, 1, 1, 0)
  expect(countHeldOut(dataset, { isTrain, isTest })).toEqual({
    nTrainRows: 2,
    nFoldInRows: 0,
    nHeldOutRows: 3,
    nLeftOutRows: 1,
    nHeldOutUsers: 2,
    nColdUsers: 1,
    nColdItems: 2,
    nColdRows: 3,
  })
})

test('a user who is folded in is not cold', () => {
  const isFoldIn = Uint8Array.of(0, 0, 0, 1, 0, 0)
  const fold = { isTrain: Uint8Array.of(1, 1, 1, 0, 0, 1), isTest: Uint8Array.of(0, 0, 0, 0, 1, 0), isFoldIn }
  expect(countHeldOut(dataset, fold)).toMatchObject({
    nFoldInRows: 1,
    nColdUsers: 0,
    nColdItems: 1,
    nColdRows: 1,
  })
})
