import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createTopK, selectTopK } from '../../src/serving/ranking/top-k.ts'
import { createBitset, insertAll } from '../../src/serving/shared/bitset.ts'

function naive(scores: Float32Array, blocked: Uint8Array, k: number): number[] {
  return [...scores.keys()]
    .filter((index) => blocked[index] === 0)
    .sort((a, b) => scores[b] - scores[a] || a - b)
    .slice(0, k)
}

function selected(scores: Float32Array, blocked: Uint8Array, k: number): number[] {
  const best = createTopK(1000)
  const set = createBitset(scores.length)
  insertAll(
    set,
    [...blocked.keys()].filter((index) => blocked[index] !== 0),
  )
  selectTopK(scores, set, k, best)
  const indices = [...best.indices.subarray(0, best.count)]
  expect([...best.scores.subarray(0, best.count)]).toEqual(indices.map((index) => scores[index]))
  return indices
}

describe('top-k', () => {
  test('is what sorting everything gives, whatever the ties, the mask and k', () => {
    const entry = fc.record({
      score: fc.oneof(fc.integer({ min: -3, max: 3 }), fc.float({ noNaN: true })),
      blocked: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 300 }), fc.integer({ min: 1, max: 320 }), (entries, k) => {
        const scores = Float32Array.from(entries, ({ score }) => score + 0)
        const blocked = Uint8Array.from(entries, ({ blocked }) => Number(blocked))
        expect(selected(scores, blocked, k)).toEqual(naive(scores, blocked, k))
      }),
      { numRuns: 500 },
    )
  })

  test('takes the lower index among equal scores', () => {
    expect(selected(new Float32Array(9).fill(2), new Uint8Array(9), 3)).toEqual([0, 1, 2])
  })

  test('gives fewer than k when fewer are eligible, and none of none', () => {
    expect(selected(Float32Array.of(1, 2, 3), Uint8Array.of(1, 0, 1), 5)).toEqual([1])
    expect(selected(new Float32Array(0), new Uint8Array(0), 5)).toEqual([])
  })

  test('never selects what is not a number, and selects infinities', () => {
    const scores = Float32Array.of(Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)
    expect(selected(scores, new Uint8Array(3), 3)).toEqual([2, 1])
  })
})
