/** Sweeps an eigenvalue; two are usual. */
const mostIterations: i32 = 80

/**
 * Implicit QL with Wilkinson's shifts on a tridiagonal matrix in double precision (Bowdler, Martin, Reinsch & Wilkinson
 * 1968), which records its rotations for `eigen_rotate_rows`. It stops when there is no room for another sweep, and goes on
 * from there when called again. Entries beside the diagonal below 2⁻⁴⁴ of the largest entry count as zero, which is far
 * below what single precision resolves. One range of one row: the whole matrix.
 * @param diagonal   in and out, order float64: at last the eigenvalues
 * @param off        in and out, order float64, the last is 0
 * @param state      in and out, int32: eigenvalues found, sweeps for the present one, 1 where it does not converge,
 *                   sweeps recorded by this call; zeros at first
 * @param capacity   rotations that there is room for, at least order
 * @param sweeps     out, 2 int32 a sweep, room for `capacity` of them
 * @param rotations  out, 2 float64 a rotation
 */
export function eigen_sweeps(
  lo: i32, hi: i32, scratch: usize, diagonal: usize, off: usize, order: i32, state: usize, capacity: i32,
  sweeps: usize, rotations: usize,
): void {
  const negligible = largestOf(diagonal, off, order) * 2 ** -44
  let nSweeps = 0
  let nRotations = 0
  let low = load<i32>(state)
  let iteration = load<i32>(state, 4)
  for (; low < order; low++, iteration = 0) {
    for (;;) {
      let high = low
      while (high < order - 1 && Math.abs(load<f64>(off + (<usize>high << 3))) > negligible) high++
      if (high == low) break
      if (iteration == mostIterations) store<i32>(state, 1, 8)
      if (iteration == mostIterations || nRotations + high - low > capacity) {
        saveState(state, low, iteration, nSweeps)
        return
      }
      const count = sweep(diagonal, off, low, high, rotations + (<usize>nRotations << 4))
      const place = sweeps + (<usize>nSweeps << 3)
      store<i32>(place, high)
      store<i32>(place, high - count, 4)
      nRotations += count
      nSweeps++
      iteration++
    }
  }
  saveState(state, low, iteration, nSweeps)
}

function saveState(state: usize, low: i32, iteration: i32, nSweeps: i32): void {
  store<i32>(state, low)
  store<i32>(state, iteration, 4)
  store<i32>(state, nSweeps, 12)
}

function largestOf(diagonal: usize, off: usize, order: i32): f64 {
  let largest: f64 = 0
  for (let i: usize = 0; i < <usize>order << 3; i += 8) {
    largest = max<f64>(largest, max<f64>(Math.abs(load<f64>(diagonal + i)), Math.abs(load<f64>(off + i))))
  }
  return largest
}

/** One sweep from `high` down to `low`. @returns the rotations, fewer than high − low where the matrix falls apart */
function sweep(diagonal: usize, off: usize, low: i32, high: i32, rotations: usize): i32 {
  const d = diagonal
  const first = <usize>low << 3
  const last = <usize>high << 3
  const e = load<f64>(off + first)
  const ratio = (load<f64>(d + first + 8) - load<f64>(d + first)) / (2 * e)
  const root = Math.sqrt(ratio * ratio + 1)
  let g = load<f64>(d + last) - load<f64>(d + first) + e / (ratio + (ratio < 0 ? -root : root))
  let s: f64 = 1
  let c: f64 = 1
  let p: f64 = 0
  let i = last
  while (i > first) {
    const here = load<f64>(off + i - 8)
    const f = s * here
    const b = c * here
    const r = Math.sqrt(f * f + g * g)
    store<f64>(off + i, r)
    if (r == 0) {
      store<f64>(d + i, load<f64>(d + i) - p)
      store<f64>(off + last, 0)
      return <i32>((last - i) >> 3)
    }
    s = f / r
    c = g / r
    g = load<f64>(d + i) - p
    const t = (load<f64>(d + i - 8) - g) * s + 2 * c * b
    p = s * t
    store<f64>(d + i, g + p)
    g = c * t - b
    store<f64>(rotations, c)
    store<f64>(rotations, s, 8)
    rotations += 16
    i -= 8
  }
  store<f64>(d + first, load<f64>(d + first) - p)
  store<f64>(off + first, g)
  store<f64>(off + last, 0)
  return high - low
}
