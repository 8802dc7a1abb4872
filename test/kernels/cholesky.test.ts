import fc from 'fast-check'
import { CholeskyDecomposition, Matrix } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import type { Kernels } from '../../src/kernels/instance.ts'
import { normalAt } from '../../src/kernels/random.ts'
import { builds, expectClose, workbench } from './builds.ts'

/** Seeded, well conditioned. */
function positiveDefinite(order: number, seed: number): Matrix {
  const entries = Array.from({ length: order * order }, (_, at) => normalAt(seed, at))
  const m = Matrix.from1DArray(order, order, entries)
  return m.mmul(m.transpose()).add(Matrix.eye(order).mul(order))
}

interface Problem {
  readonly order: number
  readonly nCarried: number
  /** Floats a row beyond order rounded up to 4. */
  readonly padding: number
  readonly seed: number
}

const problems = fc.record({
  order: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 60, max: 140 })),
  nCarried: fc.integer({ min: 0, max: 5 }),
  padding: fc.constantFrom(0, 4, 8),
  seed: fc.nat(1e6),
})

describe.each(builds)('Cholesky with %s', (_name, module) => {
  /** L and the rows carried along, with whatever nobody promised poisoned before. */
  function factorise(problem: Problem) {
    const { order, nCarried, padding, seed } = problem
    const { shared, wasm, twin } = workbench(module)
    const system = positiveDefinite(order, seed)
    const stride = ((order + 3) & ~3) + padding
    const nRows = order + nCarried
    const run = (kernels: Kernels) => {
      const a = shared.float32(((nRows + 3) & ~3) * stride).fill(Number.NaN)
      const after = shared.float32(64).fill(7)
      for (let i = 0; i < order; i++) a.set(system.getRow(i).slice(0, i + 1), i * stride)
      for (let i = order; i < nRows; i++) {
        for (let j = 0; j < order; j++) a[i * stride + j] = normalAt(seed + i, j)
      }
      kernels.cholesky(a.byteOffset, order, nRows, stride)
      expect(after.every((value) => value === 7)).toBe(true)
      return { a, lower: Array.from({ length: nRows }, (_, i) => rowOf(a, i, order, stride)) }
    }
    return { wasm, system, stride, got: run(wasm), expected: () => run(twin).lower }
  }

  test('the lower triangle, the inverse diagonal and the rows carried along are those of the twin', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const { got, expected } = factorise(problem)
        const lower = expected()
        got.lower.forEach((row, i) => {
          expectClose(row, lower[i], 1e-4)
        })
      }),
      { numRuns: 60 },
    )
  })

  test('with the solve back it solves the system as ml-matrix does', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const { order, seed } = problem
        const { wasm, system, stride, got } = factorise({ ...problem, nCarried: 1 })
        const y = got.a.subarray(order * stride)
        wasm.solveTransposed(got.a.byteOffset, order, stride, y.byteOffset)
        const right = Matrix.columnVector(Array.from({ length: order }, (_, j) => normalAt(seed + order, j)))
        const oracle = new CholeskyDecomposition(system).solve(right).getColumn(0)
        expectClose(y.subarray(0, order), oracle, 1e-4)
      }),
      { numRuns: 40 },
    )
  })

  test.each([
    [201, 4],
    [256, 0],
    [256, 8],
  ])('A = L·Lᵀ at order %i and %i floats of padding, in more than one block of rows', (order, padding) => {
    const { system, got } = factorise({ order, nCarried: 1, padding, seed: 3 })
    const lower = Matrix.zeros(order, order)
    for (let i = 0; i < order; i++) {
      for (let j = 0; j <= i; j++) lower.set(i, j, i === j ? 1 / got.lower[i][j] : got.lower[i][j])
    }
    expectClose(lower.mmul(lower.transpose()).to1DArray(), system.to1DArray(), 1e-5)
  })
})

/** The entries of row i up to the diagonal, all `order` of a row that is carried along. */
function rowOf(a: Float32Array, i: number, order: number, stride: number): Float32Array {
  return a.slice(i * stride, i * stride + Math.min(i + 1, order))
}
