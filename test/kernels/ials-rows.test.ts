import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { instantiateKernels, type Kernels } from '../../src/kernels/instance.ts'
import { plainKernels } from '../../src/kernels/plain.ts'
import { normalAt, uniformAt } from '../../src/kernels/random.ts'
import { gramRowsScratchBytes, rotateScratchBytes } from '../../src/kernels/scratch.ts'
import { SharedMemory } from '../../src/kernels/shared-memory.ts'
import { ialsScratchBytes } from '../../src/models/als/cost-model.ts'
import { builds } from './builds.ts'

const nOther = 300

interface Problem {
  readonly nRows: number
  readonly width: number
  /** Entries of the longest row. */
  readonly longest: number
  readonly weighted: boolean
  readonly seed: number
}

/** Solves the same rows with a kernel and with its twin; the first row has no entries. */
function solveBoth(
  module: WebAssembly.Module,
  problem: Problem,
  methods: { nDual: number; cgSteps: number },
) {
  const { nRows, width, longest, weighted, seed } = problem
  const shared = new SharedMemory()
  shared.memory.grow(400)
  const counts = Array.from({ length: nRows }, (_, row) => Math.round((row / (nRows - 1)) * longest))
  const rowStarts = shared.int32(nRows + 1)
  counts.forEach((count, row) => {
    rowStarts[row + 1] = rowStarts[row] + count
  })
  const columns = shared.int32(rowStarts[nRows])
  const weights = shared.float32(columns.length)
  for (let entry = 0; entry < columns.length; entry++) {
    columns[entry] = Math.floor(uniformAt(seed, entry) * nOther)
    weights[entry] = 0.5 + 3 * uniformAt(seed + 1, entry)
  }
  const other = shared.float32(nOther * width)
  for (let at = 0; at < other.length; at++) other[at] = 0.3 * normalAt(seed + 2, at)
  const diagonal = shared.float32(width)
  for (let f = 0; f < width; f++) diagonal[f] = 2 * uniformAt(seed + 3, f)
  const scratch = shared.allocate(ialsScratchBytes(width, methods))
  const solve = (kernels: Kernels) => {
    const own = shared.float32(nRows * width)
    const [objective, penalty] = [shared.float64(nRows), shared.float64(nRows)]
    const buffers = [rowStarts, columns, weighted ? weights : undefined, own, other].map(
      (buffer) => buffer?.byteOffset ?? 0,
    )
    const scalars = [width, diagonal.byteOffset, 0.05, 3, 0.9, methods.nDual, methods.cgSteps]
    kernels.ials_rows(0, nRows, scratch, ...buffers, ...scalars, objective.byteOffset, penalty.byteOffset)
    return { own, objective, penalty }
  }
  return {
    got: solve(instantiateKernels(module, shared.memory)),
    expected: solve(plainKernels(shared.memory)),
  }
}

function expectClose(got: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  const scale = Math.max(1e-3, ...Array.from(expected, Math.abs))
  for (let at = 0; at < expected.length; at++) {
    expect(Math.abs(got[at] - expected[at]) <= tolerance * scale, `${at}: ${got[at]}, ${expected[at]}`).toBe(
      true,
    )
  }
}

const problems = fc.record({
  nRows: fc.constant(4),
  width: fc.integer({ min: 1, max: 6 }).map((eights) => 8 * eights),
  longest: fc.integer({ min: 0, max: 120 }),
  weighted: fc.boolean(),
  seed: fc.nat(1e6),
})

describe.each(builds)('with %s', (_name, module) => {
  test.each([
    ['primal', { nDual: 0, cgSteps: 0 }, 2e-4],
    ['dual', { nDual: 200, cgSteps: 0 }, 2e-4],
    ['conjugate gradients to the end', { nDual: 0, cgSteps: 60 }, 1e-3],
    ['dual for short rows and the primal for long ones', { nDual: 50, cgSteps: 0 }, 2e-4],
  ] as const)('%s: factors, objective and penalty agree with the twin', (_method, methods, tolerance) => {
    fc.assert(
      fc.property(problems, (problem) => {
        const { got, expected } = solveBoth(module, problem, methods)
        expectClose(got.own, expected.own, tolerance)
        expectClose(got.objective, expected.objective, tolerance)
        expectClose(got.penalty, expected.penalty, tolerance)
      }),
      { numRuns: 10 },
    )
  })

  test('conjugate gradients gather a row again that is too long to keep', () => {
    const problem = { nRows: 2, width: 512, longest: 290, weighted: true, seed: 5 }
    const { got, expected } = solveBoth(module, problem, { nDual: 0, cgSteps: 100 })
    expectClose(got.own, expected.own, 2e-2)
  })

  test('sums of outer products over ranges and rotations of rows agree with their twins', () => {
    const shared = new SharedMemory()
    shared.memory.grow(40)
    const [width, rowsPerRange] = [24, 40]
    const rows = shared.float32(104 * width)
    rows.forEach((_, at) => {
      rows[at] = normalAt(9, at)
    })
    const matrix = shared.float32(width * width)
    matrix.forEach((_, at) => {
      matrix[at] = normalAt(10, at)
    })
    const scratch = shared.allocate(Math.max(gramRowsScratchBytes(width), rotateScratchBytes(width)))
    const compute = (kernels: Kernels) => {
      const [partials, turned] = [shared.float32(3 * width * width), shared.float32(rows.length)]
      turned.set(rows)
      for (let lo = 0; lo < 102; lo += rowsPerRange) {
        const hi = Math.min(102, lo + rowsPerRange)
        kernels.gram_rows(lo, hi, scratch, rows.byteOffset, width, rowsPerRange, partials.byteOffset)
        kernels.rotate_rows(lo, hi, scratch, turned.byteOffset, width, matrix.byteOffset)
      }
      return { turned, lower: partials.filter((_, at) => at % width <= Math.floor(at / width) % width) }
    }
    const got = compute(instantiateKernels(module, shared.memory))
    const expected = compute(plainKernels(shared.memory))
    expectClose(got.turned, expected.turned, 1e-5)
    expectClose(got.lower, expected.lower, 1e-5)
  })
})
