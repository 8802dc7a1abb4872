import { expect, test } from 'vitest'
import { csrFrom } from '../../src/dataset/csr.ts'
import { byUser, datasetFrom, trainingSet } from '../../src/dataset/dataset.ts'
import { mapIndices, vocabularyOf } from '../../src/dataset/vocabulary.ts'
import { datasetOf, randomEntries } from './sample-dataset.ts'

const columns = {
  lakeVersion: 3,
  userIds: ['a', 'b'],
  itemIds: ['x', 'y'],
  userIndex: Int32Array.of(0, 0, 1),
  itemIndex: Int32Array.of(0, 1, 1),
  rating: Float32Array.of(2, 4.5, 1),
  timestamp: new Float64Array(3),
}

test('a dataset knows its ids both ways and the range of its ratings', () => {
  const dataset = datasetFrom(columns)
  expect(dataset).toMatchObject({ lakeVersion: 3, ratingRange: [1, 4.5] })
  expect(dataset.users.indexOf('b')).toBe(1)
  expect(dataset.items.indexOf('z')).toBe(-1)
  expect(dataset.items.ids[1]).toBe('y')
})

test('an id that is a word of JavaScript is an id like any other', () => {
  const vocabulary = vocabularyOf(['__proto__', 'constructor'])
  expect(vocabulary.indexOf('__proto__')).toBe(0)
  expect(vocabulary.indexOf('toString')).toBe(-1)
})

test('ids are matched between vocabularies by name', () => {
  const own = vocabularyOf(['a', 'b', 'c'])
  expect(mapIndices(own, vocabularyOf(['c', 'a']))).toEqual(Int32Array.of(1, -1, 0))
})

test('a dataset without rows has an empty range', () => {
  const none = { userIndex: new Int32Array(0), itemIndex: new Int32Array(0), rating: new Float32Array(0) }
  expect(datasetFrom({ ...columns, ...none }).ratingRange).toEqual([0, 0])
})

test('the rows come back by user and by item with ascending columns', () => {
  const dataset = datasetOf([
    ['u1', 'i2', 5],
    ['u1', 'i1', 3],
    ['u2', 'i2', 1],
  ])
  const all = { isTrain: Uint8Array.of(1, 1, 1), isTest: new Uint8Array(3), fingerprint: '' }
  const train = trainingSet(dataset, all)
  expect(train.byUser).toEqual({
    nRows: 2,
    nColumns: 2,
    rowStarts: Int32Array.of(0, 2, 3),
    columns: Int32Array.of(0, 1, 1),
    values: Float32Array.of(3, 5, 1),
  })
  expect(train.byItem).toEqual({
    nRows: 2,
    nColumns: 2,
    rowStarts: Int32Array.of(0, 1, 3),
    columns: Int32Array.of(0, 0, 1),
    values: Float32Array.of(3, 5, 1),
  })
})

test('a mask leaves rows out and keeps every user and item', () => {
  const dataset = datasetOf(randomEntries(20, 12, 0.3))
  const mask = Uint8Array.from(dataset.interactions.rating, (_, r) => r % 2)
  const fold = { isTrain: mask, isTest: new Uint8Array(mask.length), fingerprint: '' }
  const train = trainingSet(dataset, fold)
  const kept = mask.reduce((sum, one) => sum + one, 0)
  expect(byUser(dataset, mask)).toEqual(train.byUser)
  expect(train.byUser.columns.length).toBe(kept)
  expect(train.byItem.rowStarts.at(-1)).toBe(kept)
  expect([train.byUser.nRows, train.byItem.nRows]).toEqual([dataset.users.size, dataset.items.size])
  for (const csr of [train.byUser, train.byItem]) {
    for (let row = 0; row < csr.nRows; row++) {
      const columns = csr.columns.slice(csr.rowStarts[row], csr.rowStarts[row + 1])
      expect(columns).toEqual(columns.toSorted())
    }
  }
})

test('rows that do not ascend are refused', () => {
  const entries = { row: Int32Array.of(0, 2, 1), column: Int32Array.of(0, 0, 0), value: new Float32Array(3) }
  expect(() => csrFrom({ nRows: 3, nColumns: 1 }, entries, new Uint8Array(3).fill(1))).toThrow(/ascend/)
})
