import { depthBlock, gemm_transposed, panelColumns, rowBlock } from './gemm'
import { finishTopK, offerBlock } from './top-k'

/** Items scored at a time: their scores for 64 users are 64 kB, which stay in the second-level cache. */
const itemBlock: i32 = 256

/**
 * As `top_k_rows`, for many users: scores are products of blocks of users and items, ranked while they are in the cache; no
 * row of scores is kept. Ties: the lower item index wins.
 * @param scratch      `rankRowsScratchBytes` of `src/kernels/scratch.ts`
 * @param userRows     row-major, `width` floats a row
 * @param itemRows     row-major, nItems × width
 * @param width        a multiple of 4
 * @param seenStarts   of a CSR by user, with `seenColumns`, ascending in each row
 * @param outItems     k int32 a user, best first, −1 where there are fewer
 * @param outScores    k float32 a user
 */
export function rank_rows(
  lo: i32, hi: i32, scratch: usize, userRows: usize, itemRows: usize, width: i32, nItems: i32, seenStarts: usize,
  seenColumns: usize, k: i32, outItems: usize, outScores: usize,
): void {
  const pitch = <usize>width << 2
  const scores = scratch + (<usize>(rowBlock * depthBlock + panelColumns * (depthBlock + 4)) << 2)
  const found = scores + (<usize>(rowBlock * itemBlock) << 2)
  const nextSeen = found + (<usize>rowBlock << 2)
  for (let first = lo; first < hi; first += rowBlock) {
    const nUsers = min(rowBlock, hi - first)
    memory.fill(found, 0, <usize>nUsers << 2)
    memory.copy(nextSeen, seenStarts + (<usize>first << 2), <usize>nUsers << 2)
    for (let item = 0; item < nItems; item += itemBlock) {
      const n = min(itemBlock, nItems - item)
      memory.fill(scores, 0, <usize>(nUsers * itemBlock) << 2)
      gemm_transposed(
        nUsers, n, width, userRows + <usize>first * pitch, width, itemRows + <usize>item * pitch, width, scores, itemBlock, scratch,
      )
      for (let at = 0; at < nUsers; at++) {
        const user = first + at
        const row = scores + (<usize>(at * itemBlock) << 2)
        const place = <usize>user * <usize>k << 2
        const counter = <usize>at << 2
        const end = load<i32>(seenStarts + (<usize>user << 2), 4)
        store<i32>(nextSeen + counter, maskSeen(row, item, n, seenColumns, load<i32>(nextSeen + counter), end))
        const before = load<i32>(found + counter)
        store<i32>(found + counter, offerBlock(row, n, item, k, outItems + place, outScores + place, before))
      }
    }
    for (let at = 0; at < nUsers; at++) {
      const place = <usize>(first + at) * <usize>k << 2
      finishTopK(outItems + place, outScores + place, k, load<i32>(found + (<usize>at << 2)))
    }
  }
}

/** Marks the seen items among [first, first + n). @returns the entry of the first one beyond */
function maskSeen(scores: usize, first: i32, n: i32, columns: usize, entry: i32, end: i32): i32 {
  for (; entry < end; entry++) {
    const item = load<i32>(columns + (<usize>entry << 2)) - first
    if (item >= n) break
    store<f32>(scores + (<usize>item << 2), -f32.MAX_VALUE)
  }
  return entry
}
