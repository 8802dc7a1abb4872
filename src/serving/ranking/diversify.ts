import type { TopK } from './top-k.ts'

/** Candidates that are put into a new order; what comes behind them keeps the order of its scores. */
export const diversityPool = 300

/** Similarity of two items, in [0, 1]. */
export type ItemSimilarity = (itemIndex: number, otherIndex: number) => number

/**
 * Puts a ranking into the order of maximal marginal relevance (Carbonell and Goldstein 1998): each place goes to the item
 * with the highest (1 - diversity) × relevance - diversity × similarity to the most similar item placed before it.
 * Relevance is the score, scaled to [0, 1] over the candidates. The order depends on the candidates alone, so pages of it
 * neither overlap nor leave anything out, as long as every page is cut from the same number of candidates.
 * @param best       best first; in and out
 * @param nPlaces    how many places the caller looks at
 * @param diversity  from 0, the order of the scores, to 1, where only the first item goes by its score
 */
export function diversify(best: TopK, nPlaces: number, diversity: number, similarity: ItemSimilarity): void {
  const { indices, scores } = best
  const n = Math.min(best.count, diversityPool)
  const relevance = relevanceOf(scores, n)
  const nearest = new Float32Array(n)
  for (let place = 0; place < Math.min(n, nPlaces); place++) {
    if (place > 0) updateNearest(indices, nearest, place, n, similarity)
    const chosen = place === 0 ? 0 : bestMargin(relevance, nearest, place, n, diversity)
    for (const array of [indices, scores, relevance, nearest]) moveTo(array, chosen, place)
  }
}

function relevanceOf(scores: Float32Array, n: number): Float32Array {
  const least = scores[n - 1] ?? 0
  const range = (scores[0] ?? 0) - least
  return Float32Array.from({ length: n }, (_, i) => (range > 0 ? (scores[i]! - least) / range : 1))
}

/** The item placed last may be nearer to those that wait than any before it. */
function updateNearest(
  indices: Int32Array,
  nearest: Float32Array,
  place: number,
  n: number,
  similarity: ItemSimilarity,
): void {
  const last = indices[place - 1]!
  for (let i = place; i < n; i++) nearest[i] = Math.max(nearest[i]!, similarity(indices[i]!, last))
}

function bestMargin(
  relevance: Float32Array,
  nearest: Float32Array,
  place: number,
  n: number,
  diversity: number,
): number {
  let chosen = place
  let highest = Number.NEGATIVE_INFINITY
  for (let i = place; i < n; i++) {
    const margin = (1 - diversity) * relevance[i]! - diversity * nearest[i]!
    if (margin <= highest) continue
    highest = margin
    chosen = i
  }
  return chosen
}

/** Takes the entry at `from` to `to`, before it, and moves those between one place back: they keep their order. */
function moveTo(array: Int32Array | Float32Array, from: number, to: number): void {
  const value = array[from]!
  array.copyWithin(to + 1, to, from)
  array[to] = value
}
