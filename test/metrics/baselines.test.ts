import { expect, test } from 'vitest'
import { trainingSet } from '../../src/dataset/dataset.ts'
import { biasBaseline, globalMeanBaseline } from '../../src/metrics/baselines.ts'
import { datasetOf, type Entry } from '../dataset/sample-dataset.ts'

function trainOn(entries: readonly Entry[], nHeldOut = 0) {
  const dataset = datasetOf(entries)
  const isTest = Uint8Array.from(entries, (_, row) => (row < nHeldOut ? 1 : 0))
  return trainingSet(dataset, { isTest, isTrain: isTest.map((held) => 1 - held), fingerprint: '' })
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
  const { itemRows } = globalMeanBaseline(train).rankingFactors()
  expect(new Set(itemRows)).toEqual(new Set([0]))
})

test('biases are damped sums: items first, then what they leave to the users', () => {
  // μ = 4. b_x = (1 + 0)/(25 + 2), b_y = −1/(25 + 1); b_a = (1 − b_x − 1 − b_y)/(10 + 2), b_b = (0 − b_x)/(10 + 1).
  const [x, y] = [1 / 27, -1 / 26]
  const [a, b] = [(-x - y) / 12, -x / 11]
  const { predict } = biasBaseline(train)
  expect(predict(0, 0)).toBeCloseTo(4 + a + x, 6)
  expect(predict(0, 1)).toBeCloseTo(4 + a + y, 6)
  expect(predict(1, 1)).toBeCloseTo(4 + b + y, 6)
})

test('an unknown user or item has no bias', () => {
  const { predict } = biasBaseline(train)
  expect(predict(-1, 0)).toBeCloseTo(4 + 1 / 27, 6)
  expect(predict(-1, -1)).toBe(4)
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
  expect(biasBaseline(cold).predict(0, 0)).toBeCloseTo(4 + 1 / 26, 6)
})

test('predictions stay on the scale', () => {
  const liked = Array.from({ length: 400 }, (_, n) => [`u${n % 20}`, `i${Math.floor(n / 20)}`, 5] as const)
  const { predict } = biasBaseline(trainOn([...liked, ['z', 'w', 1]]))
  for (let user = 0; user < 21; user++) {
    for (let item = 0; item < 21; item++) expect(predict(user, item)).toBeLessThanOrEqual(5)
  }
})

test('the item biases order the items', () => {
  const { itemRows, userRows, width } = biasBaseline(train).rankingFactors()
  const score = (user: number, item: number) => {
    let sum = 0
    for (let f = 0; f < width; f++) sum += userRows[user * width + f] * itemRows[item * width + f]
    return sum
  }
  expect(score(1, 0)).toBeGreaterThan(score(1, 1))
})
