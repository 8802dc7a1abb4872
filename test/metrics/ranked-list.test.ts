import fc from 'fast-check'
import { expect, test } from 'vitest'
import { judgeList, type ListQuality } from '../../src/metrics/ranked-list.ts'

/** A list as a word: `x` relevant, `.` not. */
function judge(list: string, nRelevant: number, k = list.length): ListQuality {
  return judgeList(
    Array.from(list, (letter) => letter === 'x'),
    nRelevant,
    k,
  )
}

// Worked by hand. Discounts of the ranks 1 to 5: 1, 0.630930, 0.5, 0.430677, 0.386853.
test.each([
  // gain 1 + 0.5 of at best 1 + 0.630930 + 0.5; precisions 1 and 2/3 over three
  ['x.x..', 3, 5, { ndcg: 0.703918, recall: 2 / 3, precision: 0.4, map: 5 / 9, mrr: 1, hitRate: 1 }],
  // gain 0.386853 of at best 1
  ['....x', 1, 5, { ndcg: 0.386853, recall: 1, precision: 0.2, map: 0.2, mrr: 0.2, hitRate: 1 }],
  // gain 0.630930 + 0.5 of at best 1.630930; precisions 1/2 and 2/3 over two
  ['.xx', 2, 3, { ndcg: 0.693426, recall: 1, precision: 2 / 3, map: 7 / 12, mrr: 0.5, hitRate: 1 }],
  // more relevant items than places: the best list is full, yet recall cannot be 1
  ['xx', 5, 2, { ndcg: 1, recall: 0.4, precision: 1, map: 1, mrr: 1, hitRate: 1 }],
  // the catalogue ends after two: the missing places count as misses
  ['x.', 2, 4, { ndcg: 0.613147, recall: 0.5, precision: 0.25, map: 0.5, mrr: 1, hitRate: 1 }],
  ['...', 2, 3, { ndcg: 0, recall: 0, precision: 0, map: 0, mrr: 0, hitRate: 0 }],
  ['', 1, 3, { ndcg: 0, recall: 0, precision: 0, map: 0, mrr: 0, hitRate: 0 }],
] as const)(
  'list %j with %i relevant items at k = %i is judged as by hand',
  (list, nRelevant, k, expected) => {
    const quality = judge(list, nRelevant, k)
    for (const [name, value] of Object.entries(expected)) {
      expect(quality[name as keyof ListQuality], name).toBeCloseTo(value, 6)
    }
  },
)

const lists = fc
  .record({ list: fc.array(fc.boolean(), { minLength: 1, maxLength: 30 }), unseen: fc.nat(20) })
  .map(({ list, unseen }) => ({ list, nRelevant: list.filter(Boolean).length + unseen }))
  .filter(({ nRelevant }) => nRelevant > 0)

test('every value of every list lies between 0 and 1', () => {
  fc.assert(
    fc.property(lists, ({ list, nRelevant }) => {
      for (const value of Object.values(judgeList(list, nRelevant, list.length))) {
        expect(value).toBeGreaterThanOrEqual(0)
        expect(value).toBeLessThanOrEqual(1 + 1e-12)
      }
    }),
  )
})

test('a relevant item one place further up never lowers a value, and raises ndcg', () => {
  fc.assert(
    fc.property(lists, fc.nat(29), ({ list, nRelevant }, place) => {
      fc.pre(place > 0 && place < list.length && list[place] === true && list[place - 1] === false)
      const better = list.with(place, false).with(place - 1, true)
      const [before, after] = [list, better].map((one) => judgeList(one, nRelevant, list.length))
      for (const name of Object.keys(before) as (keyof ListQuality)[]) {
        expect(after[name]).toBeGreaterThanOrEqual(before[name])
      }
      expect(after.ndcg).toBeGreaterThan(before.ndcg)
    }),
  )
})

test('only the best possible list has an ndcg and a map of 1', () => {
  fc.assert(
    fc.property(lists, ({ list, nRelevant }) => {
      const best = list.every((relevant, at) => relevant === at < nRelevant)
      const { ndcg, map } = judgeList(list, nRelevant, list.length)
      expect(Math.abs(ndcg - 1) < 1e-9).toBe(best)
      expect(Math.abs(map - 1) < 1e-9).toBe(best)
    }),
  )
})
