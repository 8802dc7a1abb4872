import { tile16 } from './cholesky-wide'
import { dot } from './dot'
import { subtractProduct } from './simd'

/**
 * Rows of U that are finished before the rows below are updated: 64, and fewer where a stride of a power of two puts their
 * entries of one column into few sets of a first-level cache with 4 kB a way.
 */
// @ts-ignore: decorator
@inline
function blockRowsFor(pitch: usize): i32 {
  return max(8, min(64, <i32>(<usize>32768 / (pitch & (<usize>0 - pitch)))))
}

/**
 * In-place Cholesky factorisation A = L·Lᵀ = Uᵀ·U of the leading `order` rows; further rows up to `nRows` are carried
 * along, so that a right-hand side kept as row `order` becomes L⁻¹b. The work is done on rows of U, in the upper triangle:
 * a tile of 4 rows × 8 columns stays in registers while the rows above it stream by, each a vector along the columns times
 * a scalar, so that neither a transposed copy nor sums across lanes are needed. Blocks of rows are finished left-looking
 * and update what is below them (Golub & Van Loan 2013, 4.2.9, transposed).
 * @param a       row-major, lower triangle, `stride` floats a row, room for nRows rounded up to 4 rows; becomes L, with
 *                1 / L[i,i] on the diagonal and U above it, where columns up to order rounded up to 4 are overwritten
 * @param stride  a multiple of 4, at least order rounded up to 4; best not a multiple of 256 where the order is large
 */
export function cholesky(a: usize, order: i32, nRows: i32, stride: i32): void {
  const pitch = <usize>stride << 2
  const whole = order & ~3
  const end = (order + 3) & ~3
  const blockRows = blockRowsFor(pitch)
  for (let start = 0; start < whole; start += blockRows) {
    const stop = min(whole, start + blockRows)
    for (let row = start; row < stop; row += 4) {
      strip(a, row, start, row, pitch, order, end, true)
      for (let right = order; right < nRows; right++) carry(a, right, row, end, pitch)
    }
    for (let row = stop; row < whole; row += 4) {
      strip(a, row, start, stop, pitch, order, end, false)
    }
  }
  for (let row = whole; row < order; row++) finishRow(a, row, whole, order, nRows, pitch)
}

/** Four rows of U from their diagonal on, tile by tile. */
function strip(a: usize, row: i32, from: i32, to: i32, pitch: usize, order: i32, end: i32, solve: bool): void {
  let column = row
  if (EIGHT_LANES) {
    const diagonal: usize = solve ? at(a, row, row, pitch) : <usize>0
    const left = at(a, from, row, pitch)
    tile(a, row, column, from, to, pitch, order, solve)
    for (column += 8; column + 16 <= order; column += 16) {
      const right = at(a, from, column, pitch)
      tile16(at(a, row, column, pitch), at(a, column, row, pitch), left, right, to - from, pitch, from == 0, diagonal)
    }
  }
  for (; column < end; column += 8) tile(a, row, column, from, to, pitch, order, solve)
}

/**
 * U[row.., column..] −= U[from..to, row..]ᵀ · U[from..to, column..] for a tile of 4 × 8, which is read from the lower
 * triangle when nothing was subtracted from it before. With `solve` it is then finished, and L written too.
 */
