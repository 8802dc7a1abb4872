import { topK } from './top-k'

/**
 * The k best items of each user in [lo, hi) by the neighbours of what they have seen: score(u, i) = Σ over j in the
 * history of weight(j, i). What was seen is left out. Ties: the lower item index wins.
 * @param scratch         nItems floats
 * @param historyStarts   of a CSR by user, with `historyItems`
 * @param seenStarts      of a CSR by user, with `seenItems`
 * @param rowStarts       of a CSR of the weights by item, with `rowItems` and `weights`
 * @param outItems        k int32 a user, best first, −1 where there are fewer
 * @param outScores       k float32 a user
 */
export function top_k_neighbour_rows(
  lo: i32, hi: i32, scratch: usize, historyStarts: usize, historyItems: usize, seenStarts: usize,
  seenItems: usize, nItems: i32, rowStarts: usize, rowItems: usize, weights: usize, k: i32, outItems: usize, outScores: usize,
): void {
  for (let user = lo; user < hi; user++) {
    const from = load<i32>(historyStarts + (<usize>user << 2))
    const to = load<i32>(historyStarts + (<usize>user << 2), 4)
    memory.fill(scratch, 0, <usize>nItems << 2)
    for (let h = from; h < to; h++) addRow(scratch, load<i32>(historyItems + (<usize>h << 2)), rowStarts, rowItems, weights)
    const seenEnd = load<i32>(seenStarts + (<usize>user << 2), 4)
    for (let s = load<i32>(seenStarts + (<usize>user << 2)); s < seenEnd; s++) {
      store<f32>(scratch + (<usize>load<i32>(seenItems + (<usize>s << 2)) << 2), -f32.MAX_VALUE)
    }
    const place = <usize>user * <usize>k << 2
    topK(scratch, nItems, k, outItems + place, outScores + place)
  }
}

// @ts-ignore: decorator
@inline
export function addRow(scores: usize, row: i32, rowStarts: usize, rowItems: usize, weights: usize): void {
  const end = load<i32>(rowStarts + (<usize>row << 2), 4)
  for (let entry = load<i32>(rowStarts + (<usize>row << 2)); entry < end; entry++) {
    const place = scores + (<usize>load<i32>(rowItems + (<usize>entry << 2)) << 2)
    store<f32>(place, load<f32>(place) + load<f32>(weights + (<usize>entry << 2)))
  }
}
