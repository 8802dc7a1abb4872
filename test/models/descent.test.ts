import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Compute, RowJob } from '../../src/kernels/compute.ts'
import {
  compileKernels,
  instantiateKernels,
  type Kernels,
  type RowKernelName,
} from '../../src/kernels/instance.ts'
import { plainKernels } from '../../src/kernels/plain.ts'
import { SharedMemory } from '../../src/kernels/shared-memory.ts'
import { algorithms } from '../../src/models/algorithms.ts'
import { resolveParams } from '../../src/models/parameters.ts'
import { allocateStrata, fillStrata, nBlocks } from '../../src/models/strata.ts'
import type { AlgorithmName, Checkpoint, Params } from '../../src/models/types.ts'
import { startCompute } from '../../src/workers/pool.ts'
import { generatedRatings, trainingSetOf } from '../helpers/training-sets.ts'

let compute: Compute
beforeAll(async () => {
  compute = await startCompute({ nThreads: 2 })
})
afterAll(() => compute.release())

const [nUsers, nItems] = [60, 45]
const rows = generatedRatings(nUsers, nItems, 0.4, 21)
const train = trainingSetOf(rows, nUsers, nItems)

test('every entry lies once in the block of its user and item, and blocks on a diagonal share no row', async () => {
  const strata = allocateStrata(train.byUser, (value) => value, compute)
  await fillStrata(strata, 9, compute)
  const pairs = new Set(
    Array.from(strata.users, (user, at) => `${user} ${strata.items[at]} ${strata.values[at]}`),
  )
  expect(pairs).toEqual(new Set(rows.map(({ user, item, rating }) => `${user} ${item} ${rating}`)))
  for (let stratum = 0; stratum < nBlocks; stratum++) {
    const owner = new Map<string, number>()
    for (let block = 0; block < nBlocks; block++) {
      const cell = block * nBlocks + ((block + stratum) % nBlocks)
      for (let at = strata.blockStarts[cell]; at < strata.blockStarts[cell + 1]; at++) {
        for (const row of [`user ${strata.users[at]}`, `item ${strata.items[at]}`]) {
          expect(owner.get(row) ?? block, row).toBe(block)
          owner.set(row, block)
        }
      }
    }
  }
})

describe.each([
  ['svd', { solver: 'sgd', factors: 10, epochs: 12 }],
  ['bpr', { factors: 10, epochs: 12 }],
  ['bpr', { factors: 10, epochs: 12, negatives: 'popular' }],
  ['bpr', { factors: 10, epochs: 12, candidates: 3 }],
] as [AlgorithmName, Params][])('%s %o', (name, given) => {
  async function fitted(on: Compute, resume?: Checkpoint) {
    const losses: number[] = []
    const checkpoints: Checkpoint[] = []
    const model = await on.scoped(() =>
      algorithms[name].fit(train, resolveParams(algorithms[name], given), {
        ...{ compute: on, seed: 4, resume },
        onEpoch: ({ epoch, metrics }, state) => {
          losses.push(metrics.loss)
          const copies = Object.entries(state.arrays()).map(([key, array]) => [key, array.slice()])
          checkpoints.push({ epoch, arrays: Object.fromEntries(copies) })
        },
      }),
    )
    return { model, losses, checkpoints }
  }

  test('one thread and three give the same bytes', async () => {
    const three = await startCompute({ nThreads: 3 })
    const one = await startCompute({ nThreads: 1 })
    try {
      const [a, b] = [await fitted(one), await fitted(three)]
      expect(a.losses).toEqual(b.losses)
      for (const [key, { data }] of Object.entries(a.model.tensors))
        expect(b.model.tensors[key].data, key).toEqual(data)
    } finally {
      await Promise.all([one.release(), three.release()])
    }
  })

  test('the loss falls, and a resumed training ends in the same bytes', async () => {
    const whole = await fitted(compute)
    expect(whole.losses.at(-1)).toBeLessThan(0.9 * whole.losses[0])
    const resumed = await fitted(compute, whole.checkpoints[4])
    expect(resumed.losses).toEqual(whole.losses.slice(5))
    for (const [key, { data }] of Object.entries(whole.model.tensors)) {
      expect(resumed.model.tensors[key].data, key).toEqual(data)
    }
  })
})

