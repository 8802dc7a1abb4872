import { dot } from './dot'
import { topK } from './top-k'

/**
 * The k best items of each user in [lo, hi), seen ones left out. Ties: the lower item index wins.
 * @param scratch     nItems floats
 * @param userRows    row-major, `width` floats a row
 * @param itemRows    row-major, nItems × width
 * @param width       a multiple of 4
 * @param seenStarts  of a CSR by user, with `seenColumns`
 * @param outItems    k int32 a user, best first, −1 where there are fewer
 * @param outScores   k float32 a user
 */
export function top_k_rows(
  lo: i32, hi: i32, scratch: usize, userRows: usize, itemRows: usize, width: i32, nItems: i32, seenStarts: usize,
  seenColumns: usize, k: i32, outItems: usize, outScores: usize,
): void {
  const pitch = <usize>width << 2
  for (let user = lo; user < hi; user++) {
    const query = userRows + <usize>user * pitch
    for (let item = 0; item < nItems; item++) {
      store<f32>(scratch + (<usize>item << 2), dot(itemRows + <usize>item * pitch, query, width))
    }
    const end = load<i32>(seenStarts + (<usize>user << 2), 4)
    for (let entry = load<i32>(seenStarts + (<usize>user << 2)); entry < end; entry++) {
      store<f32>(scratch + (<usize>load<i32>(seenColumns + (<usize>entry << 2)) << 2), -f32.MAX_VALUE)
    }
    const place = <usize>user * <usize>k << 2
    topK(scratch, nItems, k, outItems + place, outScores + place)
  }
}
