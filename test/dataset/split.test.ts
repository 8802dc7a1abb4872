import { expect, test } from 'vitest'
import { trainingSet } from '../../src/dataset/dataset.ts'
import { makeFolds } from '../../src/dataset/split.ts'
import { parseSplit } from '../../src/dataset/split-spec.ts'
import { datasetOf, pairsOf, randomEntries } from './sample-dataset.ts'

const entries = randomEntries(120, 80, 0.3)
const dataset = datasetOf(entries)
const nRows = entries.length

function folds(split: string, seed = 1, of = dataset) {
  return makeFolds(of, parseSplit(split), seed)
}

function count(mask: Uint8Array): number {
  return mask.reduce((sum, one) => sum + one, 0)
}

test.each(['hash:0.2', 'random:0.2', 'kfold:5'])('%s puts every row on exactly one side', (split) => {
  for (const { isTrain, isTest } of folds(split)) {
    expect(isTest.every((held, r) => held + isTrain[r] === 1)).toBe(true)
  }
})

test('hash holds out about the fraction, whatever the seed', () => {
  const [fold] = folds('hash:0.2')
  const deviation = Math.sqrt(nRows * 0.2 * 0.8)
  expect(Math.abs(count(fold.isTest) - 0.2 * nRows)).toBeLessThan(4 * deviation)
  expect(folds('hash:0.2', 99)[0]).toEqual(fold)
})

test('a row stays on its side of a hash split as the lake grows', () => {
  const more = [...entries, ...randomEntries(150, 100, 0.3, 7).map(([u, i, r]) => [`a${u}`, i, r] as const)]
  const grown = datasetOf(more, 1)
  const heldNow = new Set(pairsOf(grown, folds('hash:0.2', 1, grown)[0].isTest))
  const known = new Set(entries.map(([user, item]) => `${user} ${item}`))
  const heldBefore = new Set(pairsOf(dataset, folds('hash:0.2')[0].isTest))
  expect(new Set([...heldNow].filter((pair) => known.has(pair)))).toEqual(heldBefore)
})

test('the hash of a row is the same in every version of the program', () => {
  const fixed = datasetOf(randomEntries(4, 6, 1))
  expect(pairsOf(fixed, folds('hash:0.3', 1, fixed)[0].isTest)).toMatchInlineSnapshot(`
    [
      "u0 i1",
      "u0 i3",
      "u0 i5",
      "u1 i3",
      "u2 i3",
      "u2 i4",
      "u2 i5",
    ]
  `)
  expect(folds('hash:0.3', 1, fixed)[0].fingerprint).toMatchInlineSnapshot(
    `"bdd17bcaf3d2b92acab91945fa33318eeb85a4e7037addae589badc16f400eb8"`,
  )
})

test('hash draws users and items apart: rows of one user or item are held out independently', () => {
  const square = datasetOf(randomEntries(200, 200, 1))
  const [{ isTest }] = folds('hash:0.5', 1, square)
  // Counts a user are binomial(200, 1/2): their variance is 50. Any tie between the rows of a user inflates it.
  for (const index of [square.interactions.userIndex, square.interactions.itemIndex]) {
    const counts = new Array<number>(200).fill(0)
    for (const [r, held] of isTest.entries()) counts[index[r]] += held
    const variance = counts.reduce((sum, n) => sum + (n - 100) ** 2, 0) / 200
    expect(variance).toBeGreaterThan(30)
    expect(variance).toBeLessThan(75)
  }
})

test('random holds out exactly the fraction, and other rows for another seed', () => {
  const [fold] = folds('random:0.25', 3)
  expect(count(fold.isTest)).toBe(Math.round(0.25 * nRows))
  expect(folds('random:0.25', 3)[0]).toEqual(fold)
  expect(folds('random:0.25', 4)[0].isTest).not.toEqual(fold.isTest)
  expect(folds('random:0.25', 4)[0].fingerprint).not.toBe(fold.fingerprint)
})

test('kfold holds out every row once, in folds whose sizes differ by at most one', () => {
  const made = folds('kfold:7')
  const timesHeld = new Array<number>(nRows).fill(0)
  for (const { isTest } of made) for (const [r, held] of isTest.entries()) timesHeld[r] += held
  expect(new Set(timesHeld)).toEqual(new Set([1]))
  const sizes = made.map(({ isTest }) => count(isTest))
  expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
  expect(new Set(made.map(({ fingerprint }) => fingerprint)).size).toBe(7)
})

test('a training set holds the training rows alone, by user and by item', () => {
  const [fold] = folds('random:0.5')
  const train = trainingSet(dataset, fold)
  expect(train).toMatchObject({ nUsers: dataset.users.size, nItems: dataset.items.size, ratingRange: [1, 5] })
  expect(train.byUser.columns.length).toBe(count(fold.isTrain))
  expect(train.byItem.columns.length).toBe(count(fold.isTrain))
})

test('a split that leaves a side without rows is refused', () => {
  const two = datasetOf([
    ['u', 'a', 1],
    ['u', 'b', 2],
  ])
  for (const split of ['random:0.1', 'random:0.9', 'kfold:3', 'hash:0.000000001']) {
    expect(() => folds(split, 1, two), split).toThrow(
      expect.objectContaining({ code: 'RECSYS_SPLIT_EMPTY', exitCode: 4 }),
    )
  }
})

test.each([
  ['hash:0', 'between 0 and 1'],
  ['hash:1', 'between 0 and 1'],
  ['hash:-0.2', 'between 0 and 1'],
  ['hash:', 'between 0 and 1'],
  ['random:NaN', 'between 0 and 1'],
  ['random:20%', 'between 0 and 1'],
  ['kfold:1', 'from 2 to 100'],
  ['kfold:2.5', 'from 2 to 100'],
  ['kfold:1000000000', 'from 2 to 100'],
  ['file:train.csv', 'two rating files'],
  ['file:,test.csv', 'two rating files'],
  ['file:a,b,c', 'two rating files'],
  ['hash', 'between 0 and 1'],
  ['', 'hash:SHARE (stable'],
  ['__proto__:0.2', 'hash:SHARE (stable'],
  ['temporal:', 'temporal:0.2 (the latest fifth)'],
  ['temporal:yesterday', 'a date such as temporal:2024-06-30'],
  ['temporal:-3', 'unix seconds'],
  ['temporal:2024-02-31T99:00Z', 'a date such as'],
  ['leave-last:0', 'leave-last:N with N from 1 to 1000'],
  ['leave-last', 'leave-last:N'],
  ['users:1', 'a share of held-out users between 0 and 1, such as users:0.2'],
])('split %j is a usage error that says what was expected', (text, expected) => {
  expect(() => parseSplit(text)).toThrow(
    expect.objectContaining({
      code: 'RECSYS_USAGE',
      field: 'split',
      message: expect.stringContaining(expected),
    }),
  )
})
