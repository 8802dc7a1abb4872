import { EigenvalueDecomposition, inverse, Matrix } from 'ml-matrix'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Compute } from '../../../src/kernels/compute.ts'
import { compileKernels, instantiateKernels, type Kernels } from '../../../src/kernels/instance.ts'
import { plainKernels } from '../../../src/kernels/plain.ts'
import { uniformAt } from '../../../src/kernels/random.ts'
import { SharedMemory } from '../../../src/kernels/shared-memory.ts'
import { algorithms } from '../../../src/models/algorithms.ts'
import { largestEigenvalue, needsDouble } from '../../../src/models/ease/condition.ts'
import { resolveParams } from '../../../src/models/parameters.ts'
import { startCompute } from '../../../src/workers/pool.ts'
import { trainingSetOf } from '../../helpers/training-sets.ts'

let compute: Compute
beforeAll(async () => {
  compute = await startCompute({ nThreads: 2 })
})
afterAll(() => compute.release())

function binaryRows(nUsers: number, nItems: number) {
  return Array.from({ length: nUsers * nItems }, (_, at) => ({
    user: Math.floor(at / nItems),
    item: at % nItems,
    rating: 3,
  })).filter((_, at) => uniformAt(1, at) < 0.12)
}

test.each([
  ['more users than items', 160, 100],
  ['fewer users than items, by the users', 70, 150],
  ['a catalogue of whole tiles', 100, 64],
  ['one item more than a tile', 90, 65],
])('%s: the weights are those of the closed form', async (_what, nUsers, nItems) => {
  const rows = binaryRows(nUsers, nItems)
  const params = resolveParams(algorithms.ease, { reg: 7 })
  const model = await compute.scoped(() =>
    algorithms.ease.fit(trainingSetOf(rows, nUsers, nItems), params, { compute, seed: 1 }),
  )
  const x = Matrix.zeros(nUsers, nItems)
  for (const { user, item } of rows) x.set(user, item, 1)
  const p = inverse(x.transpose().mmul(x).add(Matrix.eye(nItems).mul(7)))
  const weights = new Float32Array(nItems)
  for (let from = 0; from < nItems; from++) {
    model.scoreSimilar(from, weights)
    for (let to = 0; to < nItems; to++) {
      const expected = from === to ? 0 : -p.get(from, to) / p.get(to, to)
      expect(Math.abs(weights[to] - expected), `${from} → ${to}`).toBeLessThan(1e-5)
    }
  }
})

test.each([
  ['items', 160, 100],
  ['users', 70, 150],
])('a small λ is solved in double precision, by the %s', async (_road, nUsers, nItems) => {
  const rows = binaryRows(nUsers, nItems)
  const train = trainingSetOf(rows, nUsers, nItems)
  const reg = 1e-3
  expect([needsDouble(train, reg), needsDouble(train, 1)]).toEqual([true, false])
  const params = resolveParams(algorithms.ease, { reg })
  const model = await compute.scoped(() => algorithms.ease.fit(train, params, { compute, seed: 1 }))
  const x = Matrix.zeros(nUsers, nItems)
  for (const { user, item } of rows) x.set(user, item, 1)
  const p = inverse(x.transpose().mmul(x).add(Matrix.eye(nItems).mul(reg)))
  const weights = new Float32Array(nItems)
  for (let from = 0; from < nItems; from++) {
    model.scoreSimilar(from, weights)
    for (let to = 0; to < nItems; to++) {
      const expected = from === to ? 0 : -p.get(from, to) / p.get(to, to)
      expect(Math.abs(weights[to] - expected), `${from} → ${to}`).toBeLessThan(
        1e-6 * Math.max(1, Math.abs(expected)),
      )
    }
  }
})

test('the largest eigenvalue is that of ml-matrix', () => {
  const rows = binaryRows(90, 60)
  const x = Matrix.zeros(90, 60)
  for (const { user, item } of rows) x.set(user, item, 1)
  const expected = Math.max(...new EigenvalueDecomposition(x.transpose().mmul(x)).realEigenvalues)
  expect(largestEigenvalue(trainingSetOf(rows, 90, 60)) / expected).toBeCloseTo(1, 3)
  expect(largestEigenvalue(trainingSetOf([], 3, 2))).toBe(0)
})

