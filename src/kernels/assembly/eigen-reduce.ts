import { fma64, subtractProduct64 } from './simd'

/**
 * Householder reduction of a symmetric matrix to tridiagonal form A = Q·T·Qᵀ in double precision (Golub & Van Loan 2013,
 * 8.3.1, from the last row up, so that reflectors lie along rows). The update by one reflector and the product with the
 * next share one pass over the lower triangle. One range of one row: the whole matrix.
 * @param scratch   3 × order float64
 * @param a         row-major, order × order float64, lower triangle; row i becomes reflector v of length i, v[i − 1] = 1
 * @param diagonal  out, order float64
 * @param off       out, order float64: T[i, i + 1], then 0
 * @param taus      out, order float64: H = I − τ·v·vᵀ of row i, Q = H[order − 1]···H[1]
 */
export function eigen_reduce(
  lo: i32, hi: i32, scratch: usize, a: usize, order: i32, diagonal: usize, off: usize, taus: usize,
): void {
  const pitch = <usize>order << 3
  const w = scratch
  const p = scratch + pitch
  const zeros = scratch + 2 * pitch
  memory.fill(scratch, 0, 3 * pitch)
  memory.fill(taus, 0, pitch)
  memory.fill(off, 0, pitch)
  const lastRow = a + <usize>(order - 1) * pitch
  store<f64>(diagonal + pitch - 8, load<f64>(lastRow + pitch - 8))
  if (order == 1) return
  let tau = reflect(lastRow, order - 1, off)
  updateAndMultiply(a, pitch, order - 1, zeros, zeros, lastRow, p)
  for (let i = order - 1; i > 0; i--) {
    const v = a + <usize>i * pitch
    store<f64>(taus + (<usize>i << 3), tau)
    secondVector(w, p, v, tau, i)
    const next = v - pitch
    updateRow(next, i - 1, v, w)
    store<f64>(diagonal + (<usize>(i - 1) << 3), load<f64>(next + (<usize>(i - 1) << 3)))
    if (i == 1) return
    tau = reflect(next, i - 1, off)
    memory.fill(p, 0, pitch)
    updateAndMultiply(a, pitch, i - 1, v, w, next, p)
  }
}

/** Makes row x of length n its reflector and stores what is left of it at off[n − 1]. @returns τ */
function reflect(x: usize, n: i32, off: usize): f64 {
  const last = x + (<usize>(n - 1) << 3)
  const alpha = load<f64>(last)
  let squares: f64 = 0
  for (let p = x; p < last; p += 8) squares += load<f64>(p) * load<f64>(p)
  store<f64>(last, 1)
  const left = off + (<usize>(n - 1) << 3)
  if (squares == 0) {
    store<f64>(left, alpha)
    return 0
  }
  const length = Math.sqrt(alpha * alpha + squares)
  const beta = alpha > 0 ? -length : length
  const scale = 1 / (alpha - beta)
  for (let p = x; p < last; p += 8) store<f64>(p, load<f64>(p) * scale)
  store<f64>(left, beta)
  return (beta - alpha) / beta
}

/** w = τp − ½τ²⟨p, v⟩·v of length n */
function secondVector(w: usize, p: usize, v: usize, tau: f64, n: i32): void {
  let product: f64 = 0
  const bytes = <usize>n << 3
  for (let j: usize = 0; j < bytes; j += 8) product += load<f64>(p + j) * load<f64>(v + j)
  const share = 0.5 * tau * tau * product
  for (let j: usize = 0; j < bytes; j += 8) store<f64>(w + j, tau * load<f64>(p + j) - share * load<f64>(v + j))
}

/** row[0..i] −= v[i]·w + w[i]·v */
function updateRow(row: usize, i: i32, v: usize, w: usize): void {
  const end = <usize>i << 3
  const vi = load<f64>(v + end)
  const wi = load<f64>(w + end)
  for (let j: usize = 0; j <= end; j += 8) {
    store<f64>(row + j, load<f64>(row + j) - vi * load<f64>(w + j) - wi * load<f64>(v + j))
  }
}

