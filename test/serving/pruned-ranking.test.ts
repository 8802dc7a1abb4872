import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ItemScorer } from '../../src/serving/ranking/item-scorer.ts'
import { createTopK, selectTopK } from '../../src/serving/ranking/top-k.ts'
import { createBitset, insertAll } from '../../src/serving/shared/bitset.ts'
import { buildScoringMemory } from '../../src/serving/shared/scoring-memory.ts'

const width = 8

/** Rows whose sizes fall off as those of a real catalogue do; `constant`: the last column is 1. */
function rows(n: number, seed: number, constant = false): Float32Array {
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32 - 0.5
  }
  return Float32Array.from({ length: n * width }, (_, i) => {
    const value = next() / (1 + (Math.floor(i / width) % 97))
    return constant && i % width === width - 1 ? 1 : value
  })
}

/** The kernel's own scores, by offering everything. */
function fullScan(scorer: ItemScorer, users: Float32Array, user: number, nItems: number) {
  const all = createTopK(nItems)
  scorer.selectBest(users, user, createBitset(nItems), nItems, Number.NEGATIVE_INFINITY, all)
  const scores = new Float32Array(nItems)
  for (let rank = 0; rank < all.count; rank++) scores[all.indices[rank]] = all.scores[rank]
  return scores
}

describe('ranking with blocks passed over', () => {
  test('selects what a full scan selects, in the same order, whatever is blocked', () => {
    const arbitrary = fc.record({
      seed: fc.integer({ min: 0, max: 1e6 }),
      nItems: fc.integer({ min: 1, max: 3000 }),
      k: fc.integer({ min: 1, max: 50 }),
      share: fc.constantFrom(0, 0.1, 0.9),
      constant: fc.boolean(),
      minimum: fc.constantFrom(Number.NEGATIVE_INFINITY, 0.01),
    })
    fc.assert(
      fc.property(arbitrary, ({ seed, nItems, k, share, constant, minimum }) => {
        const users = rows(5, seed, constant)
        const scorer = new ItemScorer(buildScoringMemory(users, rows(nItems, seed + 7), width, nItems, 1), 0)
        const blocked = createBitset(nItems)
        const every = share === 0 ? nItems + 1 : Math.round(1 / share)
        insertAll(
          blocked,
          Array.from({ length: nItems }, (_, i) => i).filter((i) => (i + seed) % every === 0),
        )
        for (let user = 0; user < 5; user++) {
          const [pruned, full] = [createTopK(50), createTopK(50)]
          selectTopK(fullScan(scorer, users, user, nItems), blocked, k, full, minimum)
          scorer.selectBest(users, user, blocked, k, minimum, pruned)
          expect(pruned.indices.subarray(0, pruned.count)).toEqual(full.indices.subarray(0, full.count))
          expect(pruned.scores.subarray(0, pruned.count)).toEqual(full.scores.subarray(0, full.count))
        }
      }),
      { numRuns: 60 },
    )
  })

  test('scores a small part of a catalogue whose rows differ in size', () => {
    const nItems = 20_000
    const users = rows(10, 1)
    const scorer = new ItemScorer(buildScoringMemory(users, rows(nItems, 2), width, nItems, 1), 0)
    const best = createTopK(10)
    for (let user = 0; user < 10; user++) {
      const nScored = scorer.selectBest(users, user, createBitset(nItems), 10, Number.NEGATIVE_INFINITY, best)
      expect(nScored).toBeLessThan(nItems / 4)
    }
  })

  test('takes the lower index among equal scores, though items are scored in another order', () => {
    const nItems = 600
    const users = new Float32Array(width).fill(1)
    const items = new Float32Array(nItems * width)
    // Equal sums from rows of different sizes: 1 + 0 + …, and 2 - 1 + 0 + ….
    for (let item = 0; item < nItems; item++) {
      items[item * width] = item % 2 === 0 ? 1 : 2
      items[item * width + 1] = item % 2 === 0 ? 0 : -1
    }
    const scorer = new ItemScorer(buildScoringMemory(users, items, width, nItems, 1), 0)
    const best = createTopK(5)
    scorer.selectBest(users, 0, createBitset(nItems), 5, Number.NEGATIVE_INFINITY, best)
    expect([...best.indices.subarray(0, 5)]).toEqual([0, 1, 2, 3, 4])
  })
})