test.each([
  ['largest', Math.abs],
  ['positive', (weight: number) => weight],
])('of the weights to an item the %s are kept', async (keep, strength) => {
  const rows = binaryRows(120, 40)
  const fitted = (neighbours: number) => {
    const params = resolveParams(algorithms.ease, { reg: 7, neighbours, keep })
    return algorithms.ease.fit(trainingSetOf(rows, 120, 40), params, { compute, seed: 1 })
  }
  const [all, few] = [await fitted(40), await fitted(5)]
  const column = (model: typeof all, to: number) => {
    const scores = new Float32Array(40)
    return Array.from({ length: 40 }, (_, from) => {
      model.scoreSimilar(from, scores)
      return scores[to]
    })
  }
  for (const to of [0, 17, 39]) {
    const [whole, kept] = [column(all, to), column(few, to)]
    // The item itself has the weight 0 and is never among them.
    const others = whole.filter((_, from) => from !== to)
    const threshold = others.map(strength).sort((a, b) => b - a)[4]
    expect(kept).toEqual(
      whole.map((weight, from) => (from !== to && strength(weight) >= threshold ? weight : 0)),
    )
  }
  expect(few.tensors.neighbourWeights.data.some((weight) => weight < 0)).toBe(keep === 'largest')
})

test('a catalogue whose matrix no memory could hold asks for more than there is, by either road', () => {
  const empty = trainingSetOf([], 1, 1)
  const large = { ...empty, nUsers: 2_000_000, nItems: 100_000 }
  const params = resolveParams(algorithms.ease, {})
  expect(algorithms.ease.memoryBytes(large, params, 2)).toBeGreaterThan(2e10)
  // Few users: their matrix is small, whatever the catalogue.
  expect(algorithms.ease.memoryBytes({ ...large, nUsers: 1000 }, params, 2)).toBeLessThan(2 ** 32)
})

test.each([
  ['single', 0, 2e-4],
  ['double', 1, 1e-9],
] as const)(
  'every step over tiles of %s precision agrees with its twin',
  (_precision, isDouble, tolerance) => {
    const shared = new SharedMemory()
    shared.memory.grow(120)
    const [nUsers, n, nBlocks, tile] = [90, 150, 3, 4096]
    const rows = binaryRows(nUsers, n)
    const { byUser, byItem } = trainingSetOf(rows, nUsers, n)
    const share = (values: Int32Array) => {
      const ints = shared.int32(values.length)
      ints.set(values)
      return ints.byteOffset
    }
    const csr = [byItem.rowStarts, byItem.columns, byUser.rowStarts, byUser.columns].map(share)
    const scratch = shared.allocate(2 * 8 * tile)
    const numbers = (length: number) => (isDouble ? shared.float64(length) : shared.float32(length))
    const run = (kernels: Kernels) => {
      const tiles = numbers(6 * tile)
      const [inverses, row] = [numbers(nBlocks * tile), numbers(nBlocks * tile)]
      const steps: (Float32Array | Float64Array)[] = []
      const step = (kernel: keyof Kernels, hi: number, ...args: number[]) => {
        const call = kernels[kernel] as (...numbers: number[]) => void
        call(0, hi, scratch, tiles.byteOffset, ...args, isDouble)
        steps.push(tiles.slice())
      }
      step('tile_gram_rows', nBlocks, n, 5, ...csr)
      for (let k = 0; k < nBlocks; k++) {
        step('tile_update_rows', nBlocks - k, k)
        step('tile_factor', 1, k, inverses.byteOffset)
        step('tile_solve_rows', nBlocks - k - 1, k)
      }
      for (let i = 1; i < nBlocks; i++) {
        const first = ((i * (i + 1)) / 2) * tile
        row.set(tiles.subarray(first, first + i * tile))
        step('tile_inverse_columns', i, i, row.byteOffset, inverses.byteOffset)
      }
      for (let i = 0; i < nBlocks; i++) step('tile_product_columns', i + 1, i, nBlocks, inverses.byteOffset)
      return steps
    }
    const got = run(instantiateKernels(compileKernels('relaxed'), shared.memory))
    const expected = run(plainKernels(shared.memory))
    got.forEach((tiles, at) => {
      let worst = 0
      tiles.forEach((value, place) => {
        worst = Math.max(worst, Math.abs(value - expected[at][place]))
      })
      expect(worst, `step ${at}`).toBeLessThan(tolerance)
    })
  },
)
