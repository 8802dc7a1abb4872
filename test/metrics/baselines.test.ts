import { expect, test } from 'vitest'
import { trainingSet } from '../../src/dataset/dataset.ts'
import type { FactorRanking } from '../../src/dataset/ranking.ts'
import { makeFolds } from '../../src/dataset/split.ts'
import { biasBaseline, globalMeanBaseline } from '../../src/metrics/baselines.ts'
import { ratingMetrics } from '../../src/metrics/rating.ts'
import { datasetOf, type Entry } from '../dataset/sample-dataset.ts'
import { datasetPath } from '../helpers/datasets.ts'
import { readMovieLens100k } from '../helpers/training-sets.ts'

function trainOn(entries: readonly Entry[], nHeldOut = 0) {
  const dataset = datasetOf(entries)
  const isTest = Uint8Array.from(entries, (_, row) => (row < nHeldOut ? 1 : 0))
  return trainingSet(dataset, { isTest, isTrain: isTest.map((held) => 1 - held) })
}

const train = trainOn([
  ['a', 'x', 5],
  ['a', 'y', 3],
  ['b', 'x', 4],
])

test('the global mean predicts the mean training rating for everybody', () => {
  const { predict } = globalMeanBaseline(train)
  expect(predict(0, 0)).toBe(4)
  expect(predict(-1, -1)).toBe(4)
})

test('the global mean orders nothing: all scores are equal', () => {
  const { itemRows } = globalMeanBaseline(train).ranking() as FactorRanking
  expect(new Set(itemRows)).toEqual(new Set([0]))
})

test('each bias is the damped mean of what the others leave unexplained', () => {
  const { predict } = biasBaseline(train)
  const [x, y] = [0, 1].map((item) => predict(-1, item) - 4)
  const [a, b] = [0, 1].map((user) => predict(user, -1) - 4)
  // μ = 4: the ratings are μ + 1, μ − 1 and μ.
  expect(x).toBeCloseTo((1 - a - b) / (2 + 2), 5)
  expect(y).toBeCloseTo((-1 - a) / (2 + 1), 5)
  expect(a).toBeCloseTo((0 - x - y) / (5 + 2), 5)
  expect(b).toBeCloseTo((0 - x) / (5 + 1), 5)
  expect(predict(0, 0)).toBeCloseTo(4 + a + x, 6)
})

test('an unknown user or item has no bias', () => {
  expect(biasBaseline(train).predict(-1, -1)).toBe(4)
})

test('a user with held-out ratings only is predicted by the item', () => {
  const cold = trainOn(
    [
      ['a', 'x', 1],
      ['b', 'x', 5],
      ['b', 'y', 3],
    ],
    1,
  )
  const { predict } = biasBaseline(cold)
  expect(predict(0, 0)).toBe(predict(-1, 0))
})

const folder = datasetPath('ml-100k')
test.skipIf(folder === undefined)('the biases are a fair floor on a random fold of MovieLens 100K', () => {
  const rows = readMovieLens100k(folder!)
  const dataset = datasetOf(rows.map(({ user, item, rating }) => [`${user}`, `${item}`, rating] as const))
  const [fold] = makeFolds(dataset, { kind: 'random', fraction: 0.2 }, 1)
  const { rmse } = ratingMetrics(dataset, fold, biasBaseline(trainingSet(dataset, fold)))
  expect(rmse).toBeLessThan(0.947)
})

test('predictions stay on the scale', () => {
  const liked = Array.from({ length: 400 }, (_, n) => [`u${n % 20}`, `i${Math.floor(n / 20)}`, 5] as const)
  const { predict } = biasBaseline(trainOn([...liked, ['z', 'w', 1]]))
  for (let user = 0; user < 21; user++) {
    for (let item = 0; item < 21; item++) expect(predict(user, item)).toBeLessThanOrEqual(5)
  }
})

test('the item biases order the items', () => {
  const { itemRows, userRows, width } = biasBaseline(train).ranking() as FactorRanking
  const score = (user: number, item: number) => {
    let sum = 0
    for (let f = 0; f < width; f++) sum += userRows[user * width + f] * itemRows[item * width + f]
    return sum
  }
  expect(score(1, 0)).toBeGreaterThan(score(1, 1))
})
