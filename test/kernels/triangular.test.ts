import fc from 'fast-check'
import { Matrix } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import type { Kernels } from '../../src/kernels/instance.ts'
import { normalAt } from '../../src/kernels/random.ts'
import { triangularScratchBytes } from '../../src/kernels/scratch.ts'
import { builds, expectClose, normals, type Workbench, workbench } from './builds.ts'

const problems = fc.record({
  order: fc.integer({ min: 1, max: 70 }),
  nRows: fc.integer({ min: 1, max: 30 }),
  padding: fc.nat(3),
  seed: fc.nat(1e6),
})

describe.each(builds)('triangular solves with %s', (_name, module) => {
  test.each(['solve_lower_rows', 'solve_upper_rows'] as const)(
    '%s agrees with its twin, undoes the product of ml-matrix, and leaves other rows alone',
    (kernel) => {
      fc.assert(
        fc.property(problems, ({ order, nRows, padding, seed }) => {
          const bench = workbench(module)
          const { lower, address, strideL } = lowerTriangle(bench, order, padding, seed)
          const stride = order + padding
          const rows = normals(bench.shared, (nRows + 2) * stride, seed + 1)
          const scratch = bench.shared.allocate(triangularScratchBytes(order))
          const run = (kernels: Kernels) => {
            const solved = bench.shared.float32(rows.length)
            solved.set(rows)
            const args = [solved.byteOffset, stride, address, order, strideL]
            kernels[kernel](1, nRows + 1, scratch, ...args)
            return solved
          }
          const [got, expected] = [run(bench.wasm), run(bench.twin)]
          expectClose(got, expected, 1e-5)
          expect(got.slice(0, stride)).toEqual(rows.slice(0, stride))
          expect(got.slice(-stride)).toEqual(rows.slice(-stride))
          const solution = Matrix.columnVector(Array.from(got.slice(stride, stride + order)))
          const product = (kernel === 'solve_lower_rows' ? lower : lower.transpose()).mmul(solution)
          expectClose(product.getColumn(0), rows.slice(stride, stride + order), 1e-4)
        }),
        { numRuns: 40 },
      )
    },
  )
})

/** As `cholesky` leaves it: the inverse of the diagonal, anything above it. */
function lowerTriangle({ shared }: Workbench, order: number, padding: number, seed: number) {
  const strideL = order + padding
  const l = shared.float32(order * strideL).fill(Number.NaN)
  const lower = Matrix.zeros(order, order)
  for (let i = 0; i < order; i++) {
    for (let j = 0; j < i; j++) lower.set(i, j, Math.fround(normalAt(seed + 2, i * order + j) / order))
    lower.set(i, i, 1 + (i % 3))
    l.set(lower.getRow(i).slice(0, i), i * strideL)
    l[i * strideL + i] = 1 / (1 + (i % 3))
  }
  return { lower, address: l.byteOffset, strideL }
}
