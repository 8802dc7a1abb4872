import { copyTileRow, tileSize } from './tiles'
import { topK } from './top-k'

/**
 * The k strongest weights of each target item in [lo, hi) from the inverse P of XᵀX + λ: w(i → j) = −P_ij / P_jj (Steck
 * 2019, eq. 8), none from the item to itself; the strongest are those of the largest absolute value.
 * @param scratch     2 × nBlocks × 64 floats
 * @param tiles       P, as in `tiles`
 * @param outItems    k int32 an item, −1 where there are fewer
 * @param outWeights  k float32 an item
 */
export function ease_rows(
  lo: i32, hi: i32, scratch: usize, tiles: usize, nBlocks: i32, nItems: i32, k: i32, outItems: usize, outWeights: usize,
): void {
  const strengths = scratch + (<usize>(nBlocks * tileSize) << 2)
  for (let item = lo; item < hi; item++) {
    copyTileRow(scratch, tiles, item, nBlocks)
    strongest(item, scratch, strengths, nItems, k, outItems, outWeights)
  }
}

/** Writes the k strongest of −p / p[item]. */
function strongest(item: i32, p: usize, strengths: usize, nItems: i32, k: i32, outItems: usize, outWeights: usize): void {
  const scale: f32 = -1 / load<f32>(p + (<usize>item << 2))
  for (let i: usize = 0; i < <usize>nItems << 2; i += 4) store<f32>(strengths + i, abs<f32>(scale * load<f32>(p + i)))
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
 * @param scratch     64 × 64 × 4 bytes and 64 × nBlocks × 4 bytes
 * @param userStarts  of a CSR by user, with `userItems`, ascending
 * @param first       the first item of the panel, of `nPanel`
 * @param out         nPanel rows of 64 · nBlocks floats, zeroed
 */
export function ease_spread_rows(
  lo: i32, hi: i32, scratch: usize, tiles: usize, nBlocks: i32, nUsers: i32, userStarts: usize, userItems: usize,
  first: i32, nPanel: i32, out: usize,
): void {
  const pitch = <usize>(nBlocks * tileSize) << 2
  for (let block = lo; block < hi; block++) {
    for (let user = 0; user < nUsers; user++) {
      const start = load<i32>(userStarts + (<usize>user << 2))
      const end = load<i32>(userStarts + (<usize>user << 2), 4)
      let at = start
      while (at < end && load<i32>(userItems + (<usize>at << 2)) < first) at++
      if (at == end || load<i32>(userItems + (<usize>at << 2)) >= first + nPanel) continue
      copyPart(scratch, tiles, user, block)
      for (; at < end; at++) {
        const item = load<i32>(userItems + (<usize>at << 2)) - first
        if (item >= nPanel) break
        addPart(out + <usize>item * pitch + (<usize>block << 8), scratch)
      }
    }
  }
}

/** K[user, 64·block .. 64·block + 64) */
function copyPart(out: usize, tiles: usize, user: i32, block: i32): void {
  const own = user / tileSize
  const r = user % tileSize
  if (block <= own) {
    const tile = tiles + (<usize>own * <usize>(own + 1) / 2 + <usize>block) * 16384
    memory.copy(out, tile + (<usize>r << 8), 256)
    return
  }
  const tile = tiles + (<usize>block * <usize>(block + 1) / 2 + <usize>own) * 16384 + (<usize>r << 2)
  for (let p: usize = 0; p < 64; p++) store<f32>(out + (p << 2), load<f32>(tile + (p << 8)))
}

// @ts-ignore: decorator
@inline
function addPart(out: usize, part: usize): void {
  for (let p: usize = 0; p < 256; p += 16) v128.store(out + p, f32x4.add(v128.load(out + p), v128.load(part + p)))
}

/**
 * As `ease_rows`, for items [first + lo, first + hi), from Y = K·X with K the inverse of XXᵀ + λ: P = (I − XᵀY)/λ by the
 * matrix inversion lemma, of which the scale does not matter.
 * @param scratch     2 × nItems floats
 * @param spread      Y of the panel, `pitch` floats an item
 * @param itemStarts  of a CSR by item, with `itemUsers`
 */
export function ease_dual_rows(
  lo: i32, hi: i32, scratch: usize, spread: usize, pitch: i32, first: i32, nItems: i32, itemStarts: usize,
  itemUsers: usize, k: i32, outItems: usize, outWeights: usize,
): void {
  const strengths = scratch + (<usize>nItems << 2)
  for (let row = lo; row < hi; row++) {
    const y = spread + (<usize>row * <usize>pitch << 2)
    for (let item = 0; item < nItems; item++) {
      const end = itemUsers + (<usize>load<i32>(itemStarts + (<usize>item << 2), 4) << 2)
      let sum: f32 = first + row == item ? 1 : 0
      for (let entry = itemUsers + (<usize>load<i32>(itemStarts + (<usize>item << 2)) << 2); entry < end; entry += 4) {
        sum -= load<f32>(y + (<usize>load<i32>(entry) << 2))
      }
      store<f32>(scratch + (<usize>item << 2), sum)
    }
    strongest(first + row, scratch, strengths, nItems, k, outItems, outWeights)
  }
}
