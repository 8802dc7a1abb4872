import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { datasetFrom } from '../../src/dataset/dataset.ts'
import type { Compute } from '../../src/kernels/compute.ts'
import { evaluateScorer } from '../../src/metrics/score.ts'
import type { Evaluation, RankingQuestion, Scorer } from '../../src/metrics/types.ts'
import { startCompute } from '../../src/workers/pool.ts'

/** Values of other programs, and how they were made: `golden/make_golden.py`. */
interface Golden {
  readonly ks: number[]
  readonly items: string[]
  readonly categories: number[][]
  readonly users: {
    readonly seen: number[]
    readonly relevant: number[]
    readonly scores: number[]
    readonly ratings: number[]
    readonly predictions: number[]
  }[]
  /** Users with held-out items. */
  readonly judged: number[]
  /** By tool and metric; null where the tool has none. */
  readonly perUser: Record<string, Record<string, (number | null)[]>>
  readonly overall: Record<string, Record<string, number>>
}

const golden = JSON.parse(readFileSync(new URL('golden/golden.json', import.meta.url), 'utf8')) as Golden

let compute: Compute
let evaluation: Evaluation
beforeAll(async () => {
  compute = await startCompute({ nThreads: 2 })
  evaluation = await evaluateScorer(compute, question(), scorer())
})
afterAll(() => compute.release())

/** Seen items are learnt from, relevant ones held out. */
function question(): RankingQuestion {
  const rows = golden.users.flatMap(({ seen, relevant, ratings }, user) =>
    [
      ...seen.map((item) => ({ user, item, rating: 3, held: 0 })),
      ...relevant.map((item, at) => ({ user, item, rating: ratings[at], held: 1 })),
    ].sort((a, b) => a.item - b.item),
  )
  const dataset = datasetFrom({
    lakeVersion: 0,
    userIds: golden.users.map((_, user) => `u${user}`),
    itemIds: golden.items,
    userIndex: Int32Array.from(rows, ({ user }) => user),
    itemIndex: Int32Array.from(rows, ({ item }) => item),
    rating: Float32Array.from(rows, ({ rating }) => rating),
    timestamp: new Float64Array(rows.length).fill(Number.NaN),
  })
  const isTest = Uint8Array.from(rows, ({ held }) => held)
  const fold = { isTest, isTrain: isTest.map((held) => 1 - held), fingerprint: '' }
  const categories = golden.categories.map((own) => own.map(String))
  return { dataset, fold, ks: golden.ks, auc: true, categories }
}

/** score(u, i) by a column of its own for every user. */
function scorer(): Scorer {
  const { users, items } = golden
  const width = (users.length + 3) & ~3
  const userRows = new Float32Array(users.length * width)
  const itemRows = new Float32Array(items.length * width)
  users.forEach(({ scores }, user) => {
    userRows[user * width + user] = 1
    scores.forEach((score, item) => {
      itemRows[item * width + user] = score
    })
  })
  return {
    predict: (user, item) => users[user].predictions[users[user].relevant.indexOf(item)],
    ranking: () => ({ kind: 'factors', width, userRows, itemRows }),
  }
}

test('users without held-out items are left out', () => {
  expect(Array.from(evaluation.perUser.users)).toEqual(golden.judged)
})

const perUser = Object.entries(golden.perUser).flatMap(([tool, metrics]) =>
  Object.entries(metrics).map(([metric, values]) => [metric, tool, values] as const),
)

test.each(perUser)('%s of every user is what %s says', (metric, _, expected) => {
  const got = evaluation.perUser.values[metric]
  expect(got).toHaveLength(expected.length)
  for (const [at, value] of expected.entries()) {
    if (value === null) expect(got[at]).toBeNaN()
    else expect(Math.abs(got[at] - value)).toBeLessThanOrEqual(1e-9)
  }
})

test.each(perUser)('%s is the mean of what %s says', (metric, _, expected) => {
  const known = expected.filter((value) => value !== null)
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length
  expect(Math.abs(evaluation.metrics[metric] - mean)).toBeLessThanOrEqual(1e-9)
})

const overall = Object.entries(golden.overall).flatMap(([tool, metrics]) =>
  Object.entries(metrics).map(([metric, value]) => [metric, tool, value] as const),
)

test.each(overall)('%s is what %s says', (metric, _, expected) => {
  expect(Math.abs(evaluation.metrics[metric] - expected)).toBeLessThanOrEqual(1e-9)
})
