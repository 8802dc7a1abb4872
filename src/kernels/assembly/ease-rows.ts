import { place, tileAt, tileSize } from './tiles'
import { topK } from './top-k'

/**
 * k weights to each target item in [lo, hi) from the inverse P of XᵀX + λ: w(i → j) = −P_ij / P_jj (Steck 2019, eq. 8),
 * none from the item to itself; the greatest ones or, with `bySize`, those of the largest absolute value.
 * @param scratch     2 × nBlocks × 64 numbers of single precision
 * @param tiles       P, as in `tiles`
 * @param outItems    k int32 an item, −1 where there are fewer
 * @param outWeights  k float32 an item
 */
export function ease_rows(
  lo: i32, hi: i32, scratch: usize, tiles: usize, nBlocks: i32, nItems: i32, k: i32, outItems: usize, outWeights: usize,
  isDouble: i32, bySize: i32,
): void {
  const strengths = scratch + (<usize>(nBlocks * tileSize) << 2)
  for (let item = lo; item < hi; item++) {
    for (let block = 0; block < nBlocks; block++) {
      const out = scratch + (<usize>block << 8)
      if (isDouble) copyPart<f64, f32>(out, tiles, item, block)
      else copyPart<f32, f32>(out, tiles, item, block)
    }
    chooseWeights(item, scratch, strengths, nItems, k, bySize, outItems, outWeights)
  }
}

/** Elements 64·block .. 64·block + 64 of row `row` of a symmetric matrix in tiles of T, as numbers of type R. */
function copyPart<T, R>(out: usize, tiles: usize, row: i32, block: i32): void {
  const own = row / tileSize
  const r = row % tileSize
  const isLower = block <= own
  let from = isLower ? place<T>(tileAt<T>(tiles, own, block), r, 0) : place<T>(tileAt<T>(tiles, block, own), 0, r)
  const step = isLower ? sizeof<T>() : <usize>tileSize * sizeof<T>()
  const end = out + <usize>tileSize * sizeof<R>()
  for (; out < end; out += sizeof<R>(), from += step) store<R>(out, <R>load<T>(from))
}

/** Writes k of −p / p[item]. */
function chooseWeights(
  item: i32, p: usize, strengths: usize, nItems: i32, k: i32, bySize: i32, outItems: usize, outWeights: usize,
): void {
  const scale: f32 = -1 / load<f32>(p + (<usize>item << 2))
  for (let i: usize = 0; i < <usize>nItems << 2; i += 4) {
    const weight = scale * load<f32>(p + i)
    store<f32>(strengths + i, bySize ? abs<f32>(weight) : weight)
  }
  store<f32>(strengths + (<usize>item << 2), -f32.MAX_VALUE)
  const first = <usize>item * <usize>k << 2
  topK(strengths, nItems, k, outItems + first, outWeights + first)
  for (let at = first; at < first + (<usize>k << 2); at += 4) {
    const source = load<i32>(outItems + at)
    store<f32>(outWeights + at, source < 0 ? 0 : scale * load<f32>(p + (<usize>source << 2)))
  }
}

/**
 * Y = K·X for a panel of items, transposed: rows [lo, hi) of tiles of users. K is symmetric, in tiles.
 * @param scratch     64 numbers
 * @param userStarts  of a CSR by user, with `userItems`, ascending
 * @param first       the first item of the panel, of `nPanel`
 * @param out         nPanel rows of 64 · nBlocks numbers, zeroed
 */
export function ease_spread_rows(
  lo: i32, hi: i32, scratch: usize, tiles: usize, nBlocks: i32, nUsers: i32, userStarts: usize, userItems: usize,
  first: i32, nPanel: i32, out: usize, isDouble: i32,
): void {
  if (isDouble) spreadRows<f64>(lo, hi, scratch, tiles, nBlocks, nUsers, userStarts, userItems, first, nPanel, out)
  else spreadRows<f32>(lo, hi, scratch, tiles, nBlocks, nUsers, userStarts, userItems, first, nPanel, out)
}

function spreadRows<T>(
  lo: i32, hi: i32, scratch: usize, tiles: usize, nBlocks: i32, nUsers: i32, userStarts: usize, userItems: usize,
  first: i32, nPanel: i32, out: usize,
): void {
  const partBytes = <usize>tileSize * sizeof<T>()
  const pitch = <usize>nBlocks * partBytes
  for (let block = lo; block < hi; block++) {
    for (let user = 0; user < nUsers; user++) {
      const start = load<i32>(userStarts + (<usize>user << 2))
      const end = load<i32>(userStarts + (<usize>user << 2), 4)
      let at = start
      while (at < end && load<i32>(userItems + (<usize>at << 2)) < first) at++
      if (at == end || load<i32>(userItems + (<usize>at << 2)) >= first + nPanel) continue
      copyPart<T, T>(scratch, tiles, user, block)
      for (; at < end; at++) {
        const item = load<i32>(userItems + (<usize>at << 2)) - first
        if (item >= nPanel) break
        addPart<T>(out + <usize>item * pitch + <usize>block * partBytes, scratch)
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function addPart<T>(out: usize, part: usize): void {
  for (let p: usize = 0; p < <usize>tileSize * sizeof<T>(); p += 16) {
    const sum = v128.load(out + p)
    const more = v128.load(part + p)
    v128.store(out + p, sizeof<T>() == 8 ? f64x2.add(sum, more) : f32x4.add(sum, more))
  }
}

/**
 * As `ease_rows`, for items [first + lo, first + hi), from Y = K·X with K the inverse of XXᵀ + λ: P = (I − XᵀY)/λ by the
 * matrix inversion lemma, of which the scale does not matter.
 * @param scratch     2 × nItems numbers of single precision
 * @param spread      Y of the panel, `pitch` numbers an item
 * @param itemStarts  of a CSR by item, with `itemUsers`
 */
export function ease_dual_rows(
  lo: i32, hi: i32, scratch: usize, spread: usize, pitch: i32, first: i32, nItems: i32, itemStarts: usize,
  itemUsers: usize, k: i32, outItems: usize, outWeights: usize, isDouble: i32, bySize: i32,
): void {
  const strengths = scratch + (<usize>nItems << 2)
  for (let row = lo; row < hi; row++) {
    const at = <usize>row * <usize>pitch
    if (isDouble) inverseRow<f64>(scratch, spread + (at << 3), first + row, nItems, itemStarts, itemUsers)
    else inverseRow<f32>(scratch, spread + (at << 2), first + row, nItems, itemStarts, itemUsers)
    chooseWeights(first + row, scratch, strengths, nItems, k, bySize, outItems, outWeights)
  }
}

/** out = row `row` of I − XᵀY */
function inverseRow<T>(out: usize, y: usize, row: i32, nItems: i32, itemStarts: usize, itemUsers: usize): void {
  for (let item = 0; item < nItems; item++) {
    const end = itemUsers + (<usize>load<i32>(itemStarts + (<usize>item << 2), 4) << 2)
    let sum: T = row == item ? 1 : 0
    for (let entry = itemUsers + (<usize>load<i32>(itemStarts + (<usize>item << 2)) << 2); entry < end; entry += 4) {
      sum -= load<T>(y + <usize>load<i32>(entry) * sizeof<T>())
    }
    store<f32>(out + (<usize>item << 2), <f32>sum)
  }
}
