import fc from 'fast-check'
import { CholeskyDecomposition, Matrix } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { instantiateKernels, type Kernels } from '../../src/kernels/instance.ts'
import { plainKernels } from '../../src/kernels/plain.ts'
import { normalAt, uniformAt } from '../../src/kernels/random.ts'
import { SharedMemory } from '../../src/kernels/shared-memory.ts'
import { builds } from './builds.ts'

/** One memory for the compiled kernels and their twins. */
function bench(module: WebAssembly.Module): { shared: SharedMemory; wasm: Kernels; twin: Kernels } {
  const shared = new SharedMemory()
  shared.memory.grow(64)
  return { shared, wasm: instantiateKernels(module, shared.memory), twin: plainKernels(shared.memory) }
}

function randomFloats(shared: SharedMemory, length: number, seed: number): Float32Array {
  const floats = shared.float32(length)
  for (let i = 0; i < length; i++) floats[i] = uniformAt(seed, i) * 2 - 1
  return floats
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  for (let i = 0; i < expected.length; i++) {
    const scale = Math.max(1, Math.abs(expected[i]))
    if (!(Math.abs(actual[i] - expected[i]) <= tolerance * scale)) {
      expect.fail(`value ${i} is ${actual[i]}, the twin has ${expected[i]}`)
    }
  }
}

