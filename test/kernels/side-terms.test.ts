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
  readonly seed: number
}

const problems: fc.Arbitrary<Problem> = fc.record({
  nFactors: fc.integer({ min: 1, max: 20 }),
  counts: fc.array(fc.nat(20), { minLength: 1, maxLength: 5 }),
  seed: fc.nat(1e6),
})

const nOther = 20

/** Rows with distinct columns, and matrices that both sides' kernels can read. */
function memoryFor({ nFactors, counts, seed }: Problem) {
  const shared = new SharedMemory()
  shared.memory.grow(50)
  const [order, stride] = [nFactors + 1, (nFactors + 8) & ~7]
  const rowStarts = shared.int32(counts.length + 1)
  counts.forEach((count, row) => {
    rowStarts[row + 1] = rowStarts[row] + count
  })
  const n = rowStarts[counts.length]
  const columns = shared.int32(n)
  counts.forEach((count, row) => {
    const first = Math.floor(uniformAt(seed, row) * nOther)
    for (let at = 0; at < count; at++) columns[rowStarts[row] + at] = (first + at) % nOther
  })
  const filled = (length: number, value: (at: number) => number) => {
    const floats = shared.float32(length)
    for (let at = 0; at < length; at++) floats[at] = value(at)
    return floats
  }
  const rows = (nRows: number, of: number) =>
    filled(nRows * stride, (at) => (at % stride < order ? 0.5 * normalAt(seed + of, at) : 0))
  const bins = (most: number, of: number) => {
    const ints = shared.int32(n)
    for (let at = 0; at < n; at++) ints[at] = Math.floor(uniformAt(seed + of, at) * (most + 1)) - 1
    return ints
  }
  return { shared, order, stride, n, rowStarts, columns, filled, rows, bins }
}

type Memory = ReturnType<typeof memoryFor>
type Argument = number | { readonly byteOffset: number }
const addressesOf = (args: readonly Argument[]) =>
  args.map((value) => (typeof value === 'number' ? value : value.byteOffset))

/** What `run` leaves behind is the same by the kernels and by their twins, from the same start. */
function expectTwins(
  module: WebAssembly.Module,
  problem: Problem,
  run: (kernels: Kernels, memory: Memory) => readonly Float32Array[],
): void {
  const [memory, twin] = [memoryFor(problem), memoryFor(problem)]
  const got = run(instantiateKernels(module, memory.shared.memory), memory)
  const expected = run(plainKernels(twin.shared.memory), twin)
  expected.forEach((array, which) => {
    array.forEach((value, at) => {
      const close = Math.abs(got[which][at] - value) <= 2e-3 * Math.max(1, Math.abs(value))
      expect(close, `array ${which}, ${at}: ${got[which][at]}, ${value}`).toBe(true)
    })
  })
}

describe.each(builds)('with %s', (_name, module) => {
  test('the sweep over the terms of items rated agrees with its twin', () => {
    const property = fc.property(problems, (problem) =>
      expectTwins(module, problem, (kernels, memory) => {
        const { shared, rowStarts, columns, stride, order, filled, rows } = memory
        const shares = filled(nOther, (at) => 0.2 + uniformAt(problem.seed + 1, at))
        const [terms, residuals] = [rows(problem.counts.length, 2), rows(nOther, 3)]
        const root = rows(order, 4)
        const scratch = shared.allocate(8 * stride)
        const data = [rowStarts, columns, shares, terms, residuals, stride, order, root, 1.5, 99]
        kernels.implicit_rows(0, problem.counts.length, scratch, ...addressesOf(data))
        return [terms, residuals]
      }),
    )
    fc.assert(property, { numRuns: 40 })
  })

  test('the draw of the biases of bins agrees with its twin', () => {
    const property = fc.property(problems, (problem) =>
      expectTwins(module, problem, (kernels, memory) => {
        const { shared, rowStarts, columns, stride, n, filled, rows, bins } = memory
        const nRows = problem.counts.length
        const binStarts = shared.int32(nRows + 1)
        for (let row = 0; row < nRows; row++) binStarts[row + 1] = binStarts[row] + 1 + (row % 3)
        const [ownBins, otherBins] = [bins(0, 5), bins(4, 6)]
        for (let row = 0; row < nRows; row++) {
          for (let at = rowStarts[row]; at < rowStarts[row + 1]; at++)
            if (ownBins[at] >= 0 || at % 2 === 0) ownBins[at] = binStarts[row] + (at % (1 + (row % 3)))
        }
        const values = filled(n, (at) => normalAt(problem.seed + 7, at))
        const otherBiases = filled(4, (at) => normalAt(problem.seed + 8, at))
        const alphas = filled(nRows, (at) => 0.5 + uniformAt(problem.seed + 9, at))
        const roots = filled(nOther, (at) => 0.5 + uniformAt(problem.seed + 10, at))
        const biases = shared.float32(binStarts[nRows])
        const scratch = shared.allocate(4 * (3 * 3 + 16))
        const entries = [rowStarts, columns, values, ownBins, otherBins, otherBiases]
        const matrices = [rows(nRows, 11), rows(nOther, 12), problem.nFactors, stride, alphas, roots]
        const data = [...entries, ...matrices, 0.7, 98, binStarts, biases]
        kernels.bin_rows(0, nRows, scratch, ...addressesOf(data))
        return [biases]
      }),
    )
    fc.assert(property, { numRuns: 40 })
  })

  test('the values without the biases of bins agree with their twin', () => {
    const property = fc.property(problems, (problem) =>
      expectTwins(module, problem, (kernels, { shared, n, filled, bins }) => {
        const biases = [1, 2].map((of) => filled(6, (at) => normalAt(problem.seed + of, at)))
        const [values, out] = [filled(n, (at) => normalAt(problem.seed + 3, at)), shared.float32(n)]
        const data = [values, bins(6, 4), biases[0], bins(6, 5), biases[1], out]
        kernels.shift_entries(0, n, 0, ...addressesOf(data))
        return [out]
      }),
    )
    fc.assert(property, { numRuns: 40 })
  })
})
