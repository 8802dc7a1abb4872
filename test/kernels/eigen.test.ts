import fc from 'fast-check'
import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Compute, RowJob } from '../../src/kernels/compute.ts'
import { type Eigen, eigenSymmetric } from '../../src/kernels/eigen.ts'
import type { Kernels, RowKernelName } from '../../src/kernels/instance.ts'
import { normalAt } from '../../src/kernels/random.ts'
import type { SharedMemory } from '../../src/kernels/shared-memory.ts'
import { startCompute } from '../../src/workers/pool.ts'
import { builds, expectClose, workbench } from './builds.ts'

/** One thread, this one, with whatever kernels; ranges from the last to the first. */
function computeWith(shared: SharedMemory, kernels: Kernels): Compute {
  const address = (value: RowJob['args'][number]) => (typeof value === 'number' ? value : value.byteOffset)
  return {
    nThreads: 1,
    float32: (length) => shared.float32(length),
    float64: (length) => shared.float64(length),
    int32: (length) => shared.int32(length),
    maxBytes: shared.maxBytes,
    entries: (numbers) => numbers,
    keepEntriesOutside: () => undefined,
    run: async ({ kernel, nRows, rowsPerRange = 64, scratchBytes = 0, args }) => {
      const scratch = shared.allocate(scratchBytes)
      for (let lo = rowsPerRange * Math.floor((nRows - 1) / rowsPerRange); lo >= 0; lo -= rowsPerRange) {
        kernels[kernel as RowKernelName](
          lo,
          Math.min(nRows, lo + rowsPerRange),
          scratch,
          ...args.map(address),
        )
      }
    },
    scoped: (work) => work(),
    release: async () => undefined,
  }
}

/** Q·diag(values)·Qᵀ with a random orthogonal Q, or noise around it. */
function symmetricWith(values: readonly number[], seed: number): Float32Array {
  const order = values.length
  const noise = Matrix.from1DArray(
    order,
    order,
    Array.from({ length: order * order }, (_, at) => normalAt(seed, at)),
  )
  const basis = new EigenvalueDecomposition(noise.add(noise.clone().transpose())).eigenvectorMatrix
  const product = basis.mmul(Matrix.diag([...values])).mmul(basis.clone().transpose())
  return Float32Array.from(product.to1DArray())
}

function expectDecomposition(matrix: Float32Array, order: number, { values, vectors }: Eigen): void {
  const lower = Matrix.from1DArray(order, order, Array.from(matrix))
  const a = Matrix.zeros(order, order)
  for (let i = 0; i < order; i++) {
    for (let j = 0; j < order; j++) a.set(i, j, lower.get(Math.max(i, j), Math.min(i, j)))
  }
  const v = Matrix.from1DArray(order, order, Array.from(vectors))
  const largest = Math.max(1e-30, ...Array.from(values, Math.abs))
  const error = (m: Matrix) => Math.max(...m.to1DArray().map(Math.abs))
  expect(error(v.transpose().mmul(v).sub(Matrix.eye(order)))).toBeLessThan(5e-7)
  expect(error(a.mmul(v).sub(v.mmul(Matrix.diag(Array.from(values))))) / largest).toBeLessThan(1e-6)
  for (let i = 1; i < order; i++) expect(values[i]).toBeLessThanOrEqual(values[i - 1])
}

const spectra = fc.oneof(
  fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 1, maxLength: 40 }),
  fc.array(fc.constantFrom(0, 1, 3), { minLength: 1, maxLength: 40 }),
)

