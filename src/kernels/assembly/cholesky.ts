import { fma, sumLanes } from './simd'

/**
 * In-place blocked Cholesky factorisation A = L·Lᵀ of the leading `order` rows, left-looking in tiles of 4 × 4; further
 * rows up to `nRows` are carried along, so that a right-hand side kept as row `order` becomes L⁻¹b.
 * @param a       row-major, lower triangle, `stride` floats a row; becomes L, with 1 / L[i,i] on the diagonal
 * @param stride  a multiple of 4, at least nRows rounded up to 4
 */
export function cholesky(a: usize, order: i32, nRows: i32, stride: i32): void {
  for (let column = 0; column < order; column += 4) {
    for (let row = column; row < nRows; row += 4) {
      subtractProducts(a, row, column, stride)
      if (row == column) factorTile(a, column, min(4, order - column), min(4, nRows - column), stride)
      else solveTile(a, row, column, min(4, order - column), stride)
    }
  }
}

/** A[row.., column..] −= L[row.., 0..column) · L[column.., 0..column)ᵀ for a tile of 4 × 4. */
function subtractProducts(a: usize, row: i32, column: i32, stride: i32): void {
  if (column == 0) return
  for (let half = 0; half < 4; half += 2) subtractHalf(a, row, column, column + half, stride)
}

function subtractHalf(a: usize, row: i32, depth: i32, column: i32, stride: i32): void {
  const pitch = <usize>stride << 2
  let l0 = a + <usize>row * pitch
  let r0 = a + <usize>column * pitch
  const out = l0 + (<usize>column << 2)
  let s00 = f32x4.splat(0)
  let s01 = s00
  let s10 = s00
  let s11 = s00
  let s20 = s00
  let s21 = s00
  let s30 = s00
  let s31 = s00
  for (let k = 0; k < depth; k += 4) {
    const x = v128.load(r0)
    const y = v128.load(r0 + pitch)
    let l = v128.load(l0)
    s00 = fma(l, x, s00)
    s01 = fma(l, y, s01)
    l = v128.load(l0 + pitch)
    s10 = fma(l, x, s10)
    s11 = fma(l, y, s11)
    l = v128.load(l0 + 2 * pitch)
    s20 = fma(l, x, s20)
    s21 = fma(l, y, s21)
    l = v128.load(l0 + 3 * pitch)
    s30 = fma(l, x, s30)
    s31 = fma(l, y, s31)
    l0 += 16
    r0 += 16
  }
  subtractPair(out, s00, s01)
  subtractPair(out + pitch, s10, s11)
  subtractPair(out + 2 * pitch, s20, s21)
  subtractPair(out + 3 * pitch, s30, s31)
}

// @ts-ignore: decorator
@inline
function subtractPair(out: usize, s0: v128, s1: v128): void {
  store<f32>(out, load<f32>(out) - sumLanes(s0))
  store<f32>(out, load<f32>(out, 4) - sumLanes(s1), 4)
}

/** The tile on the diagonal: `order` columns, of which the rows beyond are carried along. */
function factorTile(a: usize, start: i32, order: i32, nRows: i32, stride: i32): void {
  for (let j = 0; j < order; j++) {
    let diagonal = at(a, start + j, start + j, stride)
    for (let k = 0; k < j; k++) {
      const l = at(a, start + j, start + k, stride)
      diagonal -= l * l
    }
    const inverse: f32 = <f32>1 / <f32>Math.sqrt(max<f32>(diagonal, f32.MIN_VALUE))
    put(a, start + j, start + j, stride, inverse)
    for (let i = j + 1; i < nRows; i++) eliminate(a, start + i, start, j, stride, inverse)
  }
}

function solveTile(a: usize, row: i32, column: i32, order: i32, stride: i32): void {
  for (let i = row; i < row + 4; i++) {
    for (let j = 0; j < order; j++) eliminate(a, i, column, j, stride, at(a, column + j, column + j, stride))
  }
}

/** L[row, start + j] from the entries before it in the tile. */
// @ts-ignore: decorator
@inline
function eliminate(a: usize, row: i32, start: i32, j: i32, stride: i32, inverse: f32): void {
  let value = at(a, row, start + j, stride)
  for (let k = 0; k < j; k++) value -= at(a, row, start + k, stride) * at(a, start + j, start + k, stride)
  put(a, row, start + j, stride, value * inverse)
}

// @ts-ignore: decorator
@inline
function at(a: usize, row: i32, column: i32, stride: i32): f32 {
  return load<f32>(a + (<usize>(row * stride + column) << 2))
}

// @ts-ignore: decorator
@inline
function put(a: usize, row: i32, column: i32, stride: i32, value: f32): void {
  store<f32>(a + (<usize>(row * stride + column) << 2), value)
}

/**
 * Solves Lᵀx = y in place after `cholesky`.
 * @param y  order floats, followed by room up to a multiple of 4
 */
export function solveTransposed(a: usize, order: i32, stride: i32, y: usize): void {
  for (let i = order - 1; i >= 0; i--) {
    const row = a + (<usize>(i * stride) << 2)
    const x = load<f32>(y + (<usize>i << 2)) * load<f32>(row + (<usize>i << 2))
    const factor = f32x4.splat(-x)
    for (let j = 0; j + 4 <= i; j += 4) {
      const place = y + (<usize>j << 2)
      v128.store(place, fma(factor, v128.load(row + (<usize>j << 2)), v128.load(place)))
    }
    for (let j = i & ~3; j < i; j++) {
      const place = y + (<usize>j << 2)
      store<f32>(place, load<f32>(place) - x * load<f32>(row + (<usize>j << 2)))
    }
    store<f32>(y + (<usize>i << 2), x)
  }
}
