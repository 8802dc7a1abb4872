import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Compute } from '../../../src/kernels/compute.ts'
import { normalAt, uniformAt } from '../../../src/kernels/random.ts'
import { algorithms, restoreModel } from '../../../src/models/algorithms.ts'
import { resolveParams } from '../../../src/models/parameters.ts'
import type { Checkpoint } from '../../../src/models/types.ts'
import { startCompute } from '../../../src/workers/pool.ts'
import { type RatingRow, trainingSetOf } from '../../helpers/training-sets.ts'

let compute: Compute
beforeAll(async () => {
  compute = await startCompute({ nThreads: 2 })
})
afterAll(() => compute.release())

const [nUsers, nItems, nKinds] = [300, 80, 2]
const aDay = 86_400

/** Users rate mostly items of the kind they like: what they have rated says more of them than how they rated it. */
function ratingsOfChosenItems(): RatingRow[] {
  const rows: RatingRow[] = []
  for (let user = 0; user < nUsers; user++) {
    for (let item = 0; item < nItems; item++) {
      const at = user * nItems + item
      const isOwnKind = user % nKinds === item % nKinds
      if (uniformAt(1, at) > (isOwnKind ? 0.12 : 0.03)) continue
      rows.push({ user, item, rating: clip(3 + (isOwnKind ? 0.5 : -0.5) + 0.7 * normalAt(2, at)) })
    }
  }
  return rows
}

/** A user's mood of a day, and items that go out of fashion. */
function ratingsThatChange(): RatingRow[] {
  const rows: RatingRow[] = []
  for (let user = 0; user < nUsers; user++) {
    for (let item = 0; item < nItems; item++) {
      const at = user * nItems + item
      if (uniformAt(3, at) > 0.35) continue
      const day = Math.floor(6 * uniformAt(4, at)) * 20
      const mood = 0.7 * normalAt(5, user * 200 + day)
      const fashion = (item % 2 === 0 ? 1 : -1) * (day / 100 - 0.5)
      const rating = clip(3 + mood + fashion + 0.3 * normalAt(6, at))
      rows.push({ user, item, rating, timestamp: 1e9 + day * aDay + 60 * item })
    }
  }
  return rows
}

const clip = (rating: number) => Math.min(5, Math.max(1, rating))
const isHeldOut = (_row: RatingRow, at: number) => uniformAt(9, at) < 0.25

function train(rows: readonly RatingRow[], given: object, resume?: Checkpoint, kept?: Checkpoint[]) {
  const params = resolveParams(algorithms.svd, { factors: 4, epochs: 60, burnIn: 20, samples: 20, ...given })
  return compute.scoped(() =>
    algorithms.svd.fit(trainingSetOf(rows, nUsers, nItems), params, {
      ...{ compute, seed: 3, resume },
      onEpoch: ({ epoch }, state) => {
        const copies = Object.entries(state.arrays()).map(([name, array]) => [name, array.slice()])
        kept?.push({ epoch, arrays: Object.fromEntries(copies) })
      },
    }),
  )
}

async function heldOutRmse(rows: readonly RatingRow[], given: object): Promise<number> {
  const model = await train(
    rows.filter((row, at) => !isHeldOut(row, at)),
    given,
  )
  const held = rows.filter(isHeldOut)
  const squares = held.map(
    ({ user, item, rating, timestamp }) => (model.predict(user, item, timestamp) - rating) ** 2,
  )
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / held.length)
}

test('--implicit learns from which items were rated', async () => {
  const rows = ratingsOfChosenItems()
  const given = { factors: 2, epochs: 200 }
  const plain = await heldOutRmse(rows, given)
  expect(await heldOutRmse(rows, { ...given, implicit: true })).toBeLessThan(0.97 * plain)
})

test('--time learns the mood of a day and what goes out of fashion', async () => {
  const rows = ratingsThatChange()
  const plain = await heldOutRmse(rows, {})
  expect(await heldOutRmse(rows, { time: true })).toBeLessThan(0.75 * plain)
})

test('a rating is predicted by its day, and without one as of now', async () => {
  const rows = ratingsThatChange()
  const model = await train(rows, { time: true })
  const [first, last] = [1e9, 1e9 + 100 * aDay]
  // Item 0 comes into fashion, item 1 goes out of it.
  const meanAt = (item: number, time?: number) => {
    const all = Array.from({ length: nUsers }, (_, user) => model.predict(user, item, time))
    return all.reduce((sum, value) => sum + value, 0) / nUsers
  }
  expect(meanAt(0, last) - meanAt(0, first)).toBeGreaterThan(0.5)
  expect(meanAt(1, first) - meanAt(1, last)).toBeGreaterThan(0.5)
  const distantFuture = last + 1000 * aDay
  for (const item of [0, 1]) expect(meanAt(item)).toBeCloseTo(meanAt(item, distantFuture), 5)
  const restored = restoreModel(model)
  for (const time of [first, last, undefined]) {
    expect(restored.predict(5, 0, time)).toBe(model.predict(5, 0, time))
  }
})

test('a resumed chain with both terms ends in the same bytes, before and after its burn-in', async () => {
  const rows = ratingsThatChange()
  const given = { implicit: true, time: true, epochs: 20, burnIn: 8, samples: 6 }
  const checkpoints: Checkpoint[] = []
  const whole = await train(rows, given, undefined, checkpoints)
  for (const epoch of [4, 13]) {
    const resumed = await train(rows, given, checkpoints[epoch - 1])
    for (const [name, { data }] of Object.entries(whole.tensors))
      expect(resumed.tensors[name].data, name).toEqual(data)
  }
})

test('the terms need the sampler: another solver is refused with the way out', async () => {
  for (const term of ['implicit', 'time']) {
    const refused = train(ratingsOfChosenItems(), { [term]: true, solver: 'als' })
    await expect(refused).rejects.toThrow(expect.objectContaining({ code: 'RECSYS_USAGE' }))
  }
})