function tile(
  a: usize, row: i32, column: i32, from: i32, to: i32, pitch: usize, order: i32, solve: bool,
): void {
  const out = at(a, row, column, pitch)
  const lower = at(a, column, row, pitch)
  // The last tile of a row may have only four columns: the other four are computed from what is there, and dropped.
  const isWide = column + 4 < order
  let a0 = v128.load(out)
  let b0 = v128.load(out + pitch)
  let c0 = v128.load(out + 2 * pitch)
  let d0 = v128.load(out + 3 * pitch)
  let a1 = v128.load(out, 16)
  let b1 = v128.load(out + pitch, 16)
  let c1 = v128.load(out + 2 * pitch, 16)
  let d1 = v128.load(out + 3 * pitch, 16)
  if (from == 0) {
    let w = v128.load(lower)
    let x = v128.load(lower + pitch)
    let y = v128.load(lower + 2 * pitch)
    let z = v128.load(lower + 3 * pitch)
    let wx = v128.shuffle<f32>(w, x, 0, 4, 1, 5)
    let yz = v128.shuffle<f32>(y, z, 0, 4, 1, 5)
    a0 = v128.shuffle<f32>(wx, yz, 0, 1, 4, 5)
    b0 = v128.shuffle<f32>(wx, yz, 2, 3, 6, 7)
    wx = v128.shuffle<f32>(w, x, 2, 6, 3, 7)
    yz = v128.shuffle<f32>(y, z, 2, 6, 3, 7)
    c0 = v128.shuffle<f32>(wx, yz, 0, 1, 4, 5)
    d0 = v128.shuffle<f32>(wx, yz, 2, 3, 6, 7)
    if (isWide) {
      const half = lower + 4 * pitch
      w = v128.load(half)
      x = v128.load(half + pitch)
      y = v128.load(half + 2 * pitch)
      z = v128.load(half + 3 * pitch)
      wx = v128.shuffle<f32>(w, x, 0, 4, 1, 5)
      yz = v128.shuffle<f32>(y, z, 0, 4, 1, 5)
      a1 = v128.shuffle<f32>(wx, yz, 0, 1, 4, 5)
      b1 = v128.shuffle<f32>(wx, yz, 2, 3, 6, 7)
      wx = v128.shuffle<f32>(w, x, 2, 6, 3, 7)
      yz = v128.shuffle<f32>(y, z, 2, 6, 3, 7)
      c1 = v128.shuffle<f32>(wx, yz, 0, 1, 4, 5)
      d1 = v128.shuffle<f32>(wx, yz, 2, 3, 6, 7)
    }
  }
  let left = at(a, from, row, pitch)
  let right = at(a, from, column, pitch)
  const last = at(a, to, row, pitch)
  for (; left < last; left += pitch, right += pitch) {
    const r0 = v128.load(right)
    const r1 = v128.load(right, 16)
    let l = v128.load32_splat(left)
    a0 = subtractProduct(l, r0, a0)
    a1 = subtractProduct(l, r1, a1)
    l = v128.load32_splat(left, 4)
    b0 = subtractProduct(l, r0, b0)
    b1 = subtractProduct(l, r1, b1)
    l = v128.load32_splat(left, 8)
    c0 = subtractProduct(l, r0, c0)
    c1 = subtractProduct(l, r1, c1)
    l = v128.load32_splat(left, 12)
    d0 = subtractProduct(l, r0, d0)
    d1 = subtractProduct(l, r1, d1)
  }
  if (solve) {
    const isDiagonal = row == column
    const d = at(a, row, row, pitch)
    let s = isDiagonal ? inverseRoot(f32x4.extract_lane(a0, 0)) : v128.load32_splat(d)
    a0 = f32x4.mul(s, a0)
    a1 = f32x4.mul(s, a1)
    let l = isDiagonal ? v128.shuffle<f32>(a0, a0, 1, 1, 1, 1) : v128.load32_splat(d, 4)
    b0 = subtractProduct(l, a0, b0)
    b1 = subtractProduct(l, a1, b1)
    let t = isDiagonal ? inverseRoot(f32x4.extract_lane(b0, 1)) : v128.load32_splat(d + pitch, 4)
    b0 = f32x4.mul(t, b0)
    b1 = f32x4.mul(t, b1)
    l = isDiagonal ? v128.shuffle<f32>(a0, a0, 2, 2, 2, 2) : v128.load32_splat(d, 8)
    c0 = subtractProduct(l, a0, c0)
    c1 = subtractProduct(l, a1, c1)
    l = isDiagonal ? v128.shuffle<f32>(b0, b0, 2, 2, 2, 2) : v128.load32_splat(d + pitch, 8)
    c0 = subtractProduct(l, b0, c0)
    c1 = subtractProduct(l, b1, c1)
    let u = isDiagonal ? inverseRoot(f32x4.extract_lane(c0, 2)) : v128.load32_splat(d + 2 * pitch, 8)
    c0 = f32x4.mul(u, c0)
    c1 = f32x4.mul(u, c1)
    l = isDiagonal ? v128.shuffle<f32>(a0, a0, 3, 3, 3, 3) : v128.load32_splat(d, 12)
    d0 = subtractProduct(l, a0, d0)
    d1 = subtractProduct(l, a1, d1)
    l = isDiagonal ? v128.shuffle<f32>(b0, b0, 3, 3, 3, 3) : v128.load32_splat(d + pitch, 12)
    d0 = subtractProduct(l, b0, d0)
    d1 = subtractProduct(l, b1, d1)
    l = isDiagonal ? v128.shuffle<f32>(c0, c0, 3, 3, 3, 3) : v128.load32_splat(d + 2 * pitch, 12)
    d0 = subtractProduct(l, c0, d0)
    d1 = subtractProduct(l, c1, d1)
    let v = isDiagonal ? inverseRoot(f32x4.extract_lane(d0, 3)) : v128.load32_splat(d + 3 * pitch, 12)
    d0 = f32x4.mul(v, d0)
    d1 = f32x4.mul(v, d1)
    storeTransposed(lower, pitch, a0, b0, c0, d0, min(4, order - column))
    if (isWide) storeTransposed(lower + 4 * pitch, pitch, a1, b1, c1, d1, min(4, order - column - 4))
    if (isDiagonal) {
      v128.store32_lane(out, s, 0)
      v128.store32_lane(out, a0, 1, 4)
      v128.store64_lane(out, a0, 1, 8)
      v128.store32_lane(out + pitch, t, 0, 4)
      v128.store64_lane(out + pitch, b0, 1, 8)
      v128.store32_lane(out + 2 * pitch, u, 0, 8)
      v128.store32_lane(out + 2 * pitch, c0, 3, 12)
      v128.store32_lane(out + 3 * pitch, v, 0, 12)
    }
  }
  if (!solve || row != column) {
    v128.store(out, a0)
    v128.store(out + pitch, b0)
    v128.store(out + 2 * pitch, c0)
    v128.store(out + 3 * pitch, d0)
  }
  if (isWide) {
    v128.store(out, a1, 16)
    v128.store(out + pitch, b1, 16)
    v128.store(out + 2 * pitch, c1, 16)
    v128.store(out + 3 * pitch, d1, 16)
  }
}

