import { gemm_transposed } from './gemm'
import { addRow } from './top-k-neighbour-rows'

/** Users whose scores for all items are in memory at once. */
const userBlock: i32 = 16

/**
 * out[user] = Σ over the relevant items of the user of the items of neither part that score lower, a tie counting ½, for users
 * in [lo, hi). Divided by (relevant × items of neither part) it is the area under the ROC curve.
 * @param scratch          `aucRowsScratchBytes` of `src/kernels/scratch.ts`
 * @param userRows         row-major, `width` floats a row, as `itemRows`
 * @param seenStarts       of a CSR by user, with `seenColumns`; items that do not count
 * @param relevantStarts   of a CSR by user, with `relevantColumns`; no item is in both
 * @param out              a float64 a user
 */
export function auc_rows(
  lo: i32, hi: i32, scratch: usize, userRows: usize, itemRows: usize, width: i32, nItems: i32, seenStarts: usize,
  seenColumns: usize, relevantStarts: usize, relevantColumns: usize, out: usize,
): void {
  const pitch = <usize>width << 2
  const stride = (nItems + 3) & ~3
  const dense = scratch + ((<usize>stride << 2) * userBlock) + (<usize>stride << 2)
  for (let first = lo; first < hi; first += userBlock) {
    const n = min(userBlock, hi - first)
    memory.fill(scratch, 0, (<usize>stride << 2) * n)
    gemm_transposed(n, nItems, width, userRows + <usize>first * pitch, width, itemRows, width, scratch, stride, dense)
    for (let at = 0; at < n; at++) {
      const scores = scratch + (<usize>stride << 2) * at
      countPairs(scores, dense - (<usize>stride << 2), nItems, first + at, seenStarts, seenColumns, relevantStarts, relevantColumns, out)
    }
  }
}

/** The same for scores by the neighbours of the history, as in `top_k_neighbour_rows`. */
export function auc_neighbour_rows(
  lo: i32, hi: i32, scratch: usize, historyStarts: usize, historyColumns: usize, seenStarts: usize, seenColumns: usize,
  nItems: i32, rowStarts: usize, rowItems: usize, weights: usize, relevantStarts: usize, relevantColumns: usize, out: usize,
): void {
  const bytes = <usize>((nItems + 3) & ~3) << 2
  for (let user = lo; user < hi; user++) {
    memory.fill(scratch, 0, bytes)
    const end = load<i32>(historyStarts + (<usize>user << 2), 4)
    for (let entry = load<i32>(historyStarts + (<usize>user << 2)); entry < end; entry++) {
      addRow(scratch, load<i32>(historyColumns + (<usize>entry << 2)), rowStarts, rowItems, weights)
    }
    countPairs(scratch, scratch + bytes, nItems, user, seenStarts, seenColumns, relevantStarts, relevantColumns, out)
  }
}

/** @param kept  room for the scores of the relevant items */
function countPairs(
  scores: usize, kept: usize, nItems: i32, user: i32, seenStarts: usize, seenColumns: usize, relevantStarts: usize,
  relevantColumns: usize, out: usize,
): void {
  const place = <usize>user << 2
  // NaN is neither lower nor equal: what does not count is left out of every comparison.
  for (let item = nItems; item < ((nItems + 3) & ~3); item++) store<f32>(scores + (<usize>item << 2), f32.NaN)
  blank(scores, seenColumns, load<i32>(seenStarts + place), load<i32>(seenStarts + place, 4))
  const from = load<i32>(relevantStarts + place)
  const to = load<i32>(relevantStarts + place, 4)
  for (let entry = from; entry < to; entry++) {
    const item = load<i32>(relevantColumns + (<usize>entry << 2))
    store<f32>(kept + (<usize>(entry - from) << 2), load<f32>(scores + (<usize>item << 2)))
  }
  blank(scores, relevantColumns, from, to)
  let pairs: f64 = 0
  for (let entry = 0; entry < to - from; entry++) pairs += countBelow(scores, nItems, load<f32>(kept + (<usize>entry << 2)))
  store<f64>(out + (<usize>user << 3), pairs)
}

function blank(scores: usize, columns: usize, from: i32, to: i32): void {
  for (let entry = from; entry < to; entry++) {
    store<f32>(scores + (<usize>load<i32>(columns + (<usize>entry << 2)) << 2), f32.NaN)
  }
}

/** How many scores are lower than the bound, plus half of those that equal it. */
function countBelow(scores: usize, nItems: i32, bound: f32): f64 {
  const bounds = f32x4.splat(bound)
  let below = i32x4.splat(0)
  let notAbove = i32x4.splat(0)
  const end = scores + (<usize>((nItems + 3) & ~3) << 2)
  for (; scores < end; scores += 16) {
    const four = v128.load(scores)
    below = i32x4.sub(below, f32x4.lt(four, bounds))
    notAbove = i32x4.sub(notAbove, f32x4.le(four, bounds))
  }
  const twice = i32x4.add(below, notAbove)
  const total = i32x4.extract_lane(twice, 0) + i32x4.extract_lane(twice, 1) + i32x4.extract_lane(twice, 2) + i32x4.extract_lane(twice, 3)
  return 0.5 * <f64>total
}
