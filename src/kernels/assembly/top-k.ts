/**
 * The k best of `nItems` scores, best first; ties: the lower item index wins. Scores of −MAX and NaN are left out. A heap
 * of at most k with the worst on top, in the place of the result: O(n log k), and most items fail the first comparison.
 * @param outItems   k int32, −1 where there are fewer
 * @param outScores  k float32, −MAX where there are fewer
 */
export function topK(scores: usize, nItems: i32, k: i32, outItems: usize, outScores: usize): void {
  if (k == 0) return
  let found = 0
  let worst: f32 = -f32.MAX_VALUE
  for (let item = 0; item < nItems; item++) {
    const score = load<f32>(scores + (<usize>item << 2))
    // Items come in ascending order: one that only equals the worst comes after it.
    if (!(score > worst)) continue
    if (found < k) siftUp(outItems, outScores, found++, item, score)
    else siftDown(outItems, outScores, k, item, score)
    if (found == k) worst = load<f32>(outScores)
  }
  for (let size = found - 1; size > 0; size--) popWorst(outItems, outScores, size)
  for (; found < k; found++) put(outItems, outScores, found, -1, -f32.MAX_VALUE)
}

/** Adds an entry to a heap that has `at` of them. */
function siftUp(items: usize, scores: usize, at: i32, item: i32, score: f32): void {
  while (at > 0) {
    const parent = (at - 1) >> 1
    if (!isWorse(score, item, scoreAt(scores, parent), itemAt(items, parent))) break
    put(items, scores, at, itemAt(items, parent), scoreAt(scores, parent))
    at = parent
  }
  put(items, scores, at, item, score)
}

/** Puts an entry in the place of the top. */
function siftDown(items: usize, scores: usize, size: i32, item: i32, score: f32): void {
  let at = 0
  for (let child = 1; child < size; child = 2 * at + 1) {
    const right = child + 1
    if (right < size && isWorse(scoreAt(scores, right), itemAt(items, right), scoreAt(scores, child), itemAt(items, child))) {
      child = right
    }
    if (!isWorse(scoreAt(scores, child), itemAt(items, child), score, item)) break
    put(items, scores, at, itemAt(items, child), scoreAt(scores, child))
    at = child
  }
  put(items, scores, at, item, score)
}

/** Moves the top of a heap of size + 1 behind the `size` that remain. */
function popWorst(items: usize, scores: usize, size: i32): void {
  const item = itemAt(items, size)
  const score = scoreAt(scores, size)
  put(items, scores, size, itemAt(items, 0), scoreAt(scores, 0))
  siftDown(items, scores, size, item, score)
}

// @ts-ignore: decorator
@inline
function isWorse(score: f32, item: i32, otherScore: f32, otherItem: i32): bool {
  return score < otherScore || (score == otherScore && item > otherItem)
}

// @ts-ignore: decorator
@inline
function itemAt(items: usize, at: i32): i32 {
  return load<i32>(items + (<usize>at << 2))
}

// @ts-ignore: decorator
@inline
function scoreAt(scores: usize, at: i32): f32 {
  return load<f32>(scores + (<usize>at << 2))
}

// @ts-ignore: decorator
@inline
function put(items: usize, scores: usize, at: i32, item: i32, score: f32): void {
  store<i32>(items + (<usize>at << 2), item)
  store<f32>(scores + (<usize>at << 2), score)
}