describe.each(builds)('the eigendecomposition with %s', (_name, module) => {
  test('has the values of ml-matrix and small residuals, for repeated values and zeros too', async () => {
    await fc.assert(
      fc.asyncProperty(spectra, fc.nat(1e6), async (spectrum, seed) => {
        const { shared, wasm } = workbench(module, 80)
        const order = spectrum.length
        const matrix = symmetricWith(spectrum, seed)
        const got = await eigenSymmetric(computeWith(shared, wasm), matrix, order)
        expectDecomposition(matrix, order, got)
        const wide = Matrix.from1DArray(order, order, Array.from(matrix))
        const oracle = new EigenvalueDecomposition(wide, { assumeSymmetric: true }).realEigenvalues
        expectClose(
          got.values,
          oracle.sort((a, b) => b - a),
          1e-6,
        )
      }),
      { numRuns: 40 },
    )
  })

  test('agrees with its twins up to signs', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 30 }), fc.nat(1e6), async (order, seed) => {
        const { shared, wasm, twin } = workbench(module, 80)
        const matrix = symmetricWith(
          Array.from({ length: order }, (_, i) => i - 3),
          seed,
        )
        const got = await eigenSymmetric(computeWith(shared, wasm), matrix, order)
        const expected = await eigenSymmetric(computeWith(shared, twin), matrix, order)
        expectClose(got.values, expected.values, 1e-6)
        expectClose(got.vectors.map(Math.abs), expected.vectors.map(Math.abs), 1e-5)
      }),
      { numRuns: 25 },
    )
  })

  test('records as many rotations at a time as there is room for', () => {
    const { shared, wasm } = workbench(module)
    const order = 24
    const [diagonal, off] = [shared.float64(order), shared.float64(order)]
    for (let i = 0; i < order; i++) {
      diagonal[i] = normalAt(1, i)
      off[i] = i < order - 1 ? normalAt(2, i) : 0
    }
    const full = Matrix.diag(Array.from(diagonal))
    for (let i = 1; i < order; i++) full.set(i, i - 1, off[i - 1]).set(i - 1, i, off[i - 1])
    const state = shared.int32(4)
    const [sweeps, rotations] = [shared.int32(2 * order), shared.float64(2 * order)]
    let nCalls = 0
    for (; state[0] < order; nCalls++) {
      const args = [diagonal.byteOffset, off.byteOffset, order, state.byteOffset, order]
      wasm.eigen_sweeps(0, 1, 0, ...args, sweeps.byteOffset, rotations.byteOffset)
      let nRotations = 0
      for (let sweep = 0; sweep < state[3]; sweep++) nRotations += sweeps[2 * sweep] - sweeps[2 * sweep + 1]
      expect(nRotations).toBeLessThanOrEqual(order)
    }
    expect(nCalls).toBeGreaterThan(10)
    const oracle = new EigenvalueDecomposition(full, { assumeSymmetric: true }).realEigenvalues
    expectClose(
      diagonal.toSorted(),
      oracle.sort((a, b) => a - b),
      1e-12,
    )
  })

  test('says so when the eigenvalues do not converge', async () => {
    const { shared, wasm } = workbench(module)
    const ints = new Int32Array(shared.memory.buffer)
    const tired: Kernels = {
      ...wasm,
      // As if the first eigenvalue had had all its iterations.
      eigen_sweeps(...args) {
        ints[args[6] / 4 + 1] = 80
        wasm.eigen_sweeps(...args)
      },
    }
    const matrix = Float32Array.from([1, 2, 2, 1])
    const failing = eigenSymmetric(computeWith(shared, tired), matrix, 2)
    await expect(failing).rejects.toMatchObject({ code: 'RECSYS_KERNEL_FAILED' })
  })

  test.each([
    ['nothing', 0, []],
    ['a number', 1, [-2.5]],
    ['zeros', 3, [0, 0, 0, 0, 0, 0, 0, 0, 0]],
    ['a diagonal', 3, [1, 0, 0, 0, 5, 0, 0, 0, 5]],
    ['two blocks', 4, [2, 1, 0, 0, 1, 2, 0, 0, 0, 0, 2, 1, 0, 0, 1, 2]],
    ['huge entries', 2, [3e37, 1e37, 1e37, -3e37]],
    ['tiny entries', 2, [3e-38, 1e-38, 1e-38, 2e-38]],
  ])('decomposes %s', async (_what, order, entries) => {
    const { shared, wasm } = workbench(module)
    const matrix = Float32Array.from(entries)
    expectDecomposition(matrix, order, await eigenSymmetric(computeWith(shared, wasm), matrix, order))
  })
})

describe('the eigendecomposition on a pool', () => {
  const pools: Compute[] = []
  beforeAll(async () => {
    for (const nThreads of [1, 3]) pools.push(await startCompute({ nThreads }))
  })
  afterAll(() => Promise.all(pools.map((pool) => pool.release())))

  test('has the same bytes for any number of threads, and gives its memory back', async () => {
    const order = 131
    const matrix = Float32Array.from({ length: order * order }, (_, at) => {
      const [i, j] = [Math.floor(at / order), at % order]
      return normalAt(4, Math.max(i, j) * order + Math.min(i, j))
    })
    const before = pools[0].float32(1).byteOffset
    const [one, three] = await Promise.all(pools.map((pool) => eigenSymmetric(pool, matrix, order)))
    expectDecomposition(matrix, order, one)
    expect(three).toEqual(one)
    expect(pools[0].float32(1).byteOffset - before).toBeLessThan(1024)
  })

  test('ends with NaN for a matrix with NaN', async () => {
    const { values } = await eigenSymmetric(pools[0], new Float32Array(16).fill(Number.NaN), 4)
    expect(Array.from(values)).toEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN])
  })
})
