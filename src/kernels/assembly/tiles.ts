import { tile4x16, tile6x16 } from './register-tiles'
import { fma } from './simd'

/*
 * Dense symmetric matrices of up to 4 GiB: the lower triangle in tiles of 64 × 64 floats, tile (i, j) with j ≤ i at place
 * i(i + 1)/2 + j, row-major inside. Cholesky factor and inverse are computed in place (Golub & Van Loan 2013, 4.2.5;
 * LAPACK's potrf, trtri and lauum) by one product, C ± AᵀB, which reads both operands along their rows.
 */

/** Rows and columns of a tile. */
export const tileSize: i32 = 64
const tileBytes: usize = 64 * 64 * 4

// @ts-ignore: decorator
@inline
function tileAt(tiles: usize, i: i32, j: i32): usize {
  return tiles + (<usize>i * <usize>(i + 1) / 2 + <usize>j) * tileBytes
}

/** out += sign · AᵀB for tiles. @param sums  room for a tile */
function addProduct(out: usize, a: usize, b: usize, sign: f32, sums: usize): void {
  if (EIGHT_LANES) return addWideProduct(out, a, b, sign, sums)
  for (let column: usize = 0; column < 256; column += 32) {
    for (let row: usize = 0; row < 64; row += 4) addProductPart(out + row * 256 + column, a + row * 4, b + column, sign)
  }
}

function addWideProduct(out: usize, a: usize, b: usize, sign: f32, sums: usize): void {
  memory.fill(sums, 0, tileBytes)
  for (let column: usize = 0; column < 256; column += 64) {
    for (let row: usize = 0; row < 60; row += 6) tile6x16(sums + row * 256 + column, 256, a + row * 4, 256, b + column, 256, 64)
    tile4x16(sums + 60 * 256 + column, 256, a + 240, 256, b + column, 256, 64)
  }
  const scale = f32x4.splat(sign)
  for (let at: usize = 0; at < tileBytes; at += 32) {
    v128.store(out + at, fma(scale, v128.load(sums + at), v128.load(out + at)))
    v128.store(out + at, fma(scale, v128.load(sums + at, 16), v128.load(out + at, 16)), 16)
  }
}

/** Four rows, eight columns. */
function addProductPart(out: usize, a: usize, b: usize, sign: f32): void {
  let a0 = f32x4.splat(0)
  let a1 = a0
  let b0 = a0
  let b1 = a0
  let c0 = a0
  let c1 = a0
  let d0 = a0
  let d1 = a0
  const end = a + tileBytes
  for (let left = a, right = b; left < end; left += 256, right += 256) {
    const r0 = v128.load(right)
    const r1 = v128.load(right, 16)
    let l = v128.load32_splat(left)
    a0 = fma(l, r0, a0)
    a1 = fma(l, r1, a1)
    l = v128.load32_splat(left, 4)
    b0 = fma(l, r0, b0)
    b1 = fma(l, r1, b1)
    l = v128.load32_splat(left, 8)
    c0 = fma(l, r0, c0)
    c1 = fma(l, r1, c1)
    l = v128.load32_splat(left, 12)
    d0 = fma(l, r0, d0)
    d1 = fma(l, r1, d1)
  }
  const scale = f32x4.splat(sign)
  addTo(out, a0, a1, scale)
  addTo(out + 256, b0, b1, scale)
  addTo(out + 512, c0, c1, scale)
  addTo(out + 768, d0, d1, scale)
}

// @ts-ignore: decorator
@inline
function addTo(place: usize, low: v128, high: v128, scale: v128): void {
  v128.store(place, fma(scale, low, v128.load(place)))
  v128.store(place, fma(scale, high, v128.load(place, 16)), 16)
}

/**
 * Tile rows [lo, hi) of XᵀX + λ, X binary, n columns; what pads the last tile is the identity.
 * @param starts   of a CSR by column of X, with `rows`
 * @param others   starts of a CSR by row of X, with `columns`, ascending
 */
export function tile_gram_rows(
  lo: i32, hi: i32, scratch: usize, tiles: usize, n: i32, lambda: f32, starts: usize, rows: usize, others: usize, columns: usize,
): void {
  for (let block = lo; block < hi; block++) {
    memory.fill(tileAt(tiles, block, 0), 0, <usize>(block + 1) * tileBytes)
    for (let r = 0; r < tileSize; r++) {
      const i = block * tileSize + r
      const line = tileAt(tiles, block, 0) + (<usize>r << 8)
      if (i < n) countPairs(line, i, starts, rows, others, columns)
      const diagonal = tileAt(tiles, block, block) + (<usize>r << 8) + (<usize>r << 2)
      store<f32>(diagonal, i < n ? load<f32>(diagonal) + lambda : 1)
    }
    mirrorTile(tileAt(tiles, block, block))
  }
}

/** Row i of XᵀX up to its diagonal. */
function countPairs(line: usize, i: i32, starts: usize, rows: usize, others: usize, columns: usize): void {
  const end = load<i32>(starts + (<usize>i << 2), 4)
  for (let entry = load<i32>(starts + (<usize>i << 2)); entry < end; entry++) {
    const row = <usize>load<i32>(rows + (<usize>entry << 2)) << 2
    const last = load<i32>(others + row, 4)
    for (let other = load<i32>(others + row); other < last; other++) {
      const j = load<i32>(columns + (<usize>other << 2))
      if (j > i) break
      const place = line + <usize>(j / tileSize) * tileBytes + (<usize>(j % tileSize) << 2)
      store<f32>(place, load<f32>(place) + 1)
    }
  }
}

function mirrorTile(tile: usize): void {
  for (let i = 0; i < tileSize; i++) {
    for (let j = 0; j < i; j++) store<f32>(place(tile, j, i), load<f32>(place(tile, i, j)))
  }
}

