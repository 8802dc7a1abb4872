import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Compute } from '../../../src/kernels/compute.ts'
import { compileKernels, instantiateKernels } from '../../../src/kernels/instance.ts'
import { plainKernels } from '../../../src/kernels/plain.ts'
import { uniformAt } from '../../../src/kernels/random.ts'
import { SharedMemory } from '../../../src/kernels/shared-memory.ts'
import { algorithms, restoreModel } from '../../../src/models/algorithms.ts'
import { resolveParams } from '../../../src/models/parameters.ts'
import { startCompute } from '../../../src/workers/pool.ts'
import { trainingSetOf } from '../../helpers/training-sets.ts'

let compute: Compute
beforeAll(async () => {
  compute = await startCompute({ nThreads: 2 })
})
afterAll(() => compute.release())

/** Items 0 and 1 share users 0 and 1; items 1 and 2 share user 2. */
const rows = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
  [2, 1],
  [2, 2],
].map(([user, item]) => ({ user, item, rating: 4 }))

async function similarities(given: object): Promise<(from: number, to: number) => number> {
  const { 'item-knn': itemKnn } = algorithms
  const params = resolveParams(itemKnn, { shrinkage: 0, activityExponent: 0, asymmetry: 0.5, ...given })
  const model = await itemKnn.fit(trainingSetOf(rows, 3, 4), params, { compute, seed: 1 })
  const scores = new Float32Array(4)
  return (from, to) => {
    model.scoreSimilar(from, scores)
    return scores[to]
  }
}

test('the cosine of two items is the users they share over the root of their counts', async () => {
  const similarity = await similarities({})
  expect(similarity(0, 1)).toBeCloseTo(2 / Math.sqrt(2 * 3))
  expect(similarity(1, 2)).toBeCloseTo(1 / Math.sqrt(3))
  expect(similarity(0, 2)).toBe(0)
  expect(similarity(0, 0)).toBe(0)
  expect(similarity(3, 0)).toBe(0)
})

test('asymmetry weighs the norm of the recommended item, shrinkage adds to both', async () => {
  const similarity = await similarities({ asymmetry: 0, shrinkage: 1 })
  // Recommended by item 0 with two users, by item 1 with three: the neighbour's norm counts alone.
  expect(similarity(0, 1)).toBeCloseTo(2 / (2 + 1))
  expect(similarity(1, 0)).toBeCloseTo(2 / (3 + 1))
})

test('active users count less', async () => {
  const similarity = await similarities({ activityExponent: 1 })
  // Every user has two items: all weights are a half, and the cosine stays as it was.
  expect(similarity(0, 1)).toBeCloseTo(2 / Math.sqrt(2 * 3))
})

test.each(['tfidf', 'bm25'])(
  '%s ranks the item with two common users before that with one',
  async (similarity) => {
    const of = await similarities({ similarity })
    expect(of(1, 0)).toBeGreaterThan(of(1, 2))
    expect(of(1, 2)).toBeGreaterThan(0)
  },
)

test('an item keeps only its nearest neighbours', async () => {
  const similarity = await similarities({ neighbours: 1 })
  expect(similarity(0, 1)).toBeGreaterThan(0)
  // Of item 1 the nearest is item 0: item 2 no longer speaks for it.
  expect(similarity(2, 1)).toBe(0)
})

test('a model whose rows name no item is refused', async () => {
  const { 'item-knn': itemKnn } = algorithms
  const model = await itemKnn.fit(trainingSetOf(rows, 3, 4), resolveParams(itemKnn, {}), { compute, seed: 1 })
  const { neighbourItems } = model.tensors
  const wrong = { ...neighbourItems, data: neighbourItems.data.map(() => 7) }
  expect(() => restoreModel({ ...model, tensors: { ...model.tensors, neighbourItems: wrong } })).toThrow(
    'none of the 4',
  )
})

test('the kernel agrees with its twin', () => {
  const shared = new SharedMemory()
  shared.memory.grow(4)
  const [nItems, nUsers, k] = [17, 9, 5]
  const pairs = Array.from({ length: nItems * nUsers }, (_, at) => [
    Math.floor(at / nItems),
    at % nItems,
  ]).filter((_, at) => uniformAt(1, at) < 0.3)
  const csr = (nRows: number, row: number) => {
    const sorted = pairs.toSorted((a, b) => a[row] - b[row] || a[1 - row] - b[1 - row])
    const starts = shared.int32(nRows + 1)
    for (const pair of sorted) starts[pair[row] + 1]++
    for (let at = 0; at < nRows; at++) starts[at + 1] += starts[at]
    const columns = shared.int32(sorted.length)
    columns.set(sorted.map((pair) => pair[1 - row]))
    const weights = shared.float32(sorted.length)
    weights.set(sorted.map(([user, item]) => 0.5 + uniformAt(2, user) + uniformAt(3, item)))
    return [starts, columns, weights]
  }
  const norms = [4, 5].map((seed) => {
    const floats = shared.float32(nItems)
    floats.set(Array.from(floats, (_, at) => 1 + uniformAt(seed, at)))
    return floats
  })
  const [scratch, items, scores] = [
    shared.float32(nItems),
    shared.int32(nItems * k),
    shared.float32(nItems * k),
  ]
  const args = [...csr(nItems, 1), ...csr(nUsers, 0), nItems, ...norms, 0.25, k, items, scores]
  const addresses = args.map((value) => (typeof value === 'number' ? value : value.byteOffset))
  const run = (kernels: ReturnType<typeof plainKernels>) => {
    kernels.similar_rows(0, nItems, scratch.byteOffset, ...addresses)
    return { items: [...items], scores: [...scores] }
  }
  const got = run(instantiateKernels(compileKernels('relaxed'), shared.memory))
  const expected = run(plainKernels(shared.memory))
  expect(got.items).toEqual(expected.items)
  got.scores.forEach((score, at) => {
    expect(Math.abs(score - expected.scores[at])).toBeLessThanOrEqual(1e-5 * Math.abs(expected.scores[at]))
  })
})
