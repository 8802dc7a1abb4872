import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { byUser } from '../../src/dataset/dataset.ts'
import { oneOrder } from '../../src/dataset/ranking.ts'
import { makeFolds } from '../../src/dataset/split.ts'
import type { Dataset, Fold } from '../../src/dataset/types.ts'
import type { Compute } from '../../src/kernels/compute.ts'
import { uniformAt } from '../../src/kernels/random.ts'
import { judgeList, type ListQuality } from '../../src/metrics/ranked-list.ts'
import { rankingMetrics } from '../../src/metrics/ranking.ts'
import { defaultListLength, score } from '../../src/metrics/score.ts'
import type { Scorer } from '../../src/metrics/types.ts'
import { startCompute } from '../../src/workers/pool.ts'
import { datasetOf, type Entry, randomEntries } from '../dataset/sample-dataset.ts'

let compute: Compute
beforeAll(async () => {
  compute = await startCompute({ nThreads: 2 })
})
afterAll(() => compute.release())

/** Everybody's items ordered by the same scores, one an item. */
function orderedBy(dataset: Dataset, itemScore: ArrayLike<number>): Scorer {
  return {
    predict: () => 3,
    ranking: () => oneOrder(dataset.users.size, Float32Array.from(itemScore)),
  }
}

/** Held out are the entries marked so, all others are learned from. */
function foldOf(dataset: Dataset, heldOut: readonly string[]): Fold {
  const { userIndex, itemIndex } = dataset.interactions
  const isTest = Uint8Array.from(userIndex, (user, row) =>
    heldOut.includes(`${dataset.users.ids[user]} ${dataset.items.ids[itemIndex[row]]}`) ? 1 : 0,
  )
  return { isTest, isTrain: isTest.map((held) => 1 - held), fingerprint: '' }
}

const dataset = datasetOf([
  ['ann', 'a', 5],
  ['ann', 'b', 4],
  ['ann', 'd', 1],
  ['bob', 'b', 3],
  ['bob', 'c', 2],
  ['eve', 'a', 2],
  ['eve', 'e', 2],
])
const fold = foldOf(dataset, ['ann b', 'ann d', 'bob c'])

test('training items are left out, all others of the catalogue compete, whatever the held-out rating', async () => {
  // Order e d c b a. ann has seen a: her list is e d c, with d held out. bob has seen b: e d c, with c held out.
  const metrics = await rankingMetrics(
    compute,
    { dataset, fold, ks: [3] },
    orderedBy(dataset, [1, 2, 3, 4, 5]),
  )
  const ann = judgeList([false, true, false], 2, 3)
  const bob = judgeList([false, false, true], 1, 3)
  for (const name of Object.keys(ann) as (keyof ListQuality)[]) {
    expect(metrics[`${name}@3`], name).toBeCloseTo((ann[name] + bob[name]) / 2, 12)
  }
})

test('coverage is the share of the catalogue in any list of a user with held-out rows', async () => {
  const metrics = await rankingMetrics(
    compute,
    { dataset, fold, ks: [3] },
    orderedBy(dataset, [1, 2, 3, 4, 5]),
  )
  expect(metrics['coverage@3']).toBe(3 / 5)
})

test('users without held-out rows do not count', async () => {
  const best = orderedBy(dataset, [0, 5, 4, 5, 0])
  // eve has nothing held out: with her, recall could not be 1.
  expect((await rankingMetrics(compute, { dataset, fold, ks: [3] }, best))['recall@3']).toBe(1)
})

test('a list ends where the catalogue does', async () => {
  const metrics = await rankingMetrics(
    compute,
    { dataset, fold, ks: [50] },
    orderedBy(dataset, [1, 2, 3, 4, 5]),
  )
  expect(metrics['recall@50']).toBe(1)
  expect(metrics['coverage@50']).toBe(1)
  expect(metrics['precision@50']).toBeCloseTo((2 + 1) / 2 / 50, 12)
})

test.each([0, -1, 2.5, 6, 1e9, Number.NaN])('k = %d is refused with the size of the catalogue', async (k) => {
  const asked = score(compute, { dataset, fold, ks: [k] }, orderedBy(dataset, [1, 2, 3, 4, 5]))
  await expect(asked).rejects.toMatchObject({
    code: 'RECSYS_USAGE',
    field: 'k',
    message: expect.stringContaining('the 5 items'),
  })
})

test('the default length is good for a catalogue that is shorter', async () => {
  const question = { dataset, fold, ks: [defaultListLength] }
  expect((await score(compute, question, orderedBy(dataset, [1, 2, 3, 4, 5])))['recall@10']).toBe(1)
})

test('an interrupted ranking says so', async () => {
  const signal = AbortSignal.abort(new Error('interrupted'))
  const asked = rankingMetrics(
    compute,
    { dataset, fold, ks: [3], signal },
    orderedBy(dataset, [1, 2, 3, 4, 5]),
  )
  await expect(asked).rejects.toThrow('interrupted')
})

