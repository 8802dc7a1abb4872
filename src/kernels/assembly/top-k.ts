/**
 * The k best of `nItems` scores, best first; ties: the lower item index wins. Scores of −MAX and NaN are left out. A heap
 * of at most k with the worst on top, in the place of the result: O(n log k), and most items fail the first comparison.
 * @param outItems   k int32, −1 where there are fewer
 * @param outScores  k float32, −MAX where there are fewer
 */
export function topK(scores: usize, nItems: i32, k: i32, outItems: usize, outScores: usize): void {
  if (k == 0) return
  finishTopK(outItems, outScores, k, offerBlock(scores, nItems, 0, k, outItems, outScores, 0))
}

/**
 * Offers the items [first, first + n) to a heap of `found` items, all of them lower; their scores begin at `scores`.
 * @returns how many there are now, at most k
 */
export function offerBlock(
  scores: usize, n: i32, first: i32, k: i32, outItems: usize, outScores: usize, found: i32,
): i32 {
  const whole = n & ~15
  let worst: f32 = found < k ? -f32.MAX_VALUE : scoreAt(outScores, 0)
  for (let at = 0; at < n; at++) {
    if (at < whole && (at & 15) == 0) {
      while (at < whole && !anyAbove(scores + (<usize>at << 2), worst)) at += 16
      if (at >= n) break
    }
    const score = scoreAt(scores, at)
    // Items come in ascending order: one that only equals the worst comes after it.
    if (!(score > worst)) continue
    if (found < k) siftUp(outItems, outScores, found++, first + at, score)
    else siftDown(outItems, outScores, k, first + at, score)
    if (found == k) worst = scoreAt(outScores, 0)
  }
  return found
}

/** Sorts the heap, and fills the rest of the k places with −1. */
export function finishTopK(outItems: usize, outScores: usize, k: i32, found: i32): void {
  for (let size = found - 1; size > 0; size--) popWorst(outItems, outScores, size)
  for (; found < k; found++) put(outItems, outScores, found, -1, -f32.MAX_VALUE)
}

/** Whether any of sixteen scores is above the bound: most sixteens of a long row have none. */
// @ts-ignore: decorator
@inline
function anyAbove(scores: usize, bound: f32): bool {
  const bounds = f32x4.splat(bound)
  const low = v128.or(f32x4.gt(v128.load(scores), bounds), f32x4.gt(v128.load(scores, 16), bounds))
  const high = v128.or(f32x4.gt(v128.load(scores, 32), bounds), f32x4.gt(v128.load(scores, 48), bounds))
  return v128.any_true(v128.or(low, high))
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