// @ts-ignore: decorator
@inline
function inverseRoot(value: f32): v128 {
  return f32x4.splat(<f32>1 / sqrt<f32>(max<f32>(value, f32.MIN_NORMAL_VALUE)))
}

/** `count` columns of the tile with rows a to d, as rows. */
// @ts-ignore: decorator
@inline
function storeTransposed(out: usize, pitch: usize, a: v128, b: v128, c: v128, d: v128, count: i32): void {
  let ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5)
  let cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5)
  v128.store(out, v128.shuffle<f32>(ab, cd, 0, 1, 4, 5))
  if (count > 1) v128.store(out + pitch, v128.shuffle<f32>(ab, cd, 2, 3, 6, 7))
  ab = v128.shuffle<f32>(a, b, 2, 6, 3, 7)
  cd = v128.shuffle<f32>(c, d, 2, 6, 3, 7)
  if (count > 2) v128.store(out + 2 * pitch, v128.shuffle<f32>(ab, cd, 0, 1, 4, 5))
  if (count > 3) v128.store(out + 3 * pitch, v128.shuffle<f32>(ab, cd, 2, 3, 6, 7))
}

/** Four steps of the forward substitution of a row that is carried along, once rows [row, row + 4) of U are finished. */
function carry(a: usize, right: i32, row: i32, end: i32, pitch: usize): void {
  const y = at(a, right, 0, pitch)
  const place = y + (<usize>row << 2)
  const d = at(a, row, row, pitch)
  const y0: f32 = load<f32>(place) * load<f32>(d)
  const y1: f32 = (load<f32>(place, 4) - y0 * load<f32>(d, 4)) * load<f32>(d + pitch, 4)
  let rest: f32 = load<f32>(place, 8) - y0 * load<f32>(d, 8)
  const y2: f32 = (rest - y1 * load<f32>(d + pitch, 8)) * load<f32>(d + 2 * pitch, 8)
  rest = load<f32>(place, 12) - y0 * load<f32>(d, 12) - y1 * load<f32>(d + pitch, 12)
  const y3: f32 = (rest - y2 * load<f32>(d + 2 * pitch, 12)) * load<f32>(d + 3 * pitch, 12)
  store<f32>(place, y0)
  store<f32>(place, y1, 4)
  store<f32>(place, y2, 8)
  store<f32>(place, y3, 12)
  const s0 = f32x4.splat(y0)
  const s1 = f32x4.splat(y1)
  const s2 = f32x4.splat(y2)
  const s3 = f32x4.splat(y3)
  const last = y + (<usize>end << 2)
  let u = d + 16
  for (let p = place + 16; p < last; p += 16, u += 16) {
    let value = subtractProduct(s0, v128.load(u), v128.load(p))
    value = subtractProduct(s1, v128.load(u + pitch), value)
    value = subtractProduct(s2, v128.load(u + 2 * pitch), value)
    v128.store(p, subtractProduct(s3, v128.load(u + 3 * pitch), value))
  }
}

