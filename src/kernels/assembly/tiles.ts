import { tile4x16, tile6x16 } from './register-tiles'
import { fma, fma64 } from './simd'

/*
 * Dense symmetric matrices of up to 4 GiB: the lower triangle in tiles of 64 × 64 numbers, tile (i, j) with j ≤ i at place
 * i(i + 1)/2 + j, row-major inside. Cholesky factor and inverse are computed in place (Golub & Van Loan 2013, 4.2.5;
 * LAPACK's potrf, trtri and lauum) by one product, C ± AᵀB, which reads both operands along their rows. Numbers are of
 * single precision, or of double where `isDouble` is not 0.
 */

/** Rows and columns of a tile. */
export const tileSize: i32 = 64

// @ts-ignore: decorator
@inline
function tileBytes<T>(): usize {
  return sizeof<T>() << 12
}

// @ts-ignore: decorator
@inline
export function tileAt<T>(tiles: usize, i: i32, j: i32): usize {
  return tiles + (<usize>i * <usize>(i + 1) / 2 + <usize>j) * tileBytes<T>()
}

/** out += sign · AᵀB for tiles. @param sums  room for a tile */
function addProduct<T>(out: usize, a: usize, b: usize, sign: T, sums: usize): void {
  if (sizeof<T>() == 8) {
    for (let column: usize = 0; column < 512; column += 32) {
      for (let row: usize = 0; row < 64; row += 4) addDoublePart(out + row * 512 + column, a + row * 8, b + column, <f64>sign)
    }
  } else if (EIGHT_LANES) {
    addWideProduct(out, a, b, <f32>sign, sums)
  } else {
    for (let column: usize = 0; column < 256; column += 32) {
      for (let row: usize = 0; row < 64; row += 4) addProductPart(out + row * 256 + column, a + row * 4, b + column, <f32>sign)
    }
  }
}

/** Four rows, four columns of double precision. */
function addDoublePart(out: usize, a: usize, b: usize, sign: f64): void {
  let a0 = f64x2.splat(0)
  let a1 = a0
  let b0 = a0
  let b1 = a0
  let c0 = a0
  let c1 = a0
  let d0 = a0
  let d1 = a0
  const end = a + tileBytes<f64>()
  for (let left = a, right = b; left < end; left += 512, right += 512) {
    const r0 = v128.load(right)
    const r1 = v128.load(right, 16)
    let l = v128.load64_splat(left)
    a0 = fma64(l, r0, a0)
    a1 = fma64(l, r1, a1)
    l = v128.load64_splat(left, 8)
    b0 = fma64(l, r0, b0)
    b1 = fma64(l, r1, b1)
    l = v128.load64_splat(left, 16)
    c0 = fma64(l, r0, c0)
    c1 = fma64(l, r1, c1)
    l = v128.load64_splat(left, 24)
    d0 = fma64(l, r0, d0)
    d1 = fma64(l, r1, d1)
  }
  const scale = f64x2.splat(sign)
  addDoubleTo(out, a0, a1, scale)
  addDoubleTo(out + 512, b0, b1, scale)
  addDoubleTo(out + 1024, c0, c1, scale)
  addDoubleTo(out + 1536, d0, d1, scale)
}

// @ts-ignore: decorator
@inline
function addDoubleTo(place: usize, low: v128, high: v128, scale: v128): void {
  v128.store(place, fma64(scale, low, v128.load(place)))
  v128.store(place, fma64(scale, high, v128.load(place, 16)), 16)
}

