import { expect, test } from 'vitest'
import { oneOrder } from '../../src/dataset/ranking.ts'
import { makeFolds } from '../../src/dataset/split.ts'
import { sampledMetrics } from '../../src/metrics/sampled.ts'
import type { Scorer } from '../../src/metrics/types.ts'
import { datasetOf, randomEntries } from '../dataset/sample-dataset.ts'

const dataset = datasetOf(randomEntries(400, 150, 0.1))
const [fold] = makeFolds(dataset, { kind: 'leave-last', nRows: 1 }, 1)
const question = { dataset, fold, ks: [1, 10] }

function orderedBy(itemScore: Float32Array): Scorer {
  return { predict: () => 3, ranking: () => oneOrder(dataset.users.size, itemScore) }
}

test('a model with constant scores hits as often as chance', () => {
  const constant = orderedBy(new Float32Array(dataset.items.size))
  const metrics = sampledMetrics(question, { nItems: 99, seed: 1 }, constant)
  // One of 100 candidates in a list of 10, over 400 users.
  expect(Math.abs(metrics['sampledHitRate@10'] - 0.1)).toBeLessThan(4 * Math.sqrt((0.1 * 0.9) / 400))
})

test('with the whole catalogue for candidates nothing is sampled', () => {
  const scores = Float32Array.from(dataset.items.ids, (_, item) => (item * 37) % 150)
  const all = sampledMetrics(question, { nItems: 1000, seed: 1 }, orderedBy(scores))
  expect(sampledMetrics(question, { nItems: 1000, seed: 2 }, orderedBy(scores))).toEqual(all)
  const some = sampledMetrics(question, { nItems: 20, seed: 1 }, orderedBy(scores))
  expect(some['sampledHitRate@10']).toBeGreaterThan(all['sampledHitRate@10'])
})

test('the names say that they are sampled, and a seed gives the same figures again', () => {
  const scores = Float32Array.from(dataset.items.ids, (_, item) => item)
  const once = sampledMetrics(question, { nItems: 20, seed: 5 }, orderedBy(scores))
  expect(Object.keys(once).every((name) => name.startsWith('sampled'))).toBe(true)
  expect(sampledMetrics(question, { nItems: 20, seed: 5 }, orderedBy(scores))).toEqual(once)
  expect(sampledMetrics(question, { nItems: 20, seed: 6 }, orderedBy(scores))).not.toEqual(once)
})