/** One of the last rows, fewer than four, once L has all columns before `whole`. */
function finishRow(a: usize, row: i32, whole: i32, order: i32, nRows: i32, pitch: usize): void {
  const l = at(a, row, 0, pitch)
  const diagonal = at(a, row, row, pitch)
  let square = load<f32>(diagonal) - dot(l, l, whole)
  for (let k = whole; k < row; k++) square -= load<f32>(l + (<usize>k << 2)) * load<f32>(l + (<usize>k << 2))
  const inverse: f32 = <f32>1 / sqrt<f32>(max<f32>(square, f32.MIN_NORMAL_VALUE))
  store<f32>(diagonal, inverse)
  for (let i = row + 1; i < nRows; i++) {
    const other = at(a, i, 0, pitch)
    const place = at(a, i, row, pitch)
    // What the columns before `whole` explain is already subtracted from a row that is carried along.
    let value = load<f32>(place) - (i < order ? dot(other, l, whole) : 0)
    for (let k = whole; k < row; k++) value -= load<f32>(other + (<usize>k << 2)) * load<f32>(l + (<usize>k << 2))
    store<f32>(place, value * inverse)
  }
}

/**
 * Solves Lᵀx = y in place after `cholesky`, from the last row up.
 * @param y  order floats, followed by room up to a multiple of 4
 */
export function solveTransposed(a: usize, order: i32, stride: i32, y: usize): void {
  const pitch = <usize>stride << 2
  const whole = order & ~3
  for (let i = order - 1; i >= whole; i--) {
    const row = at(a, i, 0, pitch)
    const x = load<f32>(y + (<usize>i << 2)) * load<f32>(row + (<usize>i << 2))
    const factor = f32x4.splat(x)
    for (let j: usize = 0; j < <usize>whole << 2; j += 16) {
      v128.store(y + j, subtractProduct(factor, v128.load(row + j), v128.load(y + j)))
    }
    for (let j = whole; j < i; j++) {
      const place = y + (<usize>j << 2)
      store<f32>(place, load<f32>(place) - x * load<f32>(row + (<usize>j << 2)))
    }
    store<f32>(y + (<usize>i << 2), x)
  }
  for (let i = whole - 4; i >= 0; i -= 4) solveFour(a, i, pitch, y)
}

/** x[row..row + 4), and what they explain of the entries before. */
function solveFour(a: usize, row: i32, pitch: usize, y: usize): void {
  const place = y + (<usize>row << 2)
  const d = at(a, row, row, pitch)
  const x3: f32 = load<f32>(place, 12) * load<f32>(d + 3 * pitch, 12)
  const x2: f32 = (load<f32>(place, 8) - x3 * load<f32>(d + 3 * pitch, 8)) * load<f32>(d + 2 * pitch, 8)
  let rest: f32 = load<f32>(place, 4) - x3 * load<f32>(d + 3 * pitch, 4)
  const x1: f32 = (rest - x2 * load<f32>(d + 2 * pitch, 4)) * load<f32>(d + pitch, 4)
  rest = load<f32>(place) - x3 * load<f32>(d + 3 * pitch) - x2 * load<f32>(d + 2 * pitch)
  const x0: f32 = (rest - x1 * load<f32>(d + pitch)) * load<f32>(d)
  const s0 = f32x4.splat(x0)
  const s1 = f32x4.splat(x1)
  const s2 = f32x4.splat(x2)
  const s3 = f32x4.splat(x3)
  let l = at(a, row, 0, pitch)
  for (let p = y; p < place; p += 16, l += 16) {
    let value = subtractProduct(s3, v128.load(l + 3 * pitch), v128.load(p))
    value = subtractProduct(s2, v128.load(l + 2 * pitch), value)
    value = subtractProduct(s1, v128.load(l + pitch), value)
    v128.store(p, subtractProduct(s0, v128.load(l), value))
  }
  store<f32>(place, x0)
  store<f32>(place, x1, 4)
  store<f32>(place, x2, 8)
  store<f32>(place, x3, 12)
}

// @ts-ignore: decorator
@inline
function at(a: usize, row: i32, column: i32, pitch: usize): usize {
  return a + <usize>row * pitch + (<usize>column << 2)
}