// @ts-ignore: decorator
@inline
function place(tile: usize, i: i32, j: i32): usize {
  return tile + (<usize>i << 8) + (<usize>j << 2)
}

function transposeInto(out: usize, tile: usize): void {
  for (let i = 0; i < tileSize; i++) {
    for (let j = 0; j < tileSize; j++) store<f32>(place(out, j, i), load<f32>(place(tile, i, j)))
  }
}

/**
 * Column k of the factor, first part: for tiles (k + row, k), stored transposed from here on, minus what the columns before
 * it explain.
 */
export function tile_update_rows(lo: i32, hi: i32, scratch: usize, tiles: usize, k: i32): void {
  for (let i = k + lo; i < k + hi; i++) {
    const tile = tileAt(tiles, i, k)
    transposeInto(scratch, tile)
    for (let j = 0; j < k; j++) addProduct(scratch, tileAt(tiles, k, j), tileAt(tiles, i, j), -1, scratch + tileBytes)
    memory.copy(tile, scratch, tileBytes)
  }
}

/** Factor of the tile on the diagonal: its inverse D goes to `inverses` at k, Dᵀ takes the tile's place. */
export function tile_factor(lo: i32, hi: i32, scratch: usize, tiles: usize, k: i32, inverses: usize): void {
  const tile = tileAt(tiles, k, k)
  for (let j = 0; j < tileSize; j++) {
    let diagonal: f64 = load<f32>(place(tile, j, j))
    for (let p = 0; p < j; p++) diagonal -= <f64>load<f32>(place(tile, j, p)) * <f64>load<f32>(place(tile, j, p))
    const root = Math.sqrt(max<f64>(diagonal, 1e-30))
    store<f32>(place(tile, j, j), <f32>root)
    for (let i = j + 1; i < tileSize; i++) {
      let value: f64 = load<f32>(place(tile, i, j))
      for (let p = 0; p < j; p++) value -= <f64>load<f32>(place(tile, i, p)) * <f64>load<f32>(place(tile, j, p))
      store<f32>(place(tile, i, j), <f32>(value / root))
    }
  }
  const inverse = inverses + <usize>k * tileBytes
  memory.fill(inverse, 0, tileBytes)
  for (let j = 0; j < tileSize; j++) {
    for (let i = j; i < tileSize; i++) {
      let value: f64 = i == j ? 1 : 0
      for (let p = j; p < i; p++) value -= <f64>load<f32>(place(tile, i, p)) * <f64>load<f32>(place(inverse, p, j))
      store<f32>(place(inverse, i, j), <f32>(value / <f64>load<f32>(place(tile, i, i))))
    }
  }
  transposeInto(tile, inverse)
}

/** Column k of the factor, last part: tiles (k + 1 + row, k) times the inverse of the one on the diagonal. */
export function tile_solve_rows(lo: i32, hi: i32, scratch: usize, tiles: usize, k: i32): void {
  for (let i = k + 1 + lo; i < k + 1 + hi; i++) {
    memory.fill(scratch, 0, tileBytes)
    addProduct(scratch, tileAt(tiles, k, k), tileAt(tiles, i, k), 1, scratch + tileBytes)
    memory.copy(tileAt(tiles, i, k), scratch, tileBytes)
  }
}

/**
 * Row i of the factor's inverse M: tiles (i, column) for columns [lo, hi), all below i.
 * @param row       a copy of row i of the factor
 * @param inverses  of the tiles on the diagonal
 */
export function tile_inverse_columns(
  lo: i32, hi: i32, scratch: usize, tiles: usize, i: i32, row: usize, inverses: usize,
): void {
  for (let j = lo; j < hi; j++) {
    memory.fill(scratch, 0, tileBytes)
    addProduct(scratch, row + <usize>j * tileBytes, inverses + <usize>j * tileBytes, 1, scratch + tileBytes)
    for (let k = j + 1; k < i; k++) addProduct(scratch, row + <usize>k * tileBytes, tileAt(tiles, k, j), 1, scratch + tileBytes)
    const out = tileAt(tiles, i, j)
    memory.fill(out, 0, tileBytes)
    addProduct(out, tileAt(tiles, i, i), scratch, -1, scratch + tileBytes)
  }
}

/** Row i of MᵀM: tiles (i, column) for columns [lo, hi), up to i. @param nBlocks  tile rows in all */
export function tile_product_columns(
  lo: i32, hi: i32, scratch: usize, tiles: usize, i: i32, nBlocks: i32, inverses: usize,
): void {
  const own = inverses + <usize>i * tileBytes
  for (let j = lo; j < hi; j++) {
    memory.fill(scratch, 0, tileBytes)
    addProduct(scratch, own, j == i ? own : tileAt(tiles, i, j), 1, scratch + tileBytes)
    for (let k = i + 1; k < nBlocks; k++) addProduct(scratch, tileAt(tiles, k, i), tileAt(tiles, k, j), 1, scratch + tileBytes)
    memory.copy(tileAt(tiles, i, j), scratch, tileBytes)
  }
}

/** Row i of a symmetric matrix, whole. @param out  64 · nBlocks floats */
export function copyTileRow(out: usize, tiles: usize, i: i32, nBlocks: i32): void {
  const block = i / tileSize
  const r = i % tileSize
  for (let j = 0; j <= block; j++) memory.copy(out + (<usize>j << 8), place(tileAt(tiles, block, j), r, 0), 256)
  for (let k = block + 1; k < nBlocks; k++) {
    const tile = tileAt(tiles, k, block)
    for (let p = 0; p < tileSize; p++) store<f32>(out + (<usize>k << 8) + (<usize>p << 2), load<f32>(place(tile, p, r)))
  }
}
