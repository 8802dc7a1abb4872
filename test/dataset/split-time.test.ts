import { expect, test } from 'vitest'
import { requireNoLeak } from '../../src/dataset/leakage.ts'
import { makeFolds } from '../../src/dataset/split.ts'
import { parseSplit } from '../../src/dataset/split-spec.ts'
import { uniformAt } from '../../src/kernels/random.ts'
import { datasetOf, type Entry, pairsOf, randomEntries } from './sample-dataset.ts'

function foldOf(split: string, dataset: ReturnType<typeof datasetOf>) {
  return makeFolds(dataset, parseSplit(split), 1)[0]
}

const day = 86_400

/** Ten rows, one a day from the first of June 2024 on. */
const daily = datasetOf(
  Array.from({ length: 10 }, (_, n): Entry => [`u${n % 3}`, `i${n}`, 4, Date.UTC(2024, 5, n + 1) / 1000]),
)

test('temporal holds out the latest share', () => {
  const { isTest, isTrain } = foldOf('temporal:0.2', daily)
  expect(pairsOf(daily, isTest).sort()).toEqual(['u0 i9', 'u2 i8'])
  expect(isTrain).toEqual(isTest.map((held) => 1 - held))
})

test.each(['temporal:2024-06-08', 'temporal:2024-06-08T00:00Z', `temporal:${Date.UTC(2024, 5, 8) / 1000}`])(
  '%s holds out what happened from then on',
  (split) => {
    expect(pairsOf(daily, foldOf(split, daily).isTest).sort()).toEqual(['u0 i9', 'u1 i7', 'u2 i8'])
  },
)

test('rows of one second are never on both sides of a temporal cut', () => {
  const [early, late] = [1_700_000_000, 1_700_000_100]
  const tied = datasetOf(Array.from({ length: 20 }, (_, n): Entry => ['u', `i${n}`, 3, n < 5 ? early : late]))
  const { isTest } = foldOf('temporal:0.3', tied)
  expect(isTest.reduce((sum, held) => sum + held, 0)).toBe(15)
})

test('rows of unknown time take no part in a temporal split, and that is said', () => {
  const some = datasetOf([
    ['a', 'x', 1, 10],
    ['a', 'y', 1],
    ['b', 'x', 1, 20],
    ['b', 'y', 1],
  ])
  const fold = foldOf('temporal:0.5', some)
  expect(pairsOf(some, fold.isTrain)).toEqual(['a x'])
  expect(pairsOf(some, fold.isTest)).toEqual(['b x'])
  expect(fold.notes?.join()).toContain('2 rows of unknown time take no part')
})

test('a temporal split without any time says why nothing is held out', () => {
  const timeless = datasetOf(randomEntries(5, 5, 1))
  expect(() => foldOf('temporal:0.2', timeless)).toThrow(
    expect.objectContaining({
      code: 'RECSYS_SPLIT_EMPTY',
      message: expect.stringContaining('no time is known'),
    }),
  )
})

test('leave-last holds out the last rows of each user who has more', () => {
  const some = datasetOf([
    ['a', 'x', 1, 30],
    ['a', 'y', 1, 10],
    ['a', 'z', 1, 20],
    ['b', 'x', 1, 5],
  ])
  expect(pairsOf(some, foldOf('leave-last:1', some).isTest)).toEqual(['a x'])
  expect(pairsOf(some, foldOf('leave-last:2', some).isTest)).toEqual(['a x', 'a z'])
})

test('among rows of equal or unknown time a hash chooses, not the order of the catalogue, and that is said', () => {
  const untimed = datasetOf(randomEntries(60, 40, 1))
  const { isTest, notes } = foldOf('leave-last:1', untimed)
  const held = pairsOf(untimed, isTest).map((pair) => pair.split(' ')[1])
  expect(held).toHaveLength(60)
  expect(new Set(held).size).toBeGreaterThan(20)
  expect(notes?.join()).toContain('for 60 users a hash chose')
  expect(notes?.join()).toContain('60 of them among unknown')
})

test('unknown times count as the oldest for leave-last', () => {
  const some = datasetOf([
    ['a', 'x', 1],
    ['a', 'y', 1, 10],
    ['a', 'z', 1],
  ])
  expect(pairsOf(some, foldOf('leave-last:1', some).isTest)).toEqual(['a y'])
})

const spread = datasetOf(
  randomEntries(80, 60, 0.3).map(
    ([user, item, rating], n): Entry => [user, item, rating, 1e9 + Math.floor(50 * uniformAt(5, n)) * day],
  ),
)

test.each(['hash:0.2', 'random:0.2', 'kfold:4', 'temporal:0.2', 'leave-last:2', 'users:0.3'])(
  'no fold of %s leaks, and one with a held-out row slipped into training fails loudly',
  (split) => {
    for (const fold of makeFolds(spread, parseSplit(split), 1)) {
      const isTrain = fold.isTrain.slice()
      isTrain[fold.isTest.indexOf(1)] = 1
      expect(() => requireNoLeak(spread, { ...fold, isTrain }, parseSplit(split))).toThrow(
        expect.objectContaining({ code: 'RECSYS_SPLIT_LEAK', exitCode: 4 }),
      )
    }
  },
)

test('a training row from after the cut fails loudly under temporal', () => {
  const spec = parseSplit('temporal:0.3')
  const { isTest, isTrain } = makeFolds(spread, spec, 1)[0]
  const latest = spread.interactions.timestamp.indexOf(Math.max(...spread.interactions.timestamp))
  const leaky = { isTest: isTest.with(latest, 0), isTrain: isTrain.with(latest, 1) }
  expect(() => requireNoLeak(spread, leaky, spec)).toThrow('comes after rows that are held out')
  const unknown = {
    ...spread,
    interactions: { ...spread.interactions, timestamp: spread.interactions.timestamp.slice() },
  }
  unknown.interactions.timestamp[isTrain.indexOf(1)] = Number.NaN
  expect(() => requireNoLeak(unknown, { isTest, isTrain }, spec)).toThrow('its time is unknown')
})

test("a user's own future in training fails loudly under leave-last", () => {
  const some = datasetOf([
    ['a', 'x', 1, 30],
    ['a', 'y', 1, 10],
    ['b', 'x', 1, 5],
    ['b', 'y', 1, 50],
  ])
  const leaky = { isTest: Uint8Array.of(0, 1, 0, 1), isTrain: Uint8Array.of(1, 0, 1, 0) }
  expect(() => requireNoLeak(some, leaky, parseSplit('leave-last:1'))).toThrow('user "a" and item "x"')
})

test('two rows of one pair in different parts fail loudly', () => {
  const twice = datasetOf([
    ['a', 'x', 1],
    ['a', 'x', 2],
  ])
  const leaky = { isTest: Uint8Array.of(0, 1), isTrain: Uint8Array.of(1, 0) }
  expect(() => requireNoLeak(twice, leaky, parseSplit('hash:0.2'))).toThrow('another row of the same pair')
})