/** For the leading n × n block B, of which the lower triangle is kept: B −= v·wᵀ + w·vᵀ, then p += B·x. */
function updateAndMultiply(a: usize, pitch: usize, n: i32, v: usize, w: usize, x: usize, p: usize): void {
  const whole = n & ~3
  for (let row = 0; row < whole; row += 4) {
    fourRows(a + <usize>row * pitch, pitch, row, v, w, x, p)
    for (let r = row; r < row + 4; r++) restOfRow(a + <usize>r * pitch, row, r, v, w, x, p)
  }
  for (let r = whole; r < n; r++) restOfRow(a + <usize>r * pitch, 0, r, v, w, x, p)
}

/** Columns [from, row] of one row. */
function restOfRow(line: usize, from: i32, row: i32, v: usize, w: usize, x: usize, p: usize): void {
  const end = <usize>row << 3
  const vi = load<f64>(v + end)
  const wi = load<f64>(w + end)
  const xi = load<f64>(x + end)
  let sum: f64 = 0
  for (let j = <usize>from << 3; j < end; j += 8) {
    const value = load<f64>(line + j) - vi * load<f64>(w + j) - wi * load<f64>(v + j)
    store<f64>(line + j, value)
    sum += value * load<f64>(x + j)
    store<f64>(p + j, load<f64>(p + j) + value * xi)
  }
  const value = load<f64>(line + end) - 2 * vi * wi
  store<f64>(line + end, value)
  store<f64>(p + end, load<f64>(p + end) + sum + value * xi)
}

/** Columns [0, row) of rows [row, row + 4). */
function fourRows(line: usize, pitch: usize, row: i32, v: usize, w: usize, x: usize, p: usize): void {
  const end = <usize>row << 3
  const v0 = v128.load64_splat(v + end)
  const v1 = v128.load64_splat(v + end, 8)
  const v2 = v128.load64_splat(v + end, 16)
  const v3 = v128.load64_splat(v + end, 24)
  const w0 = v128.load64_splat(w + end)
  const w1 = v128.load64_splat(w + end, 8)
  const w2 = v128.load64_splat(w + end, 16)
  const w3 = v128.load64_splat(w + end, 24)
  // The entries of x stay in memory: there are no more registers than these.
  let s0 = f64x2.splat(0)
  let s1 = s0
  let s2 = s0
  let s3 = s0
  for (let j: usize = 0; j < end; j += 16) {
    const vj = v128.load(v + j)
    const wj = v128.load(w + j)
    const xj = v128.load(x + j)
    let sum = v128.load(p + j)
    let place = line + j
    let value = subtractProduct64(w0, vj, subtractProduct64(v0, wj, v128.load(place)))
    v128.store(place, value)
    s0 = fma64(value, xj, s0)
    sum = fma64(value, v128.load64_splat(x + end), sum)
    place += pitch
    value = subtractProduct64(w1, vj, subtractProduct64(v1, wj, v128.load(place)))
    v128.store(place, value)
    s1 = fma64(value, xj, s1)
    sum = fma64(value, v128.load64_splat(x + end, 8), sum)
    place += pitch
    value = subtractProduct64(w2, vj, subtractProduct64(v2, wj, v128.load(place)))
    v128.store(place, value)
    s2 = fma64(value, xj, s2)
    sum = fma64(value, v128.load64_splat(x + end, 16), sum)
    place += pitch
    value = subtractProduct64(w3, vj, subtractProduct64(v3, wj, v128.load(place)))
    v128.store(place, value)
    s3 = fma64(value, xj, s3)
    sum = fma64(value, v128.load64_splat(x + end, 24), sum)
    v128.store(p + j, sum)
  }
  addSum(p + end, s0)
  addSum(p + end + 8, s1)
  addSum(p + end + 16, s2)
  addSum(p + end + 24, s3)
}

// @ts-ignore: decorator
@inline
function addSum(place: usize, sum: v128): void {
  store<f64>(place, load<f64>(place) + (f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1)))
}
