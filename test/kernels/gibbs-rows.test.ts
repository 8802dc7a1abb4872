import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { instantiateKernels, type Kernels } from '../../src/kernels/instance.ts'
import { plainKernels } from '../../src/kernels/plain.ts'
import { normalAt, uniformAt } from '../../src/kernels/random.ts'
import { SharedMemory } from '../../src/kernels/shared-memory.ts'
import { builds } from './builds.ts'

interface Problem {
  readonly nFactors: number
  readonly counts: readonly number[]
  readonly ownPriors: boolean
  readonly seed: number
}

function memoryFor({ nFactors, counts, seed }: Problem) {
  const shared = new SharedMemory()
  shared.memory.grow(200)
  const [order, stride, nOther] = [nFactors + 1, (nFactors + 8) & ~7, 20]
  const rowStarts = shared.int32(counts.length + 1)
  counts.forEach((count, row) => {
    rowStarts[row + 1] = rowStarts[row] + count
  })
  const n = rowStarts[counts.length]
  const filled = (length: number, value: (at: number) => number) => {
    const floats = shared.float32(length)
    for (let at = 0; at < length; at++) floats[at] = value(at)
    return floats
  }
  const columns = shared.int32(n)
  for (let entry = 0; entry < n; entry++) columns[entry] = Math.floor(uniformAt(seed, entry) * nOther)
  const values = filled(n, (at) => normalAt(seed + 1, at))
  const other = filled(nOther * stride, (at) => (at % stride <= nFactors ? 0.5 * normalAt(seed + 2, at) : 0))
  const alphas = filled(counts.length, (at) => 0.5 + uniformAt(seed + 3, at))
  const roots = filled(nOther, (at) => 0.5 + uniformAt(seed + 4, at))
  const precision = filled(order * order, (at) => (at % (order + 1) === 0 ? 2 : 0.1))
  const priors = filled(counts.length * stride, (at) =>
    at % stride < order ? 0.3 * normalAt(seed + 5, at) : 0,
  )
  return { shared, order, stride, rowStarts, columns, values, other, alphas, roots, precision, priors }
}

function draw(kernels: Kernels, problem: Problem, memory: ReturnType<typeof memoryFor>, drawSeed = 77) {
  const { shared, stride, rowStarts, columns, values, other, alphas, roots, precision, priors } = memory
  const nRows = problem.counts.length
  const [samples, means] = [shared.float32(nRows * stride), shared.float32(nRows * stride)]
  const squares = shared.float64(nRows)
  const width = (problem.nFactors + 9) & ~7
  const scratch = shared.allocate(4 * width * (64 + width))
  const args = [rowStarts, columns, values, samples, means, other, problem.nFactors, stride, alphas, roots]
  const more = [precision, priors, Number(problem.ownPriors), drawSeed, squares]
  const addresses = [...args, ...more].map((value) => (typeof value === 'number' ? value : value.byteOffset))
  kernels.gibbs_rows(0, nRows, scratch, ...addresses)
  return { samples, means, squares }
}

describe.each(builds)('with %s', (_name, module) => {
  test('samples, conditional means and residuals agree with the twin', () => {
    const problems = fc.record({
      nFactors: fc.integer({ min: 1, max: 20 }),
      counts: fc.array(fc.nat(90), { minLength: 1, maxLength: 4 }),
      ownPriors: fc.boolean(),
      seed: fc.nat(1e6),
    })
    fc.assert(
      fc.property(problems, (problem) => {
        const memory = memoryFor(problem)
        const got = draw(instantiateKernels(module, memory.shared.memory), problem, memory)
        const expected = draw(plainKernels(memory.shared.memory), problem, memory)
        for (const name of ['samples', 'means', 'squares'] as const) {
          expected[name].forEach((value, at) => {
            const close = Math.abs(got[name][at] - value) <= 2e-3 * Math.max(1, Math.abs(value))
            expect(close, `${name} ${at}: ${got[name][at]}, ${value}`).toBe(true)
          })
        }
      }),
      { numRuns: 25 },
    )
  })

  test('a row with one factor at 0 has the closed form of a mean with known variance', () => {
    // Only the bias is left: x ~ N((λm + α Σ t) / (λ + αn), 1 / (λ + αn)).
    const problem = { nFactors: 1, counts: [5], ownPriors: false, seed: 3 }
    const memory = memoryFor(problem)
    memory.other.fill(0)
    memory.roots.fill(1)
    memory.precision.set([4, 0, 0, 4])
    const kernels = instantiateKernels(module, memory.shared.memory)
    const draws = Array.from({ length: 4000 }, (_, seed) => draw(kernels, problem, memory, seed).samples[1])
    const [alpha, m] = [memory.alphas[0], memory.priors[1]]
    const total = memory.values.subarray(0, 5).reduce((sum, value) => sum + value, 0)
    const [mean, variance] = [(4 * m + alpha * total) / (4 + 5 * alpha), 1 / (4 + 5 * alpha)]
    const got = draws.reduce((sum, value) => sum + value, 0) / draws.length
    expect(Math.abs(got - mean)).toBeLessThan(4 * Math.sqrt(variance / draws.length))
    const spread = draws.reduce((sum, value) => sum + (value - got) ** 2, 0) / draws.length
    expect(spread / variance).toBeGreaterThan(0.9)
    expect(spread / variance).toBeLessThan(1.1)
  })
})
