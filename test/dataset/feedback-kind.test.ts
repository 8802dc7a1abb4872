import { expect, test } from 'vitest'
import { byUser, datasetFrom, positiveRows, trainingSet } from '../../src/dataset/dataset.ts'

/** Two users, three items; the second row is disliked, the third has no rating. */
const columns = {
  lakeVersion: 0,
  userIds: ['a', 'b'],
  itemIds: ['x', 'y', 'z'],
  userIndex: Int32Array.of(0, 0, 0, 1),
  itemIndex: Int32Array.of(0, 1, 2, 0),
  rating: Float32Array.of(5, 1, Number.NaN, 4),
  weight: Float32Array.of(1, 0, 5, 3),
  count: Int32Array.of(1, 1, 7, 1),
  timestamp: Float64Array.of(1, 2, 3, 4),
}
const everything = { isTrain: new Uint8Array(4).fill(1), isTest: new Uint8Array(4) }

test('rows with ratings and rows without are both kinds of feedback', () => {
  const kindOf = (...rating: number[]) => datasetFrom({ ...columns, rating: Float32Array.from(rating) }).kind
  expect(kindOf(5, 1, Number.NaN, 4)).toBe('both')
  expect(kindOf(5, 1, 2, 4)).toBe('explicit')
  expect(kindOf(Number.NaN, Number.NaN, Number.NaN, Number.NaN)).toBe('implicit')
})

test('one value for all says what was chosen, not how it was liked', () => {
  const dataset = datasetFrom({ ...columns, rating: Float32Array.of(1, 1, 1, 1) })
  expect(dataset).toMatchObject({ kind: 'implicit', ratingRange: [1, 1] })
})

test('the range of the scale leaves rows without a rating out', () => {
  expect(datasetFrom(columns).ratingRange).toEqual([1, 5])
})

test('lists are learnt from rows with a weight, ratings from rows with a rating', () => {
  const set = trainingSet(datasetFrom(columns), everything)
  expect([...set.byUser.columns]).toEqual([0, 2, 0])
  expect([...set.byUser.values]).toEqual([5, 7, 4])
  expect([...set.ratings.byUser.columns]).toEqual([0, 1, 0])
  expect([...set.ratings.byUser.values]).toEqual([5, 1, 4])
  expect([...set.timestamps()]).toEqual([1, 3, 4])
  expect([...set.ratings.timestamps()]).toEqual([1, 2, 4])
  expect(set.weights()?.map((weight) => 3 * weight)).toEqual(Float32Array.of(1, 5, 3))
  expect(set.ratings.weights()).toBeUndefined()
})

test('of ratings alone both are the same rows, not held twice', () => {
  const set = trainingSet(
    datasetFrom({ ...columns, rating: Float32Array.of(5, 1, 3, 4), weight: new Float32Array(4).fill(2) }),
    everything,
  )
  expect(set.ratings).toBe(set)
  expect(set.weights()).toBeUndefined()
})

test('a disliked item is known, and is no sign of interest', () => {
  const dataset = datasetFrom(columns)
  expect([...byUser(dataset, everything.isTrain).columns]).toEqual([0, 1, 2, 0])
  expect([...positiveRows(dataset, everything.isTrain).columns]).toEqual([0, 2, 0])
})
