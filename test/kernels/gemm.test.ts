import fc from 'fast-check'
import { Matrix } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import type { Kernels } from '../../src/kernels/instance.ts'
import { gemmScratchBytes, gramRowsScratchBytes, rotateScratchBytes } from '../../src/kernels/scratch.ts'
import { builds, expectClose, normals, workbench } from './builds.ts'

const products = fc.record({
  m: fc.integer({ min: 0, max: 140 }),
  n: fc.integer({ min: 0, max: 40 }),
  k: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 250, max: 270 })),
  padding: fc.nat(3),
  seed: fc.nat(1e6),
})

describe.each(builds)('matrix products with %s', (_name, module) => {
  test.each(['gemm', 'gemm_transposed'] as const)(
    '%s agrees with its twin and with ml-matrix for any shape and stride, and writes nothing beside C',
    (kernel) => {
      fc.assert(
        fc.property(products, ({ m, n, k, padding, seed }) => {
          const { shared, wasm, twin } = workbench(module)
          const isTransposed = kernel === 'gemm_transposed'
          const [strideA, strideB, strideC] = [k, isTransposed ? k : n, n].map((width) => width + padding)
          const a = normals(shared, m * strideA, seed)
          const b = normals(shared, (isTransposed ? n : k) * strideB, seed + 1)
          const scratch = shared.allocate(gemmScratchBytes)
          const run = (kernels: Kernels) => {
            const c = shared.float32(m * strideC + 16).fill(0.5)
            const operands = [a.byteOffset, strideA, b.byteOffset, strideB, c.byteOffset, strideC] as const
            kernels[kernel](m, n, k, ...operands, scratch)
            return c
          }
          const [got, expected] = [run(wasm), run(twin)]
          expectClose(got, expected, 1e-5)
          if (m * n * k === 0) return
          const left = matrixOf(a, m, k, strideA)
          const right = isTransposed ? matrixOf(b, n, k, strideB).transpose() : matrixOf(b, k, n, strideB)
          expectClose(matrixOf(got, m, n, strideC).to1DArray(), left.mmul(right).add(0.5).to1DArray(), 1e-5)
        }),
        { numRuns: 40 },
      )
    },
  )

  test('rotate_rows turns the rows of its range in place, and no other', () => {
    const shapes = fc.record({
      nRows: fc.nat(150),
      eights: fc.integer({ min: 1, max: 36 }),
      seed: fc.nat(1e6),
    })
    fc.assert(
      fc.property(shapes, ({ nRows, eights, seed }) => {
        const { shared, wasm, twin } = workbench(module)
        const width = 8 * eights
        const rows = normals(shared, (nRows + 2) * width, seed)
        const matrix = normals(shared, width * width, seed + 1)
        const scratch = shared.allocate(rotateScratchBytes(width))
        const run = (kernels: Kernels) => {
          const turned = shared.float32(rows.length)
          turned.set(rows)
          kernels.rotate_rows(1, nRows + 1, scratch, turned.byteOffset, width, matrix.byteOffset)
          return turned
        }
        const [got, expected] = [run(wasm), run(twin)]
        expectClose(got, expected, 1e-5)
        expect(got.slice(0, width)).toEqual(rows.slice(0, width))
        expect(got.slice(-width)).toEqual(rows.slice(-width))
      }),
      { numRuns: 25 },
    )
  })

  test('gram_rows sums each range in its own slot as the twin does', () => {
    const shapes = fc.record({
      nRows: fc.nat(600),
      eights: fc.integer({ min: 1, max: 12 }),
      seed: fc.nat(1e6),
    })
    fc.assert(
      fc.property(shapes, ({ nRows, eights, seed }) => {
        const { shared, wasm, twin } = workbench(module)
        const width = 8 * eights
        const rows = normals(shared, nRows * width, seed)
        const rowsPerRange = 350
        const scratch = shared.allocate(gramRowsScratchBytes(width))
        const run = (kernels: Kernels) => {
          const slots = shared.float32(2 * width * width)
          for (let lo = 0; lo < nRows; lo += rowsPerRange) {
            const hi = Math.min(nRows, lo + rowsPerRange)
            kernels.gram_rows(lo, hi, scratch, rows.byteOffset, width, rowsPerRange, slots.byteOffset)
          }
          return slots.filter((_, at) => at % width <= Math.floor(at / width) % width)
        }
        expectClose(run(wasm), run(twin), 1e-5)
      }),
      { numRuns: 20 },
    )
  })
})

function matrixOf(floats: Float32Array, nRows: number, nColumns: number, stride: number): Matrix {
  const rows = Array.from({ length: nRows }, (_, row) =>
    Array.from(floats.subarray(row * stride, row * stride + nColumns)),
  )
  return new Matrix(rows)
}
