import type { Bitset } from '../shared/bitset.ts'

/**
 * Exact selection of the k best of n scores in one pass, with a heap of k entries and no allocation.
 * Order: higher score first; among equal scores the lower index. NaN is never selected.
 */
export interface TopK {
  /** Best first; the first `count` entries count, until the next selection overwrites them. */
  readonly indices: Int32Array
  readonly scores: Float32Array
  count: number
}

export function createTopK(capacity: number): TopK {
  return { indices: new Int32Array(capacity), scores: new Float32Array(capacity), count: 0 }
}

/**
 * @param scores   length n
 * @param blocked  has the indices that may not be selected
 * @param k        at most the capacity of `out`
 * @param minimum  no score below it is selected
 */
export function selectTopK(
  scores: Float32Array,
  blocked: Bitset,
  k: number,
  out: TopK,
  minimum = Number.NEGATIVE_INFINITY,
): void {
  out.count = 0
  offerScores(scores, 0, scores.length, undefined, 0, blocked, k, minimum, out)
  sortBestFirst(out)
}

/**
 * Offers some more scores to a selection that began with `out.count = 0` and ends with `sortBestFirst`; until then `out`
 * is a heap whose first entry is the worst one. The order of the offers does not change what is selected.
 * @param first  the first of `scores` that is offered, `n` of them
 * @param order  their indices are `order[from]`, `order[from + 1]` …; undefined: `from`, `from + 1` …
 */
export function offerScores(
  scores: Float32Array,
  first: number,
  n: number,
  order: Int32Array | undefined,
  from: number,
  blocked: Bitset,
  k: number,
  minimum: number,
  out: TopK,
): void {
  const { indices: heapIndices, scores: heapScores } = out
  let size = out.count
  let floor = size === k ? Math.max(minimum, heapScores[0]!) : minimum
  for (let i = 0; i < n; i++) {
    const score = scores[first + i]!
    if (!(score >= floor)) continue
    const index = order === undefined ? from + i : order[from + i]!
    if ((blocked[index >>> 5]! >>> (index & 31)) & 1) continue
    if (size < k) siftUp(heapScores, heapIndices, size++, score, index)
    else if (isWorse(heapScores[0]!, heapIndices[0]!, score, index)) {
      siftDown(heapScores, heapIndices, size, score, index)
    }
    if (size === k) floor = Math.max(minimum, heapScores[0]!)
  }
  out.count = size
}

/** What a score has to reach to be selected: the worst of a full selection, else the minimum. */
export function floorOf({ scores, count }: TopK, k: number, minimum: number): number {
  return count === k ? Math.max(minimum, scores[0]!) : minimum
}

/** Root = worst entry. Puts an entry at the end and lets it rise. */
function siftUp(scores: Float32Array, indices: Int32Array, last: number, score: number, index: number): void {
  let at = last
  while (at > 0) {
    const parent = (at - 1) >> 1
    if (!isWorse(score, index, scores[parent]!, indices[parent]!)) break
    scores[at] = scores[parent]!
    indices[at] = indices[parent]!
    at = parent
  }
  scores[at] = score
  indices[at] = index
}

/** Puts an entry in the place of the root and lets it sink. */
function siftDown(
  scores: Float32Array,
  indices: Int32Array,
  size: number,
  score: number,
  index: number,
): void {
  let at = 0
  for (let child = 1; child < size; child = 2 * at + 1) {
    const right = child + 1
    if (right < size && isWorse(scores[right]!, indices[right]!, scores[child]!, indices[child]!))
      child = right
    if (!isWorse(scores[child]!, indices[child]!, score, index)) break
    scores[at] = scores[child]!
    indices[at] = indices[child]!
    at = child
  }
  scores[at] = score
  indices[at] = index
}

/** Heap sort in place: the worst entry goes to the end, again and again. */
export function sortBestFirst({ scores, indices, count }: TopK): void {
  for (let size = count - 1; size > 0; size--) {
    const [score, index] = [scores[size]!, indices[size]!]
    scores[size] = scores[0]!
    indices[size] = indices[0]!
    siftDown(scores, indices, size, score, index)
  }
}

/** Puts an entry into a selection that is sorted already, when it belongs there. */
export function insertSorted(best: TopK, k: number, score: number, index: number): void {
  const { scores, indices, count } = best
  if (count === k && !isWorse(scores[k - 1]!, indices[k - 1]!, score, index)) return
  let at = Math.min(count, k - 1)
  for (; at > 0 && isWorse(scores[at - 1]!, indices[at - 1]!, score, index); at--) {
    scores[at] = scores[at - 1]!
    indices[at] = indices[at - 1]!
  }
  scores[at] = score
  indices[at] = index
  best.count = Math.min(count + 1, k)
}

function isWorse(score: number, index: number, otherScore: number, otherIndex: number): boolean {
  return score < otherScore || (score === otherScore && index > otherIndex)
}
