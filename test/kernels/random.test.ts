import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gammaAt } from '../../src/kernels/random.ts'
import { builds, expectClose, workbench } from './builds.ts'

const [n, seed] = [100_000, 42]

describe.each(builds)('normals with %s', (_name, module) => {
  test('agree with their twin for any length, seed and position, and nothing is written behind them', () => {
    const counters = fc.record({
      length: fc.nat(40),
      seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      position: fc.nat(2 ** 31),
    })
    fc.assert(
      fc.property(counters, ({ length, seed: any, position }) => {
        const { shared, wasm, twin } = workbench(module)
        const [got, expected] = [shared.float32(length + 4).fill(9), shared.float32(length + 4).fill(9)]
        wasm.fill_normal(got.byteOffset, length, any, position)
        twin.fill_normal(expected.byteOffset, length, any, position)
        expectClose(got, expected, 1e-6)
      }),
    )
  })

  test('have the moments and quantiles of the normal distribution', () => {
    const { shared, wasm } = workbench(module)
    const z = shared.float32(n)
    wasm.fill_normal(z.byteOffset, n, seed, 0)
    const moments = [1, 2, 3, 4].map((power) => z.reduce((sum, value) => sum + value ** power, 0) / n)
    // Four standard errors of each moment: √(1, 2, 15, 96) / √n.
    for (const [at, [expected, variance]] of [
      [0, 1],
      [1, 2],
      [0, 15],
      [3, 96],
    ].entries()) {
      expect(Math.abs(moments[at] - expected)).toBeLessThan(4 * Math.sqrt(variance / n))
    }
    expect(distance(z, normalCdf)).toBeLessThan(1.63 / Math.sqrt(n))
    // Neighbours, of the same pair and of different ones, have nothing to do with each other.
    const product = (lag: number) => z.reduce((sum, value, at) => sum + value * (z[at + lag] ?? 0), 0) / n
    for (const lag of [1, 2, 3, 8]) expect(Math.abs(product(lag))).toBeLessThan(4 / Math.sqrt(n))
  })

  test('come out the same in pieces and in any order', () => {
    const { shared, wasm } = workbench(module)
    const [whole, pieces] = [shared.float32(100), shared.float32(100)]
    wasm.fill_normal(whole.byteOffset, 100, seed, 5)
    for (const start of [64, 0, 94, 32]) {
      const end = start === 32 ? 64 : start === 64 ? 94 : start === 0 ? 32 : 100
      wasm.fill_normal(pieces.byteOffset + 4 * start, end - start, seed, 5 + start)
    }
    expect(pieces).toEqual(whole)
  })
})

describe('gamma numbers', () => {
  test.each([0.3, 1, 2.5, 40])('of shape %d have its mean, variance and distribution', (shape) => {
    const count = 20_000
    const values = Float64Array.from({ length: count }, (_, at) => gammaAt(seed, at, shape))
    const mean = values.reduce((sum, value) => sum + value, 0) / count
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count
    expect(Math.abs(mean - shape)).toBeLessThan(4 * Math.sqrt(shape / count))
    // The fourth central moment is 3·shape² + 6·shape.
    expect(Math.abs(variance - shape)).toBeLessThan(4 * Math.sqrt((2 * shape ** 2 + 6 * shape) / count))
    expect(distance(values, (x) => gammaCdf(shape, x))).toBeLessThan(1.63 / Math.sqrt(count))
  })

  test('depend on seed and position alone', () => {
    const forward = [0, 1, 2, 3].map((position) => gammaAt(seed, position, 2))
    const backward = [3, 2, 1, 0].map((position) => gammaAt(seed, position, 2)).reverse()
    expect(forward).toEqual(backward)
    expect(new Set([...forward, gammaAt(seed + 1, 0, 2)]).size).toBe(5)
  })
})

/** Of Kolmogorov and Smirnov: the largest difference between the empirical and the given distribution function. */
function distance(values: Float32Array | Float64Array, cdf: (x: number) => number): number {
  const ordered = Array.from(values).sort((a, b) => a - b)
  return ordered.reduce((largest: number, x: number, at: number) => {
    const p = cdf(x)
    return Math.max(largest, Math.abs(p - at / ordered.length), Math.abs(p - (at + 1) / ordered.length))
  }, 0)
}

function normalCdf(x: number): number {
  const half = gammaCdf(0.5, (x * x) / 2) / 2
  return x < 0 ? 0.5 - half : 0.5 + half
}

/** The regularised lower incomplete gamma function by its series. */
function gammaCdf(shape: number, x: number): number {
  let term = 1 / shape
  let sum = term
  for (let k = 1; k < 1000 && term > 1e-14 * sum; k++) {
    term *= x / (shape + k)
    sum += term
  }
  return sum * Math.exp(shape * Math.log(x) - x - logGamma(shape))
}

/** Stirling's series after a shift by ten. */
function logGamma(shape: number): number {
  let shift = 0
  for (let k = 0; k < 10; k++) shift += Math.log(shape + k)
  const z = shape + 10
  const series = 1 / (12 * z) - 1 / (360 * z ** 3)
  return (z - 0.5) * Math.log(z) - z + Math.log(2 * Math.PI) / 2 + series - shift
}
