import { expect, test } from 'vitest'
import { catalogueMetrics, giniOf, perUserOfLists } from '../../src/metrics/beyond-accuracy.ts'
import { datasetOf } from '../dataset/sample-dataset.ts'

const dataset = datasetOf([
  ['ann', 'a', 1],
  ['ann', 'b', 1],
  ['bob', 'a', 1],
  ['bob', 'c', 1],
  ['eve', 'a', 1],
  ['eve', 'd', 1],
])
// c and d are held out: a has three training rows, b one.
const isTrain = Uint8Array.of(1, 1, 1, 0, 1, 0)
const fold = { isTrain, isTest: isTrain.map((one) => 1 - one), fingerprint: '' }
const categories = [['Drama'], ['Drama', 'War'], [], ['War']]
const lists = { users: Int32Array.of(1, 2), length: 2, items: Int32Array.of(0, 1, 3, -1) }
const question = { dataset, fold, ks: [1, 2], categories }

test('popularity and novelty are means over the items that are in the list', () => {
  const values = perUserOfLists(lists, question)
  expect(values['popularity@2']).toEqual(Float64Array.of(2, 0))
  expect(values['popularity@1']).toEqual(Float64Array.of(3, 0))
  // All three users have a, one has b; nobody has d, which counts as half a user.
  expect(values['novelty@2'][0]).toBeCloseTo((0 + Math.log2(3)) / 2, 12)
  expect(values['novelty@1'][1]).toBeCloseTo(Math.log2(6), 12)
})

test('diversity is one less the shared categories, and there is none where nothing has a category', () => {
  expect(perUserOfLists(lists, question)['diversity@2']).toEqual(Float64Array.of(0.5, 0))
  expect(perUserOfLists(lists, { ...question, categories: [[], [], [], []] })).not.toHaveProperty(
    'diversity@2',
  )
})

test('coverage and gini look at the whole catalogue', () => {
  expect(catalogueMetrics(lists, question)['coverage@2']).toBe(3 / 4)
  expect(catalogueMetrics(lists, question)['coverage@1']).toBe(2 / 4)
})

test('gini is 0 where all items are recommended alike, and nears 1 where one gets everything', () => {
  expect(giniOf(Float64Array.of(4, 4, 4))).toBe(0)
  expect(giniOf(Float64Array.of(0, 0, 0, 8))).toBe(3 / 4)
  expect(giniOf(new Float64Array(3))).toBeNaN()
})