test('the lists are those of a full sort, on one thread and on three', async () => {
  const random = datasetOf(randomEntries(60, 40, 0.3))
  const [cut] = makeFolds(random, { kind: 'random', fraction: 0.3 }, 5)
  const [nUsers, nItems] = [random.users.size, random.items.size]
  const userRows = Float32Array.from({ length: nUsers * 8 }, (_, at) => uniformAt(1, at) - 0.5)
  const itemRows = Float32Array.from({ length: nItems * 8 }, (_, at) => uniformAt(2, at) - 0.5)
  const scorer: Scorer = {
    predict: () => 3,
    ranking: () => ({ kind: 'factors', width: 8, userRows, itemRows }),
  }
  const question = { dataset: random, fold: cut, ks: [7] }
  const metrics = await rankingMetrics(compute, question, scorer)
  const expected = naiveRecall(question, userRows, itemRows)
  expect(metrics['recall@7']).toBeCloseTo(expected, 12)
  const three = await startCompute({ nThreads: 3 })
  expect(await rankingMetrics(three, question, scorer)).toEqual(metrics)
  await three.release()
})

function naiveRecall(
  { dataset, fold, ks: [k] }: { dataset: Dataset; fold: Fold; ks: number[] },
  userRows: Float32Array,
  itemRows: Float32Array,
): number {
  const [seen, heldOut] = [byUser(dataset, fold.isTrain), byUser(dataset, fold.isTest)]
  const itemsOf = (csr: typeof seen, user: number) =>
    new Set(csr.columns.subarray(csr.rowStarts[user], csr.rowStarts[user + 1]))
  const recalls: number[] = []
  for (let user = 0; user < dataset.users.size; user++) {
    const [known, wanted] = [itemsOf(seen, user), itemsOf(heldOut, user)]
    if (wanted.size === 0) continue
    const scoreOf = (item: number) =>
      itemRows
        .subarray(item * 8, item * 8 + 8)
        .reduce((sum, value, f) => sum + value * userRows[user * 8 + f], 0)
    const list = dataset.items.ids
      .map((_, item) => item)
      .filter((item) => !known.has(item))
      .sort((a, b) => scoreOf(b) - scoreOf(a))
    recalls.push(list.slice(0, k).filter((item) => wanted.has(item)).length / wanted.size)
  }
  return recalls.reduce((sum, recall) => sum + recall, 0) / recalls.length
}

/**
 * Items in the order of their popularity, as a catalogue often is: whoever breaks ties by catalogue order ranks by
 * popularity unawares. `naming` changes the ids, and with them the order of ties.
 */
function longTail(naming: number): Entry[] {
  const entries: Entry[] = []
  for (let user = 0; user < 40; user++) {
    for (let item = 0; item < 50; item++) {
      if (uniformAt(9, user * 50 + item) < 0.8 * 0.93 ** item) {
        entries.push([`u${user}`, `${naming}-${String(item).padStart(2, '0')}`, 4])
      }
    }
  }
  return entries
}

test('a model with constant scores measures as random', async () => {
  const gaps: number[] = []
  for (let naming = 0; naming < 150; naming++) {
    const tail = datasetOf(longTail(naming))
    const [cut] = makeFolds(tail, { kind: 'random', fraction: 0.3 }, 1)
    const constant = orderedBy(tail, new Float32Array(tail.items.size).fill(2))
    const metrics = await rankingMetrics(compute, { dataset: tail, fold: cut, ks: [5] }, constant)
    gaps.push(metrics['recall@5'] - expectedRecall(tail, cut, 5))
  }
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
  const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / (gaps.length - 1)
  expect(Math.abs(mean)).toBeLessThan(4 * Math.sqrt(variance / gaps.length))
  // Sharp enough to notice popularity, which gains ten times as much.
  expect(4 * Math.sqrt(variance / gaps.length)).toBeLessThan(0.05)
})

/** Any of the items that a user has not seen is in a random list of k with the same probability. */
function expectedRecall(dataset: Dataset, fold: Fold, k: number): number {
  const [seen, heldOut] = [byUser(dataset, fold.isTrain), byUser(dataset, fold.isTest)]
  const expected: number[] = []
  for (let user = 0; user < dataset.users.size; user++) {
    const nSeen = seen.rowStarts[user + 1] - seen.rowStarts[user]
    if (heldOut.rowStarts[user + 1] > heldOut.rowStarts[user]) {
      expected.push(Math.min(1, k / (dataset.items.size - nSeen)))
    }
  }
  return expected.reduce((sum, value) => sum + value, 0) / expected.length
}

test('where scores tie, the same items win whatever else is in the catalogue, and those of higher score come first', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 5, maxLength: 5 }),
      async (scores) => {
        const one = await rankingMetrics(compute, { dataset, fold, ks: [5] }, orderedBy(dataset, scores))
        const scaled = scores.map((value) => 4 * value + 1)
        const other = await rankingMetrics(compute, { dataset, fold, ks: [5] }, orderedBy(dataset, scaled))
        expect(other).toEqual(one)
      },
    ),
    { numRuns: 25 },
  )
})