test('bpr puts what was chosen above what was not', async () => {
  const model = await algorithms.bpr.fit(train, resolveParams(algorithms.bpr, { epochs: 40 }), {
    compute,
    seed: 4,
  })
  const scores = new Float32Array(nItems)
  let [right, pairs] = [0, 0]
  for (let user = 0; user < nUsers; user++) {
    model.scoreUser(user, [], scores)
    const own = new Set(rows.filter((row) => row.user === user).map(({ item }) => item))
    for (const item of own) {
      for (let other = 0; other < nItems; other++) {
        if (own.has(other)) continue
        pairs++
        if (scores[item] > scores[other]) right++
      }
    }
  }
  expect(right / pairs).toBeGreaterThan(0.95)
})

/** One thread over a shared memory of its own, with these kernels. */
function onOneThread(makeKernels: (memory: WebAssembly.Memory) => Kernels) {
  const shared = new SharedMemory()
  shared.memory.grow(8)
  const kernels = makeKernels(shared.memory)
  const address = (value: RowJob['args'][number]) => (typeof value === 'number' ? value : value.byteOffset)
  return {
    int32: (n: number) => shared.int32(n),
    float32: (n: number) => shared.float32(n),
    float64: (n: number) => shared.float64(n),
    run: async ({ kernel, nRows, scratchBytes = 0, args }: RowJob) =>
      kernels[kernel as RowKernelName](0, nRows, shared.allocate(scratchBytes), ...args.map(address)),
  } as Compute
}

test.each([
  ['sgd_blocks', 0],
  ['bpr_blocks', 1],
  ['bpr_blocks', 5],
] as const)(
  '%s, %d candidates, agrees with its twin, and so do the blocks and the first factors',
  async (kernel, candidates) => {
    const stride = 16
    const run = async (local: Compute) => {
      const share = (values: ArrayLike<number>) => {
        const ints = local.int32(values.length)
        ints.set(values)
        return ints
      }
      const strata = allocateStrata(train.byUser, (value) => value - 3, local)
      await fillStrata(strata, 9, local)
      const sides = [nUsers, nItems].map((n) => local.float32(n * stride))
      for (const rows of sides)
        await local.run({
          kernel: 'normal_rows',
          nRows: rows.length / stride,
          args: [rows, stride, 11, 0.3, rows.length],
        })
      const sums = local.float64(nBlocks)
      const { blockStarts, users, items, values } = strata
      const start = [blockStarts, nBlocks, 3, users, items]
      const rates = [stride, 0.05, 0.02, 0.01]
      const draws = [
        share(Array.from({ length: nBlocks + 1 }, (_, at) => 4 * at)),
        share(Array.from({ length: 4 * nBlocks }, (_, at) => at)),
      ]
      const args =
        kernel === 'sgd_blocks'
          ? [...start, values, ...sides, ...rates, sums]
          : [...start, ...sides, ...rates, strata.rowStarts, strata.columns, ...draws, candidates, 77, sums]
      await local.run({ kernel, nRows: nBlocks, args })
      return [...sides, sums, blockStarts, users, items, values]
    }
    const got = await run(onOneThread((memory) => instantiateKernels(compileKernels('relaxed'), memory)))
    const expected = await run(onOneThread(plainKernels))
    expected.forEach((values, side) => {
      values.forEach((value, at) => {
        expect(Math.abs(got[side][at] - value), `${side} ${at}`).toBeLessThan(
          1e-4 * Math.max(1, Math.abs(value)),
        )
      })
    })
  },
)