function addWideProduct(out: usize, a: usize, b: usize, sign: f32, sums: usize): void {
  memory.fill(sums, 0, tileBytes<f32>())
  for (let column: usize = 0; column < 256; column += 64) {
    for (let row: usize = 0; row < 60; row += 6) tile6x16(sums + row * 256 + column, 256, a + row * 4, 256, b + column, 256, 64)
    tile4x16(sums + 60 * 256 + column, 256, a + 240, 256, b + column, 256, 64)
  }
  const scale = f32x4.splat(sign)
  for (let at: usize = 0; at < tileBytes<f32>(); at += 32) {
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
  const end = a + tileBytes<f32>()
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
  lo: i32, hi: i32, scratch: usize, tiles: usize, n: i32, lambda: f64, starts: usize, rows: usize, others: usize, columns: usize,
  isDouble: i32,
): void {
  if (isDouble) gramRows<f64>(lo, hi, tiles, n, lambda, starts, rows, others, columns)
  else gramRows<f32>(lo, hi, tiles, n, lambda, starts, rows, others, columns)
}

function gramRows<T>(
  lo: i32, hi: i32, tiles: usize, n: i32, lambda: f64, starts: usize, rows: usize, others: usize, columns: usize,
): void {
  for (let block = lo; block < hi; block++) {
    memory.fill(tileAt<T>(tiles, block, 0), 0, <usize>(block + 1) * tileBytes<T>())
    for (let r = 0; r < tileSize; r++) {
      const i = block * tileSize + r
      if (i < n) countPairs<T>(place<T>(tileAt<T>(tiles, block, 0), r, 0), i, starts, rows, others, columns)
      const diagonal = place<T>(tileAt<T>(tiles, block, block), r, r)
      store<T>(diagonal, i < n ? load<T>(diagonal) + <T>lambda : <T>1)
    }
    mirrorTile<T>(tileAt<T>(tiles, block, block))
  }
}

/** Row i of XᵀX up to its diagonal. */
function countPairs<T>(line: usize, i: i32, starts: usize, rows: usize, others: usize, columns: usize): void {
  const end = load<i32>(starts + (<usize>i << 2), 4)
  for (let entry = load<i32>(starts + (<usize>i << 2)); entry < end; entry++) {
    const row = <usize>load<i32>(rows + (<usize>entry << 2)) << 2
    const last = load<i32>(others + row, 4)
    for (let other = load<i32>(others + row); other < last; other++) {
      const j = load<i32>(columns + (<usize>other << 2))
      if (j > i) break
      const at = line + <usize>(j / tileSize) * tileBytes<T>() + <usize>(j % tileSize) * sizeof<T>()
      store<T>(at, load<T>(at) + <T>1)
    }
  }
}

function mirrorTile<T>(tile: usize): void {
  for (let i = 0; i < tileSize; i++) {
    for (let j = 0; j < i; j++) store<T>(place<T>(tile, j, i), load<T>(place<T>(tile, i, j)))
  }
}

// @ts-ignore: decorator
@inline
export function place<T>(tile: usize, i: i32, j: i32): usize {
  return tile + <usize>(i * tileSize + j) * sizeof<T>()
}

// @ts-ignore: decorator
@inline
function valueAt<T>(tile: usize, i: i32, j: i32): f64 {
  return <f64>load<T>(place<T>(tile, i, j))
}

function transposeInto<T>(out: usize, tile: usize): void {
  for (let i = 0; i < tileSize; i++) {
    for (let j = 0; j < tileSize; j++) store<T>(place<T>(out, j, i), load<T>(place<T>(tile, i, j)))
  }
}

/**
 * Column k of the factor, first part: for tiles (k + row, k), stored transposed from here on, minus what the columns before
 * it explain.
 */
export function tile_update_rows(lo: i32, hi: i32, scratch: usize, tiles: usize, k: i32, isDouble: i32): void {
  if (isDouble) updateRows<f64>(lo, hi, scratch, tiles, k)
  else updateRows<f32>(lo, hi, scratch, tiles, k)
}

function updateRows<T>(lo: i32, hi: i32, scratch: usize, tiles: usize, k: i32): void {
  const sums = scratch + tileBytes<T>()
  for (let i = k + lo; i < k + hi; i++) {
    const tile = tileAt<T>(tiles, i, k)
    transposeInto<T>(scratch, tile)
    for (let j = 0; j < k; j++) addProduct<T>(scratch, tileAt<T>(tiles, k, j), tileAt<T>(tiles, i, j), -1, sums)
    memory.copy(tile, scratch, tileBytes<T>())
  }
}

/** Factor of the tile on the diagonal: its inverse D goes to `inverses` at k, Dᵀ takes the tile's place. */
export function tile_factor(
  lo: i32, hi: i32, scratch: usize, tiles: usize, k: i32, inverses: usize, isDouble: i32,
): void {
  if (isDouble) factorTile<f64>(tileAt<f64>(tiles, k, k), inverses + <usize>k * tileBytes<f64>())
  else factorTile<f32>(tileAt<f32>(tiles, k, k), inverses + <usize>k * tileBytes<f32>())
}

function factorTile<T>(tile: usize, inverse: usize): void {
  for (let j = 0; j < tileSize; j++) {
    let diagonal = valueAt<T>(tile, j, j)
    for (let p = 0; p < j; p++) diagonal -= valueAt<T>(tile, j, p) * valueAt<T>(tile, j, p)
    const root = Math.sqrt(max<f64>(diagonal, 1e-30))
    store<T>(place<T>(tile, j, j), <T>root)
    for (let i = j + 1; i < tileSize; i++) {
      let value = valueAt<T>(tile, i, j)
      for (let p = 0; p < j; p++) value -= valueAt<T>(tile, i, p) * valueAt<T>(tile, j, p)
      store<T>(place<T>(tile, i, j), <T>(value / root))
    }
  }
  memory.fill(inverse, 0, tileBytes<T>())
  for (let j = 0; j < tileSize; j++) {
    for (let i = j; i < tileSize; i++) {
      let value: f64 = i == j ? 1 : 0
      for (let p = j; p < i; p++) value -= valueAt<T>(tile, i, p) * valueAt<T>(inverse, p, j)
      store<T>(place<T>(inverse, i, j), <T>(value / valueAt<T>(tile, i, i)))
    }
  }
  transposeInto<T>(tile, inverse)
}

/** Column k of the factor, last part: tiles (k + 1 + row, k) times the inverse of the one on the diagonal. */
export function tile_solve_rows(lo: i32, hi: i32, scratch: usize, tiles: usize, k: i32, isDouble: i32): void {
  if (isDouble) solveRows<f64>(lo, hi, scratch, tiles, k)
  else solveRows<f32>(lo, hi, scratch, tiles, k)
}

function solveRows<T>(lo: i32, hi: i32, scratch: usize, tiles: usize, k: i32): void {
  for (let i = k + 1 + lo; i < k + 1 + hi; i++) {
    memory.fill(scratch, 0, tileBytes<T>())
    addProduct<T>(scratch, tileAt<T>(tiles, k, k), tileAt<T>(tiles, i, k), 1, scratch + tileBytes<T>())
    memory.copy(tileAt<T>(tiles, i, k), scratch, tileBytes<T>())
  }
}

/**
 * Row i of the factor's inverse M: tiles (i, column) for columns [lo, hi), all below i.
 * @param row       a copy of row i of the factor
 * @param inverses  of the tiles on the diagonal
 */
export function tile_inverse_columns(
  lo: i32, hi: i32, scratch: usize, tiles: usize, i: i32, row: usize, inverses: usize, isDouble: i32,
): void {
  if (isDouble) inverseColumns<f64>(lo, hi, scratch, tiles, i, row, inverses)
  else inverseColumns<f32>(lo, hi, scratch, tiles, i, row, inverses)
}

function inverseColumns<T>(lo: i32, hi: i32, scratch: usize, tiles: usize, i: i32, row: usize, inverses: usize): void {
  const bytes = tileBytes<T>()
  const sums = scratch + bytes
  for (let j = lo; j < hi; j++) {
    memory.fill(scratch, 0, bytes)
    addProduct<T>(scratch, row + <usize>j * bytes, inverses + <usize>j * bytes, 1, sums)
    for (let k = j + 1; k < i; k++) addProduct<T>(scratch, row + <usize>k * bytes, tileAt<T>(tiles, k, j), 1, sums)
    const out = tileAt<T>(tiles, i, j)
    memory.fill(out, 0, bytes)
    addProduct<T>(out, tileAt<T>(tiles, i, i), scratch, -1, sums)
  }
}

/** Row i of MᵀM: tiles (i, column) for columns [lo, hi), up to i. @param nBlocks  tile rows in all */
export function tile_product_columns(
  lo: i32, hi: i32, scratch: usize, tiles: usize, i: i32, nBlocks: i32, inverses: usize, isDouble: i32,
): void {
  if (isDouble) productColumns<f64>(lo, hi, scratch, tiles, i, nBlocks, inverses)
  else productColumns<f32>(lo, hi, scratch, tiles, i, nBlocks, inverses)
}

function productColumns<T>(
  lo: i32, hi: i32, scratch: usize, tiles: usize, i: i32, nBlocks: i32, inverses: usize,
): void {
  const bytes = tileBytes<T>()
  const sums = scratch + bytes
  const own = inverses + <usize>i * bytes
  for (let j = lo; j < hi; j++) {
    memory.fill(scratch, 0, bytes)
    addProduct<T>(scratch, own, j == i ? own : tileAt<T>(tiles, i, j), 1, sums)
    for (let k = i + 1; k < nBlocks; k++) addProduct<T>(scratch, tileAt<T>(tiles, k, i), tileAt<T>(tiles, k, j), 1, sums)
    memory.copy(tileAt<T>(tiles, i, j), scratch, bytes)
  }
}
