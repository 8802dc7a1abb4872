import { fma } from './simd'

/**
 * Each row in [lo, hi) times a square matrix, in place.
 * @param scratch  4 × width floats
 * @param rows     row-major, `width` floats a row; there is room for the rows up to a multiple of 4
 * @param width    a multiple of 8
 * @param matrix   row-major, width × width
 */
export function rotate_rows(lo: i32, hi: i32, scratch: usize, rows: usize, width: i32, matrix: usize): void {
  const bytes = <usize>width << 2
  for (let row = lo; row < hi; row += 4) {
    const place = rows + <usize>row * bytes
    const count = min(4, hi - row)
    memory.copy(scratch, place, <usize>count * bytes)
    if (count < 4) memory.fill(scratch + <usize>count * bytes, 0, <usize>(4 - count) * bytes)
    for (let column = 0; column < width; column += 8) rotateTile(place, scratch, matrix, width, column, count)
  }
}

/** Four rows, eight columns. */
function rotateTile(out: usize, rows: usize, matrix: usize, width: i32, column: i32, count: i32): void {
  const bytes = <usize>width << 2
  let a0 = f32x4.splat(0)
  let a1 = a0
  let b0 = a0
  let b1 = a0
  let c0 = a0
  let c1 = a0
  let d0 = a0
  let d1 = a0
  let m = matrix + (<usize>column << 2)
  for (let r = rows; r < rows + bytes; r += 4) {
    const m0 = v128.load(m)
    const m1 = v128.load(m, 16)
    let x = v128.load32_splat(r)
    a0 = fma(x, m0, a0)
    a1 = fma(x, m1, a1)
    x = v128.load32_splat(r + bytes)
    b0 = fma(x, m0, b0)
    b1 = fma(x, m1, b1)
    x = v128.load32_splat(r + 2 * bytes)
    c0 = fma(x, m0, c0)
    c1 = fma(x, m1, c1)
    x = v128.load32_splat(r + 3 * bytes)
    d0 = fma(x, m0, d0)
    d1 = fma(x, m1, d1)
    m += bytes
  }
  const place = out + (<usize>column << 2)
  put(place, a0, a1)
  if (count > 1) put(place + bytes, b0, b1)
  if (count > 2) put(place + 2 * bytes, c0, c1)
  if (count > 3) put(place + 3 * bytes, d0, d1)
}

// @ts-ignore: decorator
@inline
function put(place: usize, low: v128, high: v128): void {
  v128.store(place, low)
  v128.store(place, high, 16)
}
