import { expect, test } from 'vitest'
import { randomStream } from '../../src/loadtest/random.ts'
import { ZipfSampler } from '../../src/loadtest/zipf.ts'

test.each([
  [1, 1],
  [2, 1],
  [10, 0.5],
  [100, 1],
  [100, 2],
])('ranks of 1 to %d come as often as Zipf with exponent %d says', (n, exponent) => {
  const draws = 200_000
  const random = randomStream(42, 7)
  const counts = new Float64Array(n)
  const sampler = new ZipfSampler(n, exponent)
  for (let i = 0; i < draws; i += 1) counts[sampler.draw(random) - 1]! += 1
  const weights = Array.from({ length: n }, (_, i) => (i + 1) ** -exponent)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const chiSquared = weights.reduce((sum, weight, i) => {
    const expected = (draws * weight) / total
    return sum + (counts[i]! - expected) ** 2 / expected
  }, 0)
  // Mean n - 1, variance 2(n - 1): five standard deviations.
  expect(chiSquared).toBeLessThan(n - 1 + 5 * Math.sqrt(2 * Math.max(n - 1, 1)))
})
