import { expect, test } from 'vitest'
import { byUser } from '../../src/dataset/dataset.ts'
import { makeFolds } from '../../src/dataset/split.ts'
import { parseSplit } from '../../src/dataset/split-spec.ts'
import type { Csr } from '../../src/dataset/types.ts'
import { datasetOf, type Entry, randomEntries } from './sample-dataset.ts'

const entries = randomEntries(200, 60, 0.4)
const dataset = datasetOf(entries)
const [fold] = makeFolds(dataset, parseSplit('users:0.25'), 1)

const rowsOf = ({ rowStarts }: Csr, user: number) => rowStarts[user + 1] - rowStarts[user]
const parts = [fold.isTrain, fold.isFoldIn!, fold.isTest].map((mask) => byUser(dataset, mask))
const counts = dataset.users.ids.map((_, user) => parts.map((part) => rowsOf(part, user)))

test('a user is learnt from whole, or not at all', () => {
  for (const [train, foldIn, held] of counts) expect(train > 0).toBe(foldIn + held === 0)
  const nHeldOut = counts.filter(([train]) => train === 0).length
  expect(nHeldOut).toBeGreaterThan(30)
  expect(nHeldOut).toBeLessThan(70)
})

test('a fifth of the history of a held-out user is held out, the rest folded in', () => {
  for (const [train, foldIn, held] of counts) {
    if (train === 0) expect(held).toBe(Math.floor(0.2 * (foldIn + held) + 1e-9))
  }
})

test('a user stays on the same side as the lake grows, whatever the seed', () => {
  const more = [...entries, ...randomEntries(250, 60, 0.1, 9).map(([u, i, r]): Entry => [`x${u}`, i, r])]
  const grown = datasetOf(more)
  const [later] = makeFolds(grown, parseSplit('users:0.25'), 7)
  const isLearnt = (of: typeof dataset, isTrain: Uint8Array) =>
    new Set(of.users.ids.filter((_, user) => rowsOf(byUser(of, isTrain), user) > 0))
  const [before, now] = [isLearnt(dataset, fold.isTrain), isLearnt(grown, later.isTrain)]
  for (const id of dataset.users.ids) expect(now.has(id)).toBe(before.has(id))
})

test('the fingerprint knows what is folded in', () => {
  const [other] = makeFolds(dataset, parseSplit('users:0.5'), 1)
  expect(fold.fingerprint).toMatch(/^[0-9a-f]{64}$/)
  expect(other.fingerprint).not.toBe(fold.fingerprint)
})
