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
 * @param blocked  length n, not 0 where the index may not be selected
 * @param k        at most the capacity of `out`
 */
export function selectTopK(scores: Float32Array, blocked: Uint8Array, k: number, out: TopK): void {
  const { indices: heapIndices, scores: heapScores } = out
  const n = scores.length
  let size = 0
  let floor = Number.NEGATIVE_INFINITY
  for (let index = 0; index < n; index++) {
    const score = scores[index]!
    // Later indices lose ties, so a full heap takes only what is strictly better than its worst entry.
    if (!(score > floor || (size < k && score === floor)) || blocked[index] !== 0) continue
    if (size < k) siftUp(heapScores, heapIndices, size++, score, index)
    else siftDown(heapScores, heapIndices, size, score, index)
    if (size === k) floor = heapScores[0]!
  }
  out.count = size
  sortBestFirst(heapScores, heapIndices, size)
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
function sortBestFirst(scores: Float32Array, indices: Int32Array, count: number): void {
  for (let size = count - 1; size > 0; size--) {
    const [score, index] = [scores[size]!, indices[size]!]
    scores[size] = scores[0]!
    indices[size] = indices[0]!
    siftDown(scores, indices, size, score, index)
  }
}

function isWorse(score: number, index: number, otherScore: number, otherIndex: number): boolean {
  return score < otherScore || (score === otherScore && index > otherIndex)
}
