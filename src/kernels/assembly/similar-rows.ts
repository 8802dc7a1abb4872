import { topK } from './top-k'

/**
 * The k nearest neighbours of each item in [lo, hi): sim(i, j) = Σ_u a_iu·a_uj / (left_i·right_j + shrinkage) over the users
 * that have both; none with a product of 0, and not the item itself. Ties: the lower item index wins.
 * @param scratch      nItems floats
 * @param itemStarts   of a CSR by item, with `itemUsers` and `itemWeights`
 * @param userStarts   of a CSR by user, with `userItems` and `userWeights`
 * @param left         nItems floats, for the item whose neighbours are wanted
 * @param right        nItems floats, for the neighbour
 * @param outItems     k int32 an item, best first, −1 where there are fewer
 * @param outScores    k float32 an item
 */
export function similar_rows(
  lo: i32, hi: i32, scratch: usize, itemStarts: usize, itemUsers: usize, itemWeights: usize, userStarts: usize,
  userItems: usize, userWeights: usize, nItems: i32, left: usize, right: usize, shrinkage: f32, k: i32,
  outItems: usize, outScores: usize,
): void {
  for (let item = lo; item < hi; item++) {
    memory.fill(scratch, 0, <usize>nItems << 2)
    const end = load<i32>(itemStarts + (<usize>item << 2), 4)
    for (let entry = load<i32>(itemStarts + (<usize>item << 2)); entry < end; entry++) {
      const user = load<i32>(itemUsers + (<usize>entry << 2))
      addItems(scratch, user, load<f32>(itemWeights + (<usize>entry << 2)), userStarts, userItems, userWeights)
    }
    const scale = load<f32>(left + (<usize>item << 2))
    for (let other: usize = 0; other < <usize>nItems << 2; other += 4) {
      const product = load<f32>(scratch + other)
      const similarity = product / (scale * load<f32>(right + other) + shrinkage)
      store<f32>(scratch + other, product == 0 ? -f32.MAX_VALUE : similarity)
    }
    store<f32>(scratch + (<usize>item << 2), -f32.MAX_VALUE)
    const place = <usize>item * <usize>k << 2
    topK(scratch, nItems, k, outItems + place, outScores + place)
  }
}

// @ts-ignore: decorator
@inline
function addItems(products: usize, user: i32, weight: f32, userStarts: usize, userItems: usize, userWeights: usize): void {
  const end = load<i32>(userStarts + (<usize>user << 2), 4)
  for (let entry = load<i32>(userStarts + (<usize>user << 2)); entry < end; entry++) {
    const place = products + (<usize>load<i32>(userItems + (<usize>entry << 2)) << 2)
    store<f32>(place, load<f32>(place) + weight * load<f32>(userWeights + (<usize>entry << 2)))
  }
}