describe.each(builds)('kernels with %s', (_name, module) => {
  test('dot agrees with its twin to 1e-5', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 64 }), fc.nat(), (quads, seed) => {
        const { shared, wasm, twin } = bench(module)
        const [a, b] = [randomFloats(shared, 4 * quads, seed), randomFloats(shared, 4 * quads, seed + 1)]
        const expected = twin.dot(a.byteOffset, b.byteOffset, 4 * quads)
        expectClose([wasm.dot(a.byteOffset, b.byteOffset, 4 * quads)], [expected], 1e-5)
      }),
      { numRuns: 30 },
    )
  })

  test('the rank-k update agrees with its twin and with ml-matrix to 1e-4', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.nat(100), fc.nat(), (eights, nRows, seed) => {
        const { shared, wasm, twin } = bench(module)
        const width = 8 * eights
        const stride = width + 4 * (seed % 3)
        const panel = randomFloats(shared, nRows * stride, seed)
        const [out, expected] = [shared.float32(width * width), shared.float32(width * width)]
        wasm.gram(panel.byteOffset, stride, nRows, width, out.byteOffset)
        twin.gram(panel.byteOffset, stride, nRows, width, expected.byteOffset)
        const lower = (m: Float32Array) =>
          Array.from(m).filter((_, at) => at % width <= Math.floor(at / width))
        expectClose(lower(out), lower(expected), 1e-4)
        if (nRows === 0) return
        const matrix = Matrix.from1DArray(nRows, stride, Array.from(panel)).subMatrix(
          0,
          nRows - 1,
          0,
          width - 1,
        )
        expectClose(lower(out), lower(Float32Array.from(matrix.transpose().mmul(matrix).to1DArray())), 1e-4)
      }),
      { numRuns: 30 },
    )
  })

  test('Cholesky and the triangular solve agree with their twins and solve the system of ml-matrix', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 70 }), fc.nat(), (order, seed) => {
        const { shared, wasm, twin } = bench(module)
        const width = (order + 8) & ~7
        const system = positiveDefinite(order, seed)
        const right = Array.from({ length: order }, (_, i) => normalAt(seed + 9, i))
        const solve = (kernels: Kernels): Float32Array => {
          const a = shared.float32(width * width)
          for (let i = 0; i < order; i++) a.set(system.getRow(i), i * width)
          a.set(right, order * width)
          kernels.cholesky(a.byteOffset, order, order + 1, width)
          const y = a.subarray(order * width, order * width + order)
          kernels.solveTransposed(a.byteOffset, order, width, y.byteOffset)
          return y
        }
        const x = solve(wasm)
        expectClose(x, solve(twin), 1e-3)
        const oracle = new CholeskyDecomposition(system).solve(Matrix.columnVector(right)).getColumn(0)
        expectClose(x, oracle, 1e-3)
      }),
      { numRuns: 40 },
    )
  })

  test('top-k agrees with its twin, ties to the lower item, fewer than k filled with -1', () => {
    const score = fc.oneof(
      fc.constantFrom(-3.4028234663852886e38, Number.NaN, -1, 0, 1, 2, 2.5, 7),
      fc.integer({ min: -40, max: 40 }),
    )
    const scores = fc.array(score, { maxLength: 90, size: 'max' })
    fc.assert(
      fc.property(scores, fc.integer({ min: 1, max: 100 }), (values, k) => {
        const { shared, wasm, twin } = bench(module)
        const floats = shared.float32(values.length)
        floats.set(values)
        const run = (kernels: Kernels) => {
          const [items, best] = [shared.int32(k), shared.float32(k)]
          kernels.top_k(floats.byteOffset, values.length, k, items.byteOffset, best.byteOffset)
          return { items, best }
        }
        expect(run(wasm)).toEqual(run(twin))
      }),
    )
  })

  test.each(['als_rows', 'nnls_rows'] as const)('%s agrees with its twin to 2e-3', (kernel) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 24 }), fc.nat(), (nFactors, seed) => {
        const { shared, wasm, twin } = bench(module)
        const system = rowSystem(shared, nFactors, seed)
        const run = (kernels: Kernels) => {
          const [own, objective] = [shared.float32(system.own.length), shared.float64(system.nRows)]
          own.set(system.own)
          const scalars = [nFactors, system.stride, 3.5, 0.1, 1.5, 0.05, 0.7, objective.byteOffset, 2]
          const scratch = shared.allocate(4 * 48 * (64 + 48))
          const { rowStarts, columns, values, other } = system
          const buffers = [rowStarts, columns, values, own, other].map(({ byteOffset }) => byteOffset)
          kernels[kernel](0, system.nRows, scratch, ...buffers, ...scalars)
          return { own, objective }
        }
        const [got, expected] = [run(wasm), run(twin)]
        expectClose(got.own, expected.own, 2e-3)
        expectClose(got.objective, expected.objective, 2e-3)
        if (kernel === 'nnls_rows') expect(Math.min(...got.own)).toBeGreaterThanOrEqual(0)
      }),
      { numRuns: 25 },
    )
  })

  test('top_k_rows agrees with its twin and leaves out what was seen', () => {
    const { shared, wasm, twin } = bench(module)
    const [nUsers, nItems, width, k] = [7, 90, 12, 10]
    const [users, items] = [randomFloats(shared, nUsers * width, 1), randomFloats(shared, nItems * width, 2)]
    const starts = shared.int32(nUsers + 1)
    starts.set([0, 3, 3, 10, 12, 12, 12, 90])
    const seen = shared.int32(90)
    seen.set(Array.from(seen, (_, i) => (i * 7) % nItems))
    const run = (kernels: Kernels) => {
      const [out, scores] = [shared.int32(nUsers * k), shared.float32(nUsers * k)]
      const buffers = [users, items, width, nItems, starts, seen, k, out, scores]
      const args = buffers.map((value) => (typeof value === 'number' ? value : value.byteOffset))
      kernels.top_k_rows(0, nUsers, shared.allocate(4 * nItems), ...args)
      return { out, scores }
    }
    const [got, expected] = [run(wasm), run(twin)]
    expect(got.out).toEqual(expected.out)
    expectClose(got.scores, expected.scores, 1e-5)
    const ofUser2 = got.out.subarray(2 * k, 3 * k)
    for (const item of seen.subarray(3, 10)) expect(ofUser2).not.toContain(item)
  })

  test('score_groups agrees with its twin and keeps the groups that reach the floor', () => {
    const { shared, wasm, twin } = bench(module)
    const [nGroups, width] = [40, 12]
    const query = randomFloats(shared, width, 1)
    const columns = randomFloats(shared, nGroups * width * 16, 2)
    columns[5 * width * 16] = Number.NaN
    const run = (kernels: Kernels, floor: number) => {
      const [groups, scores] = [shared.int32(nGroups), shared.float32(16 * nGroups)]
      groups.set(Array.from({ length: nGroups - 3 }, (_, i) => i + 3))
      const places = [query.byteOffset, columns.byteOffset, width, floor, scores.byteOffset] as const
      const kept = kernels.score_groups(groups.byteOffset, nGroups - 3, ...places)
      return { groups: [...groups.subarray(0, kept)], scores: scores.subarray(0, 16 * kept) }
    }
    const everything = run(wasm, Number.NEGATIVE_INFINITY)
    expect(everything.groups).toEqual(Array.from({ length: nGroups - 3 }, (_, i) => i + 3))
    expectClose(everything.scores, run(twin, Number.NEGATIVE_INFINITY).scores.slice(0, 32), 1e-5)
    const [got, expected] = [run(wasm, 2.5), run(twin, 2.5)]
    expect(got.groups).toEqual(expected.groups)
    expect(got.groups.length).toBeGreaterThan(0)
    expect(got.groups.length).toBeLessThan(nGroups - 3)
    expect(run(wasm, 1e9).groups).toEqual([])
  })

  test('screen_groups finds the groups that its twin finds', () => {
    const { shared, wasm, twin } = bench(module)
    const [nGroups, width] = [40, 12]
    const query = new Uint8Array(shared.memory.buffer, shared.allocate(width), width)
    query.forEach((_, f) => {
      query[f] = 1 + Math.floor(63 * uniformAt(1, f))
    })
    const copies = shared.allocate(nGroups * (144 + 16 * width))
    for (let group = 0; group < nGroups; group++) {
      const at = copies + group * (144 + 16 * width)
      const head = new Float32Array(shared.memory.buffer, at, 36)
      const bytes = new Int8Array(shared.memory.buffer, at + 144, 16 * width)
      bytes.forEach((_, i) => {
        bytes[i] = Math.floor(255 * uniformAt(2, group * 1000 + i)) - 127
      })
      head.set([0.01, 0.5 + uniformAt(3, group), 0.02], 0)
      new Int32Array(shared.memory.buffer, at + 16, 16).fill(-320 * group)
      head.fill(0.1 * uniformAt(4, group), 20)
    }
    const run = (kernels: Kernels, floor: number) => {
      const groups = shared.int32(nGroups)
      const found = kernels.screen_groups(
        3,
        nGroups,
        copies,
        query.byteOffset,
        width,
        0.01,
        0.1,
        2,
        floor,
        groups.byteOffset,
      )
      return [...groups.subarray(0, found)]
    }
    expect(run(wasm, Number.NEGATIVE_INFINITY)).toHaveLength(nGroups - 3)
    expect(run(wasm, 1)).toEqual(run(twin, 1))
    expect(run(wasm, 1).length).toBeGreaterThan(0)
    expect(run(wasm, 1).length).toBeLessThan(nGroups - 3)
  })
})

