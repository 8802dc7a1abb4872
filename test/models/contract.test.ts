import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Ranking, startsOf } from '../../src/dataset/ranking.ts'
import type { Compute } from '../../src/kernels/compute.ts'
import { algorithms, restoreModel } from '../../src/models/algorithms.ts'
import { type Params, resolveParams } from '../../src/models/parameters.ts'
import type { AlgorithmName, HistoryEntry, Model, ModelState } from '../../src/models/types.ts'
import { startCompute } from '../../src/workers/pool.ts'
import { generatedRatings, type RatingRow, trainingSetOf } from '../helpers/training-sets.ts'

let compute: Compute
beforeAll(async () => {
  compute = await startCompute({ nThreads: 2 })
})
afterAll(() => compute.release())

const [nUsers, nItems] = [60, 40]
/** User 59 and item 39 have no ratings. */
const rows = generatedRatings(nUsers - 1, nItems - 1, 0.4, 7)

/** The scores of a ranking by its definition. */
function scoresOf(ranking: Ranking, user: number, history: readonly HistoryEntry[]): number[] {
  if (ranking.kind === 'factors') {
    const { width, userRows, itemRows } = ranking
    const row = userRows.subarray(user * width, (user + 1) * width)
    return Array.from({ length: nItems }, (_, item) =>
      row.reduce((sum, x, f) => sum + x * itemRows[item * width + f], 0),
    )
  }
  const starts = startsOf(ranking.counts)
  const scores = new Array<number>(nItems).fill(0)
  for (const { itemIndex } of history) {
    for (let entry = starts[itemIndex]; entry < starts[itemIndex + 1]; entry++) {
      scores[ranking.items[entry]] += ranking.weights[entry]
    }
  }
  return scores
}

/** What an item has for everybody, whatever they have seen. */
function ownScore(model: Model, item: number): number {
  const { algorithm, tensors } = model
  if (algorithm === 'popular') return tensors.itemScore.data[item]
  if (tensors.priorMean || algorithm === 'bpr') {
    const scores = new Float32Array(nItems)
    model.scoreHistory([], scores)
    return scores[item]
  }
  return algorithm === 'svd' || algorithm === 'nmf' ? tensors.itemBias.data[item] : 0
}

/** An algorithm with the parameters that make another one of it. */
interface Variant {
  readonly title: string
  readonly name: AlgorithmName
  readonly given: Params
}

const solvers = algorithms.svd.parameters.solver
const variants: readonly Variant[] = (Object.keys(algorithms) as AlgorithmName[]).flatMap(
  (name): Variant[] => {
    if (name !== 'svd' || solvers.kind !== 'choice') return [{ title: name, name, given: {} }]
    const byTerms = [{ implicit: true }, { time: true }, { implicit: true, time: true }]
    return [
      ...solvers.options.map((solver) => ({ title: `${name} by ${solver}`, name, given: { solver } })),
      ...byTerms.map((given) => ({ title: `${name} with ${Object.keys(given).join(' and ')}`, name, given })),
    ]
  },
)

/** Those whose loss falls with every step. */
const descending = variants.filter(({ title }) => ['svd by als', 'nmf'].includes(title))

function paramsOf({ name, given }: Variant, more: Params = {}): Params {
  return resolveParams(algorithms[name], { ...given, ...more })
}

/** With a timestamp each, over two weeks. */
function timed(ratings: readonly RatingRow[]): RatingRow[] {
  return ratings.map((row, at) => ({ ...row, timestamp: 1e9 + 20_000 * (at % 60) }))
}

function fitOn(variant: Variant, ratings: readonly RatingRow[], users: number, items: number, seed = 1) {
  const set = trainingSetOf(timed(ratings), users, items)
  return algorithms[variant.name].fit(set, paramsOf(variant), { compute, seed })
}

