import { fma64, subtractProduct64 } from './simd'

/** Rotations that stay in the second-level cache while a range's rows go by. */
const rotationsAtOnce: i32 = 1 << 14

/**
 * Rows of Q = H[order − 1]···H[1], in groups of eight rows: column by column, eight float64 a column.
 * @param lo, hi  of the groups
 * @param a, taus as `eigen_reduce` leaves them
 * @param groups  out, order × 8 float64 a group
 */
export function eigen_basis_rows(
  lo: i32, hi: i32, scratch: usize, a: usize, order: i32, taus: usize, groups: usize,
): void {
  const pitch = <usize>order << 3
  for (let group = lo; group < hi; group++) {
    const q = groups + <usize>group * (pitch << 3)
    memory.fill(q, 0, pitch << 3)
    const count = min(8, order - 8 * group)
    for (let r = 0; r < count; r++) store<f64>(q + (<usize>(8 * group + r) << 6) + (<usize>r << 3), 1)
    for (let i = order - 1; i > 0; i--) {
      const tau = load<f64>(taus + (<usize>i << 3))
      if (tau != 0) reflectColumns(q, a + <usize>i * pitch, i, tau)
    }
  }
}

/** q −= τ·(q·v)·vᵀ for eight rows q. */
function reflectColumns(q: usize, v: usize, n: i32, tau: f64): void {
  let s0 = f64x2.splat(0)
  let s1 = s0
  let s2 = s0
  let s3 = s0
  const end = v + (<usize>n << 3)
  let column = q
  for (let p = v; p < end; p += 8, column += 64) {
    const x = v128.load64_splat(p)
    s0 = fma64(x, v128.load(column), s0)
    s1 = fma64(x, v128.load(column, 16), s1)
    s2 = fma64(x, v128.load(column, 32), s2)
    s3 = fma64(x, v128.load(column, 48), s3)
  }
  const scale = f64x2.splat(tau)
  s0 = f64x2.mul(s0, scale)
  s1 = f64x2.mul(s1, scale)
  s2 = f64x2.mul(s2, scale)
  s3 = f64x2.mul(s3, scale)
  column = q
  for (let p = v; p < end; p += 8, column += 64) {
    const x = v128.load64_splat(p)
    v128.store(column, subtractProduct64(x, s0, v128.load(column)))
    v128.store(column, subtractProduct64(x, s1, v128.load(column, 16)), 16)
    v128.store(column, subtractProduct64(x, s2, v128.load(column, 32)), 32)
    v128.store(column, subtractProduct64(x, s3, v128.load(column, 48)), 48)
  }
}

/**
 * Applies recorded sweeps of rotations to the columns of every group of eight rows in [lo, hi).
 * @param sweeps     int32 a sweep: from which column, to which column it goes down
 * @param rotations  float64 cosine and sine of every rotation, of all sweeps one after the other
 */
export function eigen_rotate_rows(
  lo: i32, hi: i32, scratch: usize, groups: usize, order: i32, nSweeps: i32, sweeps: usize, rotations: usize,
): void {
  const end = sweeps + (<usize>nSweeps << 3)
  while (sweeps < end) {
    let next = sweeps
    let count = 0
    for (; next < end && count < rotationsAtOnce; next += 8) count += load<i32>(next) - load<i32>(next, 4)
    for (let group = lo; group < hi; group++) {
      const q = groups + (<usize>group * <usize>order << 6)
      let at = rotations
      for (let sweep = sweeps; sweep < next; sweep += 8) at = applySweep(q, load<i32>(sweep), load<i32>(sweep, 4), at)
    }
    sweeps = next
    rotations += <usize>count << 4
  }
}

/** Columns (i, i + 1) for i from high − 1 down to low; what becomes of column i waits in registers for the next. */
function applySweep(q: usize, high: i32, low: i32, rotations: usize): usize {
  let column = q + (<usize>high << 6)
  const last = q + (<usize>low << 6)
  let h0 = v128.load(column)
  let h1 = v128.load(column, 16)
  let h2 = v128.load(column, 32)
  let h3 = v128.load(column, 48)
  for (; column > last; column -= 64, rotations += 16) {
    const c = v128.load64_splat(rotations)
    const s = v128.load64_splat(rotations, 8)
    const before = column - 64
    let z = v128.load(before)
    v128.store(column, fma64(s, z, f64x2.mul(c, h0)))
    h0 = subtractProduct64(s, h0, f64x2.mul(c, z))
    z = v128.load(before, 16)
    v128.store(column, fma64(s, z, f64x2.mul(c, h1)), 16)
    h1 = subtractProduct64(s, h1, f64x2.mul(c, z))
    z = v128.load(before, 32)
    v128.store(column, fma64(s, z, f64x2.mul(c, h2)), 32)
    h2 = subtractProduct64(s, h2, f64x2.mul(c, z))
    z = v128.load(before, 48)
    v128.store(column, fma64(s, z, f64x2.mul(c, h3)), 48)
    h3 = subtractProduct64(s, h3, f64x2.mul(c, z))
  }
  v128.store(column, h0)
  v128.store(column, h1, 16)
  v128.store(column, h2, 32)
  v128.store(column, h3, 48)
  return rotations
}