function positiveDefinite(order: number, seed: number): Matrix {
  const m = Matrix.from1DArray(
    order,
    order,
    Array.from({ length: order * order }, (_, i) => normalAt(seed, i)),
  )
  return m.mmul(m.transpose()).add(Matrix.eye(order).mul(order))
}

/** Three rows: one without ratings, one with a few, one with more than a panel holds. */
function rowSystem(shared: SharedMemory, nFactors: number, seed: number) {
  const stride = (nFactors + 4) & ~3
  const [nRows, nColumns] = [3, 100]
  const rowStarts = shared.int32(nRows + 1)
  rowStarts.set([0, 0, 5, 95])
  const columns = shared.int32(95)
  columns.set(Array.from(columns, (_, i) => (i * 31) % nColumns))
  const values = shared.float32(95)
  values.set(Array.from(values, (_, i) => 1 + Math.floor(uniformAt(seed, i) * 5)))
  const other = shared.float32(nColumns * stride)
  const own = new Float32Array(nRows * stride)
  for (const rows of [other, own]) {
    for (let start = 0; start < rows.length; start += stride) {
      for (let f = 0; f <= nFactors; f++) rows[start + f] = uniformAt(seed + 3, start + f)
    }
  }
  return { nRows, stride, rowStarts, columns, values, other, own }
}

describe('random numbers', () => {
  test('a value depends on seed and position alone', () => {
    expect([uniformAt(1, 5), uniformAt(1, 5)]).toEqual([uniformAt(1, 5), uniformAt(1, 5)])
    expect(uniformAt(1, 5)).not.toBe(uniformAt(2, 5))
    expect(uniformAt(1, 5)).not.toBe(uniformAt(1, 6))
  })

  test('uniforms fill [0, 1) evenly and normals have mean 0 and variance 1', () => {
    const n = 100_000
    const buckets = new Array<number>(10).fill(0)
    let [sum, squares] = [0, 0]
    for (let i = 0; i < n; i++) {
      buckets[Math.floor(uniformAt(42, i) * 10)]++
      const z = normalAt(42, i)
      sum += z
      squares += z * z
    }
    for (const count of buckets) expect(Math.abs(count - n / 10)).toBeLessThan(500)
    expect(Math.abs(sum / n)).toBeLessThan(0.015)
    expect(Math.abs(squares / n - 1)).toBeLessThan(0.02)
  })
})