describe.each(variants)('$title', (variant) => {
  const { name } = variant
  let model: Model
  beforeAll(async () => {
    model = await fitOn(variant, rows, nUsers, nItems)
  })

  test('predicts within the scale and never NaN, for unknown users and items too', () => {
    for (let user = -1; user < nUsers; user++) {
      for (let item = -1; item < nItems; item++) {
        const rating = model.predict(user, item)
        expect(rating >= 1 && rating <= 5, `user ${user}, item ${item}: ${rating}`).toBe(true)
      }
    }
  })

  test('an unknown user of a good item is predicted above one of a bad item', () => {
    const means = Array.from({ length: nItems - 1 }, (_, item) => {
      const own = rows.filter((row) => row.item === item)
      return own.reduce((sum, { rating }) => sum + rating, 0) / own.length
    })
    const [best, worst] = [Math.max(...means), Math.min(...means)].map((mean) => means.indexOf(mean))
    expect(model.predict(-1, best)).toBeGreaterThan(model.predict(-1, worst))
  })

  test('a cold user or item is predicted near the mean, not at an end of the scale', () => {
    const mean = rows.reduce((sum, { rating }) => sum + rating, 0) / rows.length
    for (const [user, item] of [
      [-1, -1],
      [nUsers - 1, nItems - 1],
      [nUsers - 1, -1],
    ]) {
      expect(Math.abs(model.predict(user, item) - mean)).toBeLessThan(0.5)
    }
  })

  test('the ranking orders items as scoreUser does', () => {
    const ranking = model.ranking()
    const scores = new Float32Array(nItems)
    for (const user of [0, 17, nUsers - 1]) {
      const history = rows
        .filter((row) => row.user === user)
        .map(({ item }) => ({ itemIndex: item, rating: 3 }))
      model.scoreUser(user, history, scores)
      const expected = scoresOf(ranking, user, history)
      const differences = scores.map((score, item) => score - expected[item])
      for (const difference of differences) expect(difference).toBeCloseTo(differences[0], 3)
    }
    if (ranking.kind === 'factors') expect(ranking.width % 4).toBe(0)
  })

  test('scores and similarities are finite for everybody, for any history', () => {
    const scores = new Float32Array(nItems)
    const histories = [
      [],
      [{ itemIndex: 3, rating: 5 }],
      rows.slice(0, 30).map(({ item, rating }) => ({ itemIndex: item, rating })),
    ]
    for (const history of histories) {
      model.scoreHistory(history, scores.fill(Number.NaN))
      expect(scores.every(Number.isFinite)).toBe(true)
    }
    for (const item of [0, nItems - 1]) {
      model.scoreSimilar(item, scores.fill(Number.NaN))
      expect(scores.every(Number.isFinite)).toBe(true)
    }
    model.scoreUser(-1, [], scores.fill(Number.NaN))
    expect(scores.every(Number.isFinite)).toBe(true)
  })

  test('the row folded in from a history scores as the history does', () => {
    const ranking = model.ranking()
    const scores = new Float32Array(nItems)
    for (const history of [[], rows.slice(0, 12).map(({ item, rating }) => ({ itemIndex: item, rating }))]) {
      const row = model.foldRow?.(history)
      if (row === undefined || ranking.kind !== 'factors') continue
      model.scoreHistory(history, scores)
      expect(row).toHaveLength(ranking.width)
      const folded = scoresOf({ ...ranking, userRows: row }, 0, history)
      for (const [item, score] of scores.entries()) expect(folded[item]).toBeCloseTo(score, 3)
    }
    const isFoldedIn = ranking.kind === 'factors' && name !== 'popular'
    expect(model.foldRow !== undefined).toBe(isFoldedIn)
  })

  test('the contributions of a history sum to the score less what the item has without one', () => {
    const history = rows.slice(0, 12).map(({ item, rating }) => ({ itemIndex: item, rating }))
    const scores = new Float32Array(nItems)
    const contributions = new Float32Array(history.length)
    model.scoreHistory(history, scores)
    const differences = [0, 7, 21].map((item) => {
      model.explain(history, item, contributions.fill(Number.NaN))
      return scores[item] - contributions.reduce((sum, value) => sum + value, 0) - ownScore(model, item)
    })
    for (const difference of differences) expect(difference).toBeCloseTo(0, 3)
  })

  test('a restored model, even on shared memory, predicts the same', () => {
    const tensors = Object.entries(model.tensors).map(([key, tensor]) => {
      const data = new Float32Array(new SharedArrayBuffer(tensor.data.byteLength))
      data.set(tensor.data)
      return [key, { ...tensor, data }]
    })
    const restored = restoreModel({ ...stateOf(model), tensors: Object.fromEntries(tensors) })
    expect(restored.predict(3, 5)).toBe(model.predict(3, 5))
    expect(restored.predict(-1, 5)).toBe(model.predict(-1, 5))
  })

  test('tensors that do not fit are refused by name', () => {
    for (const key of Object.keys(model.tensors)) {
      const short = { ...model.tensors[key], data: new Float32Array(3) }
      expect(() => restoreModel({ ...stateOf(model), tensors: { ...model.tensors, [key]: short } })).toThrow(
        key,
      )
      const { [key]: _, ...missing } = model.tensors
      expect(() => restoreModel({ ...stateOf(model), tensors: missing })).toThrow(
        key === 'userFactors' ? /Factors/ : key,
      )
    }
  })

  test.each([
    ['one rating', [{ user: 0, item: 0, rating: 4 }], 1, 1],
    ['constant ratings', generatedRatings(10, 10, 0.5, 3).map((row) => ({ ...row, rating: 3 })), 10, 10],
    ['no ratings', [], 4, 3],
  ] as [string, RatingRow[], number, number][])(
    'fits %s without NaN',
    async (_what, ratings, users, items) => {
      const small = await fitOn(variant, ratings, users, items)
      for (const { data } of Object.values(small.tensors)) expect(data.every(Number.isFinite)).toBe(true)
      expect(small.predict(0, 0)).toBeGreaterThanOrEqual(1)
    },
  )

  test.each([25, 0.1])('ratings %d times as large give the same model on that scale', async (factor) => {
    const scaled = rows.map((row) => ({ ...row, rating: row.rating * factor }))
    const ratingRange = [factor, 5 * factor] as const
    const algorithm = algorithms[name]
    const set = trainingSetOf(timed(scaled), nUsers, nItems, { ratingRange })
    const other = await algorithm.fit(set, paramsOf(variant), { compute, seed: 1 })
    const differences = rows.map(
      ({ user, item }) => other.predict(user, item) / factor - model.predict(user, item),
    )
    expect(Math.max(...differences.map(Math.abs))).toBeLessThan(0.01)
    const history = [4, 7, 9].map((itemIndex) => ({ itemIndex, rating: 5 }))
    const [scores, otherScores] = [new Float32Array(nItems), new Float32Array(nItems)]
    model.scoreHistory(history, scores)
    other.scoreHistory(
      history.map((entry) => ({ ...entry, rating: entry.rating * factor })),
      otherScores,
    )
    const best = (of: Float32Array) => of.indexOf(Math.max(...of))
    expect(best(otherScores)).toBe(best(scores))
  })

  test('the same seed gives the same bytes on 1, 2 and 3 threads', async () => {
    const reference = bytesOf(model)
    for (const nThreads of [1, 3]) {
      const other = await startCompute({ nThreads })
      const algorithm = algorithms[name]
      const set = trainingSetOf(timed(rows), nUsers, nItems)
      const again = await algorithm.fit(set, paramsOf(variant), { compute: other, seed: 1 })
      await other.release()
      expect(bytesOf(again)).toEqual(reference)
    }
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('a tensor that holds %d is refused by name', (value) => {
    for (const [key, tensor] of Object.entries(model.tensors)) {
      const data = tensor.data.with(tensor.data.length - 1, value)
      const tensors = { ...model.tensors, [key]: { ...tensor, data } }
      expect(() => restoreModel({ ...stateOf(model), tensors })).toThrow(
        expect.objectContaining({ code: 'RECSYS_MODEL_SHAPE', message: expect.stringContaining(key) }),
      )
    }
  })

  test('a state with a parameter missing or out of range is refused by name', () => {
    const [key] = Object.keys(model.params)
    for (const value of [undefined, Number.NaN, -1]) {
      const params = { ...model.params, [key]: value } as Record<string, number>
      expect(() => restoreModel({ ...stateOf(model), params })).toThrow(
        expect.objectContaining({ code: 'RECSYS_MODEL_SHAPE', message: expect.stringContaining(key) }),
      )
    }
  })

  test('a tensor of the wrong axis is refused', () => {
    for (const [key, tensor] of Object.entries(model.tensors)) {
      const axis = tensor.axis === 'item' ? 'user' : 'item'
      const tensors = { ...model.tensors, [key]: { ...tensor, axis } as const }
      expect(() => restoreModel({ ...stateOf(model), tensors })).toThrow(key)
    }
  })

  test('an aborted fit rejects with the reason', async () => {
    const algorithm = algorithms[name]
    const signal = AbortSignal.abort(new Error('stop here'))
    const set = trainingSetOf(timed(rows), nUsers, nItems)
    const fitting = algorithm.fit(set, paramsOf(variant), { compute, seed: 1, signal })
    await expect(fitting).rejects.toThrow('stop here')
  })
})

describe.each(descending)('$title', (variant) => {
  const { name } = variant
  test('the loss falls with every epoch and the last report is the last epoch', async () => {
    const algorithm = algorithms[name]
    const losses: number[] = []
    const set = trainingSetOf(timed(rows), nUsers, nItems)
    await algorithm.fit(set, paramsOf(variant, { epochs: 8 }), {
      compute,
      seed: 1,
      onEpoch: ({ metrics }) => void losses.push(metrics.loss),
    })
    expect(losses).toHaveLength(8)
    for (let epoch = 1; epoch < losses.length; epoch++)
      expect(losses[epoch]).toBeLessThan(losses[epoch - 1] + 1e-6)
  })

  test('a user folded in from their training ratings is ordered as in the training', async () => {
    const model = await fitOn(variant, rows, nUsers, nItems)
    const history = rows
      .filter(({ user }) => user === 5)
      .map(({ item, rating }) => ({ itemIndex: item, rating }))
    const [trained, folded] = [new Float32Array(nItems), new Float32Array(nItems)]
    model.scoreUser(5, [], trained)
    model.scoreHistory(history, folded)
    const best = (scores: Float32Array) =>
      Array.from(scores.keys())
        .sort((a, b) => scores[b] - scores[a])
        .slice(0, 5)
    expect(best(folded).filter((item) => best(trained).includes(item)).length).toBeGreaterThanOrEqual(4)
  })

  test.each([{ reg: 0 }, { reg: 0, factors: 60, epochs: 40 }, { reg: 1e-5 }, { reg: 10 }])(
    'stays finite with %o, where a row has fewer ratings than factors',
    async (params) => {
      const algorithm = algorithms[name]
      const set = trainingSetOf(timed(rows), nUsers, nItems)
      const model = await algorithm.fit(set, paramsOf(variant, params), { compute, seed: 1 })
      for (const { data } of Object.values(model.tensors)) expect(data.every(Number.isFinite)).toBe(true)
      const errors = rows.map(({ user, item, rating }) => (model.predict(user, item) - rating) ** 2)
      expect(Math.sqrt(errors.reduce((sum, error) => sum + error) / errors.length)).toBeLessThan(3)
      const scores = new Float32Array(nItems)
      model.scoreHistory([{ itemIndex: 3, rating: 5 }], scores)
      expect(scores.every(Number.isFinite)).toBe(true)
    },
  )

  test('ratings too large for single precision are refused, not fitted to NaN', async () => {
    const huge = rows.map((row) => ({ ...row, rating: row.rating * 1e30 }))
    await expect(fitOn(variant, huge, nUsers, nItems)).rejects.toMatchObject({ code: 'RECSYS_FIT_DIVERGED' })
  })

  test('an item is most similar to itself', async () => {
    const model = await fitOn(variant, rows, nUsers, nItems)
    const similarity = new Float32Array(nItems)
    model.scoreSimilar(4, similarity)
    expect(similarity[4]).toBeCloseTo(1, 4)
    expect(Math.max(...similarity)).toBeCloseTo(1, 4)
  })
})

test('every factor and bias of nmf is at least 0, on a scale that reaches below zero too', async () => {
  const shifted = rows.map((row) => ({ ...row, rating: row.rating - 3 }))
  const set = trainingSetOf(shifted, nUsers, nItems, { ratingRange: [-2, 2] as const })
  const model = await algorithms.nmf.fit(set, resolveParams(algorithms.nmf, {}), { compute, seed: 1 })
  const { mean, ...nonNegative } = model.tensors
  for (const { data } of Object.values(nonNegative)) expect(Math.min(...data)).toBeGreaterThanOrEqual(0)
  expect(mean.data[0]).toBe(-2)
})

test('popular orders by count and breaks equal counts by the mean', async () => {
  const ratings = [
    [0, 0, 2],
    [1, 0, 2],
    [0, 1, 3],
    [1, 2, 5],
  ].map(([user, item, rating]) => ({ user, item, rating }))
  const model = await fitOn({ title: 'popular', name: 'popular', given: {} }, ratings, 2, 4)
  const scores = new Float32Array(4)
  model.scoreUser(-1, [], scores)
  expect(Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a])).toEqual([0, 2, 1, 3])
})

