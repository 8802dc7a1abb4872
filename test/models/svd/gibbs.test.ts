import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Compute } from '../../../src/kernels/compute.ts'
import { normalAt, RandomStream, uniformAt } from '../../../src/kernels/random.ts'
import { algorithms } from '../../../src/models/algorithms.ts'
import { resolveParams } from '../../../src/models/parameters.ts'
import { drawRowPrior } from '../../../src/models/svd/hyperparameters.ts'
import type { Checkpoint } from '../../../src/models/types.ts'
import { startCompute } from '../../../src/workers/pool.ts'
import { generatedRatings, type RatingRow, trainingSetOf } from '../../helpers/training-sets.ts'

let compute: Compute
beforeAll(async () => {
  compute = await startCompute({ nThreads: 2 })
})
afterAll(() => compute.release())

const [nUsers, nItems] = [80, 60]
const rows = generatedRatings(nUsers, nItems, 0.4, 11)

function train(
  ratings: readonly RatingRow[],
  given: object,
  resume?: Checkpoint,
  keep?: (at: Checkpoint) => void,
) {
  const params = resolveParams(algorithms.svd, { factors: 4, epochs: 40, burnIn: 10, samples: 12, ...given })
  return compute.scoped(() =>
    algorithms.svd.fit(trainingSetOf(ratings, nUsers, nItems), params, {
      ...{ compute, seed: 5, resume },
      onEpoch: ({ epoch }, state) => {
        const copies = Object.entries(state.arrays()).map(([name, array]) => [name, array.slice()])
        keep?.({ epoch, arrays: Object.fromEntries(copies) })
      },
    }),
  )
}

test('intervals of 90 % hold about 90 % of ratings that were not learnt from', async () => {
  // Ratings as the model assumes them: real numbers with normal noise.
  const all: RatingRow[] = []
  for (let user = 0; user < nUsers; user++) {
    for (let item = 0; item < nItems; item++) {
      if (uniformAt(1, user * nItems + item) > 0.5) continue
      let rating = 3 + 0.4 * normalAt(2, user) + 0.4 * normalAt(3, item)
      rating += 0.6 * normalAt(4, user) * normalAt(5, item) + 0.5 * normalAt(6, user * nItems + item)
      all.push({ user, item, rating })
    }
  }
  const isHeldOut = (_row: RatingRow, at: number) => uniformAt(7, at) < 0.2
  const model = await train(
    all.filter((row, at) => !isHeldOut(row, at)),
    { epochs: 150, burnIn: 50, samples: 50 },
  )
  const heldOut = all.filter(isHeldOut).filter(({ rating }) => rating > 1.5 && rating < 4.5)
  const inside = heldOut.filter(({ user, item, rating }) => {
    const deviation = model.deviation?.(user, item) ?? Number.NaN
    return Math.abs(rating - model.predict(user, item)) <= 1.645 * deviation
  })
  expect(inside.length / heldOut.length).toBeGreaterThan(0.85)
  expect(inside.length / heldOut.length).toBeLessThan(0.96)
})

test('every pair has an interval, also with an unknown user or item', async () => {
  const model = await train(rows, {})
  const known = model.deviation?.(3, 4) as number
  expect(known).toBeGreaterThan(0.2)
  for (const [user, item] of [
    [-1, 4],
    [3, -1],
    [-1, -1],
  ]) {
    expect(model.deviation?.(user, item)).toBeGreaterThan(0.2)
  }
})

test('a resumed chain ends in the same bytes, before and after its burn-in', async () => {
  const checkpoints: Checkpoint[] = []
  const whole = await train(rows, {}, undefined, (at) => checkpoints.push(at))
  for (const epoch of [4, 25]) {
    const resumed = await train(rows, {}, checkpoints[epoch - 1])
    for (const [name, { data }] of Object.entries(whole.tensors))
      expect(resumed.tensors[name].data, name).toEqual(data)
  }
})

test('more samples than draws after the burn-in are as many as there are draws', async () => {
  const model = await train(rows, { epochs: 8, burnIn: 20, samples: 50 })
  expect(model.tensors.userFactors.width).toBe(4)
})

test('folding in the training ratings of a user predicts nearly what the training did', async () => {
  const model = await train(rows, { epochs: 80, samples: 40 })
  const history = rows
    .filter(({ user }) => user === 9)
    .map(({ item, rating }) => ({ itemIndex: item, rating }))
  const [trained, folded] = [new Float32Array(nItems), new Float32Array(nItems)]
  model.scoreUser(9, history, trained)
  model.scoreHistory(history, folded)
  trained.forEach((score, item) => {
    expect(Math.abs(folded[item] - score)).toBeLessThan(0.15)
  })
})

test('the prior of rows is drawn around what the rows say', () => {
  const n = 5000
  const moments = {
    nRows: n,
    sum: Float64Array.of(2 * n, -n),
    products: Float64Array.of(5 * n, -2 * n, -2 * n, 3 * n),
  }
  // Mean (2, −1), covariance [[1, 0], [0, 2]].
  const { mean, precision } = drawRowPrior(moments, new RandomStream(3))
  expect(mean[0]).toBeCloseTo(2, 1)
  expect(mean[1]).toBeCloseTo(-1, 1)
  for (const [at, value] of [1, 0, 0, 0.5].entries())
    expect(Math.abs(precision[at] - value)).toBeLessThan(0.1)
})

test('gamma numbers have the mean and the variance of their shape', () => {
  for (const shape of [0.3, 1, 4.5, 200]) {
    const random = new RandomStream(17)
    const draws = Array.from({ length: 20_000 }, () => random.gamma(shape))
    const mean = draws.reduce((sum, value) => sum + value, 0) / draws.length
    const variance = draws.reduce((sum, value) => sum + (value - mean) ** 2, 0) / draws.length
    expect(mean / shape).toBeGreaterThan(0.96)
    expect(mean / shape).toBeLessThan(1.04)
    expect(variance / shape).toBeGreaterThan(0.9)
    expect(variance / shape).toBeLessThan(1.1)
  }
})
