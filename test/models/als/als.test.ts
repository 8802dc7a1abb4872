import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Compute } from '../../../src/kernels/compute.ts'
import { algorithms } from '../../../src/models/algorithms.ts'
import { confidenceOf, entryWeights, transposed } from '../../../src/models/als/confidence.ts'
import { chooseMethods } from '../../../src/models/als/cost-model.ts'
import type { AlsParams } from '../../../src/models/als/parameters.ts'
import { resolveParams } from '../../../src/models/parameters.ts'
import type { Checkpoint, Params } from '../../../src/models/types.ts'
import { startCompute } from '../../../src/workers/pool.ts'
import { type RatingRow, trainingSetOf } from '../../helpers/training-sets.ts'

let compute: Compute
beforeAll(async () => {
  compute = await startCompute({ nThreads: 2 })
})
afterAll(() => compute.release())

/** Users of block b take items of block b only; item 0 of each block is left out for one user. */
const [nBlocks, perBlock] = [4, 6]
const size = nBlocks * perBlock
const blockOf = (index: number) => Math.floor(index / perBlock)
const rows: RatingRow[] = Array.from({ length: size * size }, (_, at) => ({
  user: Math.floor(at / size),
  item: at % size,
  rating: 5,
})).filter(
  ({ user, item }) => blockOf(user) === blockOf(item) && !(user % perBlock === 0 && item % perBlock === 0),
)

function train(
  given: Params,
  context: { resume?: Checkpoint; onCheckpoint?: (at: Checkpoint) => void } = {},
) {
  const params = resolveParams(algorithms.als, { factors: 12, epochs: 6, ...given })
  const set = trainingSetOf(rows, size, size)
  const { onCheckpoint, resume } = context
  const losses: number[] = []
  const fitting = algorithms.als.fit(set, params, {
    compute,
    seed: 3,
    resume,
    onEpoch: ({ epoch, metrics }, state) => {
      losses.push(metrics.loss)
      const copies = Object.entries(state.arrays()).map(([name, array]) => [name, array.slice()])
      onCheckpoint?.({ epoch, arrays: Object.fromEntries(copies) })
    },
  })
  return fitting.then((model) => ({ model, losses }))
}

test.each(['exact', 'cg', 'auto'])(
  '%s: the item left out of a block comes first for its user',
  async (solver) => {
    const { model } = await train({ solver })
    const scores = new Float32Array(size)
    for (let block = 0; block < nBlocks; block++) {
      const user = block * perBlock
      model.scoreUser(user, [], scores)
      const unseen = Array.from(scores.keys()).filter(
        (item) => !rows.some((row) => row.user === user && row.item === item),
      )
      const best = unseen.reduce((a, b) => (scores[b] > scores[a] ? b : a))
      expect(best).toBe(user)
    }
  },
)

test('the loss falls with every epoch, and conjugate gradients end near the exact loss', async () => {
  const exact = await train({ epochs: 15 })
  for (let epoch = 1; epoch < exact.losses.length; epoch++) {
    expect(exact.losses[epoch]).toBeLessThanOrEqual(exact.losses[epoch - 1] + 1e-6)
  }
  const cg = await train({ epochs: 15, solver: 'cg' })
  expect(cg.losses.at(-1)).toBeLessThan(1.02 * (exact.losses.at(-1) as number))
})

test.each(['exact', 'cg'])('%s: a resumed training ends in the same bytes', async (solver) => {
  const checkpoints: Checkpoint[] = []
  const whole = await train({ solver }, { onCheckpoint: (at) => checkpoints.push(at) })
  const resumed = await train({ solver }, { resume: checkpoints[2] })
  expect(resumed.losses).toEqual(whole.losses.slice(3))
  for (const [name, { data }] of Object.entries(whole.model.tensors)) {
    expect(resumed.model.tensors[name].data, name).toEqual(data)
  }
})

test('folding in the history of a user gives the scores that training gave', async () => {
  const { model } = await train({ epochs: 60, confidence: 'linear', confidenceScale: 2 })
  const history = rows
    .filter(({ user }) => user === 7)
    .map(({ item, rating }) => ({ itemIndex: item, rating }))
  const [trained, folded] = [new Float32Array(size), new Float32Array(size)]
  model.scoreUser(7, [], trained)
  model.scoreHistory(history, folded)
  trained.forEach((score, item) => {
    expect(Math.abs(folded[item] - score)).toBeLessThan(0.02)
  })
})

test('the dual serves short rows, the primal or conjugate gradients long ones', () => {
  expect(chooseMethods({ factors: 512, solver: 'exact', cgSteps: 3 }).nDual).toBeGreaterThan(200)
  expect(chooseMethods({ factors: 64, solver: 'exact', cgSteps: 3 }).nDual).toBeLessThan(64)
  expect(chooseMethods({ factors: 256, solver: 'auto', cgSteps: 3 })).toMatchObject({ cgSteps: 3 })
  expect(chooseMethods({ factors: 8, solver: 'auto', cgSteps: 3 })).toMatchObject({ cgSteps: 0 })
  expect(chooseMethods({ factors: 64, solver: 'cg', cgSteps: 5 })).toEqual({ nDual: 0, cgSteps: 5 })
})

test('confidence grows with the value of an entry and halves with its half-life', () => {
  expect(confidenceOf({ confidence: 'linear', confidenceScale: 2 }, 4)(6)).toBe(4)
  expect(confidenceOf({ confidence: 'log', confidenceScale: 1 }, 4)(4)).toBeCloseTo(1 + Math.log(2))
  const day = 86_400
  const two = [
    { user: 0, item: 1, rating: 1 },
    { user: 1, item: 0, rating: 1 },
  ]
  const set = trainingSetOf(two, 2, 2, { timestamps: () => Float64Array.of(0, 30 * day) })
  const params = resolveParams(algorithms.als, { halfLife: 30 }) as AlsParams
  const weights = entryWeights(set, params, 1) as Float32Array
  expect([...weights]).toEqual([0.5, 1])
  expect([...transposed(set, weights)]).toEqual([1, 0.5])
  expect(entryWeights(set, resolveParams(algorithms.als, {}) as AlsParams, 1)).toBeUndefined()
})

test('without an unobserved weight it is fifteen times the density, and the model says which', async () => {
  const { model } = await train({})
  expect(model.params.unobservedWeight).toBeCloseTo((15 * rows.length) / size ** 2, 2)
  expect((await train({ unobservedWeight: 0.2 })).model.params.unobservedWeight).toBe(0.2)
})