test('a parameter outside its range or unknown is a usage error that names both', () => {
  expect(() => resolveParams(algorithms.svd, { factors: 0 })).toThrow(
    '--factors is 0, expected an integer from 1 to 1024',
  )
  expect(() => resolveParams(algorithms.svd, { epochs: 1.5 })).toThrow('--epochs is 1.5')
  expect(() => resolveParams(algorithms.svd, { reg: Number.NaN })).toThrow('--reg is NaN')
  expect(() => resolveParams(algorithms.popular, { factors: 3 })).toThrow(
    '--factors is no parameter of popular',
  )
  expect(resolveParams(algorithms.svd, { factors: 7, solver: 'als' })).toMatchObject({
    factors: 7,
    epochs: 15,
  })
})

test('an unknown algorithm is refused', () => {
  const state = { algorithm: '__proto__', params: {}, nUsers: 1, nItems: 1, ratingRange: [1, 5], tensors: {} }
  expect(() => restoreModel(state as unknown as ModelState)).toThrow('algorithm is "__proto__"')
})

function stateOf({
  algorithm,
  params,
  nUsers: users,
  nItems: items,
  ratingRange,
  tensors,
}: Model): ModelState {
  return { algorithm, params, nUsers: users, nItems: items, ratingRange, tensors }
}

function bytesOf(model: Model): string[] {
  return Object.entries(model.tensors).map(
    ([key, { data }]) => `${key} ${Buffer.from(data.buffer).toString('base64')}`,
  )
}

test('with a half-life what was chosen of late is popular', async () => {
  const day = 86_400
  const ratings = [
    [0, 0, 3],
    [1, 0, 3],
    [2, 1, 3],
  ].map(([user, item, rating]) => ({ user, item, rating }))
  const set = trainingSetOf(ratings, 3, 2, { timestamps: () => Float64Array.of(0, 0, 60 * day) })
  const best = async (halfLife: number) => {
    const params = resolveParams(algorithms.popular, { halfLife })
    const model = await algorithms.popular.fit(set, params, { compute, seed: 1 })
    const scores = new Float32Array(2)
    model.scoreUser(-1, [], scores)
    return scores.indexOf(Math.max(...scores))
  }
  expect(await best(0)).toBe(0)
  expect(await best(30)).toBe(1)
})
