import type { Csr } from '../dataset/types.ts'
import { type RowScorer, rowScorer } from './score-rows.ts'
import type { RankedUsers } from './shared-ranking.ts'
import type { Scorer } from './types.ts'

/** What lists and areas of users that a model has not learnt from are made of. */
export interface FoldedQuestion extends RankedUsers {
  readonly scorer: Scorer
  /** What the model is told of each user. */
  readonly history: Csr
  /** What is not recommended. */
  readonly seen: Csr
}

/** The best `length` items a user, best first, −1 where there are no more; equal scores in the order of `order`. */
export function foldedLists(
  { users, order, scorer, history, seen }: FoldedQuestion,
  length: number,
): Int32Array {
  const lists = new Int32Array(users.length * length).fill(-1)
  const scoreOf = rowScorer(scorer, history, true)
  const scores = new Float32Array(order.length)
  users.forEach((user, at) => {
    score(scoreOf, user, seen, scores)
    fillBest(lists.subarray(at * length, (at + 1) * length), scores, order)
  })
  return lists
}

/** Of each user, the pairs (relevant item, item of neither part) in order; a tie counts ½. */
export function foldedPairs({ users, scorer, history, seen }: FoldedQuestion, heldOut: Csr): Float64Array {
  const scoreOf = rowScorer(scorer, history, true)
  const scores = new Float32Array(heldOut.nColumns)
  return Float64Array.from(users, (user) => {
    score(scoreOf, user, seen, scores)
    const relevant = heldOut.columns.subarray(heldOut.rowStarts[user], heldOut.rowStarts[user + 1])
    const bounds = Float32Array.from(relevant, (item) => scores[item])
    for (const item of relevant) scores[item] = Number.NaN
    let pairs = 0
    for (const bound of bounds) {
      for (const value of scores) pairs += value < bound ? 1 : value === bound ? 0.5 : 0
    }
    return pairs
  })
}

/** NaN marks what was seen: it is neither above, below nor equal to anything. */
function score(scoreOf: RowScorer, user: number, seen: Csr, scores: Float32Array): void {
  scoreOf(user, scores)
  for (let at = seen.rowStarts[user]; at < seen.rowStarts[user + 1]; at++)
    scores[seen.columns[at]] = Number.NaN
}

/** Insertion into a short sorted list: nearly all items fail the first comparison. */
function fillBest(list: Int32Array, scores: Float32Array, order: Int32Array): void {
  let found = 0
  for (const item of order) {
    const value = scores[item]
    if (Number.isNaN(value) || (found === list.length && !(value > scores[list[found - 1]]))) continue
    let place = found < list.length ? found++ : found - 1
    for (; place > 0 && value > scores[list[place - 1]]; place--) list[place] = list[place - 1]
    list[place] = item
  }
}
