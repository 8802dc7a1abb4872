import { cholesky, solveTransposed } from './cholesky'
import { dot } from './dot'
import { gram } from './gram'
import { fma, sumLanes } from './simd'

/** Rows gathered before one rank-k update. */
const panelRows: i32 = 64
/** Bytes between the rows of the panel, so that a column lies in many sets of the cache. */
const panelPadding: usize = 64
/** Depth of one rank-k update of the dual: with 64 entries a row the panel is 16 kB. */
const dualDepth: i32 = 64
/** Four products of eight lanes. */
const sumsBytes: usize = 128
/** Floats that conjugate gradients keep gathered: longer rows are gathered again at every step. */
export const keptFloats: i32 = 1 << 20

/**
 * One half step of implicit ALS (Hu, Koren & Volinsky 2008) in the eigenbasis of the other side's Gram matrix, where
 * α₀·YᵀY is a diagonal: each row x minimises Σ c(1 − ⟨y, x⟩)² + xᵀΛx + ρ‖x‖² over its entries, Λ = `diagonal` and
 * ρ = reg·(n + regOffset)^regExponent (Rendle et al. 2022, eq. 5). Rows with up to `nDual` entries are solved exactly in
 * the dual (Woodbury: n² d + n³/3), longer ones exactly in the primal (n d² + d³/3) or, where `cgSteps` > 0, by that many
 * steps of preconditioned conjugate gradients from where they are. A row without entries becomes zero.
 * @param scratch    bytes as `ialsScratchBytes` says
 * @param weights    c of each entry, 0 (no address) where all are 1
 * @param own        in and out, `width` floats a row
 * @param other      `width` floats a row, in the eigenbasis
 * @param width      a multiple of 8
 * @param objective  out, float64 a row: the minimum found, without the other side's penalty
 * @param penalty    out, float64 a row: ρ‖x‖²
 */
export function ials_rows(
  lo: i32, hi: i32, scratch: usize, rowStarts: usize, columns: usize, weights: usize, own: usize, other: usize,
  width: i32, diagonal: usize, reg: f32, regOffset: f32, regExponent: f32, nDual: i32, cgSteps: i32,
  objective: usize, penalty: usize,
): void {
  for (let row = lo; row < hi; row++) {
    const start = load<i32>(rowStarts + (<usize>row << 2))
    const n = load<i32>(rowStarts + (<usize>row << 2), 4) - start
    const x = own + (<usize>row * <usize>width << 2)
    const places = columns + (<usize>start << 2)
    const c: usize = weights == 0 ? <usize>0 : weights + (<usize>start << 2)
    const rho: f32 = reg * <f32>Math.pow(<f64>n + <f64>regOffset, <f64>regExponent)
    let value: f64 = 0
    if (n == 0) memory.fill(x, 0, <usize>width << 2)
    else if (n <= nDual) value = dual(scratch, places, c, n, x, other, width, diagonal, rho)
    else if (cgSteps == 0) value = primal(scratch, places, c, n, x, other, width, diagonal, rho)
    else value = conjugateGradients(scratch, places, c, n, x, other, width, diagonal, rho, cgSteps)
    store<f64>(objective + (<usize>row << 3), value)
    store<f64>(penalty + (<usize>row << 3), <f64>rho * <f64>dot(x, x, width))
  }
}

// @ts-ignore: decorator
@inline
function rowOf(other: usize, columns: usize, entry: i32, width: i32): usize {
  return other + (<usize>load<i32>(columns + (<usize>entry << 2)) * <usize>width << 2)
}

// @ts-ignore: decorator
@inline
function weightOf(weights: usize, entry: i32): f32 {
  return weights == 0 ? 1 : load<f32>(weights + (<usize>entry << 2))
}

/** (Λ + ρ + Σ c·yyᵀ) x = Σ c·y by SYRK and Cholesky. */
function primal(
  scratch: usize, columns: usize, weights: usize, n: i32, x: usize, other: usize, width: i32, diagonal: usize, rho: f32,
): f64 {
  const bytes = <usize>width << 2
  const step = bytes + panelPadding
  const a = scratch + <usize>panelRows * step
  const right = a + <usize>width * bytes
  const roots = right + 4 * bytes
  memory.fill(a, 0, <usize>(width + 4) * bytes)
  let total: f64 = 0
  for (let start = 0; start < n; start += panelRows) {
    const count = min(panelRows, n - start)
    store<f32>(roots, touch(columns, start, count, other, width))
    for (let j = 0; j < count; j++) {
      const root = sqrt<f32>(weightOf(weights, start + j))
      store<f32>(roots + (<usize>j << 2), root)
      copyScaled(scratch + <usize>j * step, rowOf(other, columns, start + j, width), bytes, root)
      total += <f64>(root * root)
    }
    addWeighted(right, scratch, step, roots, count, bytes)
    gram(scratch, <i32>(step >> 2), count, width, a)
  }
  addDiagonal(a, width, diagonal, rho)
  cholesky(a, width, width + 1, width)
  const value = total - <f64>dot(right, right, width)
  solveTransposed(a, width, width, right)
  memory.copy(x, right, bytes)
  return value
}

/**
 * Reads a float of every cache line of the rows: so many loads that do not wait for each other hide the latency of memory,
 * which copying row by row does not.
 * @returns their sum, for the caller to keep, so that no compiler drops the loads
 */
function touch(columns: usize, start: i32, count: i32, other: usize, width: i32): f32 {
  let sum: f32 = 0
  for (let j = start; j < start + count; j++) {
    const row = rowOf(other, columns, j, width)
    for (let f: usize = 0; f < <usize>width << 2; f += 64) sum += load<f32>(row + f)
  }
  return sum
}

/** into = root·from */
// @ts-ignore: decorator
@inline
function copyScaled(into: usize, from: usize, bytes: usize, root: f32): void {
  const factor = f32x4.splat(root)
  for (let f: usize = 0; f < bytes; f += 32) {
    v128.store(into + f, f32x4.mul(factor, v128.load(from + f)))
    v128.store(into + f, f32x4.mul(factor, v128.load(from + f, 16)), 16)
  }
}

/** right += Σ roots·panel */
function addWeighted(right: usize, panel: usize, step: usize, roots: usize, count: i32, bytes: usize): void {
  const end = roots + (<usize>count << 2)
  for (let f: usize = 0; f < bytes; f += 32) {
    let low = v128.load(right + f)
    let high = v128.load(right + f, 16)
    let row = panel + f
    for (let root = roots; root < end; root += 4, row += step) {
      const factor = v128.load32_splat(root)
      low = fma(factor, v128.load(row), low)
      high = fma(factor, v128.load(row, 16), high)
    }
    v128.store(right + f, low)
    v128.store(right + f, high, 16)
  }
}

function addDiagonal(a: usize, width: i32, diagonal: usize, rho: f32): void {
  for (let f = 0; f < width; f++) {
    const place = a + (<usize>(f * width + f) << 2)
    store<f32>(place, load<f32>(place) + load<f32>(diagonal + (<usize>f << 2)) + rho)
  }
}

/** x = D⁻¹Ỹᵀ (I + ỸD⁻¹Ỹᵀ)⁻¹ s with Ỹ = √c·y, s = √c and D = Λ + ρ. */
function dual(
  scratch: usize, columns: usize, weights: usize, n: i32, x: usize, other: usize, width: i32, diagonal: usize, rho: f32,
): f64 {
  const order = (n + 7) & ~7
  const scales = scratch
  const roots = scales + (<usize>width << 2)
  const kernel = roots + (<usize>order << 2)
  const solution = kernel + (<usize>(order * order) << 2)
  const panel = solution + (<usize>(4 * order) << 2)
  memory.fill(roots, 0, <usize>order << 2)
  for (let j = 0; j < n; j++) store<f32>(roots + (<usize>j << 2), <f32>Math.sqrt(<f64>weightOf(weights, j)))
  inverseRoots(scales, diagonal, rho, width)
  gatherTransposed(panel, columns, n, order, other, width, scales, roots)
  memory.fill(kernel, 0, <usize>((order + 4) * order) << 2)
  for (let f = 0; f < width; f += dualDepth) {
    gram(panel + (<usize>(f * order) << 2), order, min(dualDepth, width - f), order, kernel)
  }
  for (let j = 0; j < order; j++) {
    const place = kernel + (<usize>(j * order + j) << 2)
    store<f32>(place, load<f32>(place) + 1)
  }
  memory.copy(solution, roots, <usize>order << 2)
  cholesky(kernel, order, order + 1, order)
  // What is minimised comes to ⟨s, K⁻¹s⟩ = ‖L⁻¹s‖².
  const value = <f64>dot(solution, solution, order)
  solveTransposed(kernel, order, order, solution)
  for (let f = 0; f < width; f += 4) combine(x, panel, solution, scales, f, order)
  return value
}

/** 1/√(Λ + ρ) */
function inverseRoots(out: usize, diagonal: usize, rho: f32, width: i32): void {
  const one = f32x4.splat(1)
  const ridge = f32x4.splat(rho)
  for (let f: usize = 0; f < <usize>width << 2; f += 16) {
    v128.store(out + f, f32x4.div(one, f32x4.sqrt(f32x4.add(v128.load(diagonal + f), ridge))))
  }
}

/** panel[f, j] = y_j[f]·scales[f]·roots[j], `order` floats a row, zeros beyond the n-th. */
function gatherTransposed(
  panel: usize, columns: usize, n: i32, order: i32, other: usize, width: i32, scales: usize, roots: usize,
): void {
  const pitch = <usize>order << 2
  for (let j = 0; j < order; j += 4) {
    // An entry beyond the last has a root of 0; any row will do for it.
    const y0 = rowOf(other, columns, min(j, n - 1), width)
    const y1 = rowOf(other, columns, min(j + 1, n - 1), width)
    const y2 = rowOf(other, columns, min(j + 2, n - 1), width)
    const y3 = rowOf(other, columns, min(j + 3, n - 1), width)
    const root = v128.load(roots + (<usize>j << 2))
    let out = panel + (<usize>j << 2)
    for (let f: usize = 0; f < <usize>width << 2; f += 16) {
      const a = v128.load(y0 + f)
      const b = v128.load(y1 + f)
      const c = v128.load(y2 + f)
      const d = v128.load(y3 + f)
      const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5)
      const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5)
      const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7)
      const cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7)
      const s = scales + f
      v128.store(out, scaled(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), s, root))
      v128.store(out + pitch, scaled(v128.shuffle<f32>(ab, cd, 2, 3, 6, 7), s + 4, root))
      v128.store(out + 2 * pitch, scaled(v128.shuffle<f32>(abHigh, cdHigh, 0, 1, 4, 5), s + 8, root))
      v128.store(out + 3 * pitch, scaled(v128.shuffle<f32>(abHigh, cdHigh, 2, 3, 6, 7), s + 12, root))
      out += 4 * pitch
    }
  }
}

// @ts-ignore: decorator
@inline
function scaled(values: v128, scale: usize, root: v128): v128 {
  return f32x4.mul(f32x4.mul(values, v128.load32_splat(scale)), root)
}

/** x[f..f+4) = scales[f]·⟨panel[f], solution⟩ */
// @ts-ignore: decorator
@inline
function combine(x: usize, panel: usize, solution: usize, scales: usize, f: i32, order: i32): void {
  for (let i = f; i < f + 4; i++) {
    const product = dot(panel + (<usize>(i * order) << 2), solution, order)
    store<f32>(x + (<usize>i << 2), product * load<f32>(scales + (<usize>i << 2)))
  }
}

/** A = D + ỸᵀỸ, x from where it is, preconditioned by A's diagonal (Shewchuk 1994, B3). */
function conjugateGradients(
  scratch: usize, columns: usize, weights: usize, n: i32, x: usize, other: usize, width: i32, diagonal: usize, rho: f32,
  steps: i32,
): f64 {
  const bytes = <usize>width << 2
  const right = scratch
  const precondition = right + bytes
  const residual = precondition + bytes
  const direction = residual + bytes
  const product = direction + bytes
  const sums = product + bytes
  const panel = sums + sumsBytes
  const kept = max(panelRows, keptFloats / width) & ~3
  const fitting = n <= kept
  memory.fill(right, 0, 2 * bytes)
  startProduct(product, x, diagonal, rho, width)
  let total: f64 = 0
  for (let start = 0; start < n; start += 4) {
    if (start % panelRows == 0) store<f32>(sums, touch(columns, start, min(panelRows, n - start), other, width))
    const rows = fitting ? panel + <usize>start * bytes : panel
    total += gatherFour(rows, columns, weights, start, n, other, width, right, precondition)
    applyFour(product, x, rows, width, sums)
  }
  startResidual(right, precondition, residual, direction, product, diagonal, rho, width)
  let rz = dotOver(residual, precondition, width)
  const enough = <f32>1e-10 * dotOver(right, precondition, width)
  for (let step = 0; step < steps && rz > enough; step++) {
    apply(product, direction, panel, sums, fitting, columns, weights, n, other, width, diagonal, rho)
    const alpha = rz / dot(direction, product, width)
    advance(x, direction, alpha, width)
    advance(residual, product, -alpha, width)
    const next = dotOver(residual, precondition, width)
    turn(direction, residual, precondition, next / rz, width)
    rz = next
  }
  return total - <f64>dot(x, right, width) - <f64>dot(x, residual, width)
}

/**
 * rows = √c·y of four entries, zeros beyond the n-th; right += Σ c·y and squares += Σ c·y².
 * @returns Σ c
 */
function gatherFour(
  rows: usize, columns: usize, weights: usize, start: i32, n: i32, other: usize, width: i32, right: usize, squares: usize,
): f64 {
  const bytes = <usize>width << 2
  const last = n - 1
  const w0 = weightOf(weights, start)
  const w1: f32 = start + 1 < n ? weightOf(weights, start + 1) : 0
  const w2: f32 = start + 2 < n ? weightOf(weights, start + 2) : 0
  const w3: f32 = start + 3 < n ? weightOf(weights, start + 3) : 0
  const y0 = rowOf(other, columns, start, width)
  const y1 = rowOf(other, columns, min(last, start + 1), width)
  const y2 = rowOf(other, columns, min(last, start + 2), width)
  const y3 = rowOf(other, columns, min(last, start + 3), width)
  const r0 = f32x4.splat(sqrt<f32>(w0))
  const r1 = f32x4.splat(sqrt<f32>(w1))
  const r2 = f32x4.splat(sqrt<f32>(w2))
  const r3 = f32x4.splat(sqrt<f32>(w3))
  for (let f: usize = 0; f < bytes; f += 32) {
    const a0 = f32x4.mul(r0, v128.load(y0 + f))
    const a1 = f32x4.mul(r0, v128.load(y0 + f, 16))
    const b0 = f32x4.mul(r1, v128.load(y1 + f))
    const b1 = f32x4.mul(r1, v128.load(y1 + f, 16))
    const c0 = f32x4.mul(r2, v128.load(y2 + f))
    const c1 = f32x4.mul(r2, v128.load(y2 + f, 16))
    const d0 = f32x4.mul(r3, v128.load(y3 + f))
    const d1 = f32x4.mul(r3, v128.load(y3 + f, 16))
    const place = rows + f
    v128.store(place, a0)
    v128.store(place, a1, 16)
    v128.store(place + bytes, b0)
    v128.store(place + bytes, b1, 16)
    v128.store(place + 2 * bytes, c0)
    v128.store(place + 2 * bytes, c1, 16)
    v128.store(place + 3 * bytes, d0)
    v128.store(place + 3 * bytes, d1, 16)
    const sum = right + f
    v128.store(sum, fma(r0, a0, fma(r1, b0, fma(r2, c0, fma(r3, d0, v128.load(sum))))))
    v128.store(sum, fma(r0, a1, fma(r1, b1, fma(r2, c1, fma(r3, d1, v128.load(sum, 16))))), 16)
    const square = squares + f
    v128.store(square, fma(a0, a0, fma(b0, b0, fma(c0, c0, fma(d0, d0, v128.load(square))))))
    v128.store(square, fma(a1, a1, fma(b1, b1, fma(c1, c1, fma(d1, d1, v128.load(square, 16))))), 16)
  }
  return <f64>w0 + <f64>w1 + <f64>w2 + <f64>w3
}

/** product = (Λ + ρ)∘p */
// @ts-ignore: decorator
@inline
function startProduct(product: usize, p: usize, diagonal: usize, rho: f32, width: i32): void {
  const ridge = f32x4.splat(rho)
  for (let f: usize = 0; f < <usize>width << 2; f += 16) {
    v128.store(product + f, f32x4.mul(f32x4.add(v128.load(diagonal + f), ridge), v128.load(p + f)))
  }
}

/** precondition = 1/diag(A), residual = right − A·x, direction = residual ∘ precondition */
function startResidual(
  right: usize, precondition: usize, residual: usize, direction: usize, product: usize, diagonal: usize, rho: f32, width: i32,
): void {
  const one = f32x4.splat(1)
  const ridge = f32x4.splat(rho)
  for (let f: usize = 0; f < <usize>width << 2; f += 16) {
    const d = f32x4.add(f32x4.add(v128.load(diagonal + f), ridge), v128.load(precondition + f))
    const m = f32x4.div(one, d)
    const r = f32x4.sub(v128.load(right + f), v128.load(product + f))
    v128.store(precondition + f, m)
    v128.store(residual + f, r)
    v128.store(direction + f, f32x4.mul(r, m))
  }
}

/** out = (Λ + ρ)∘p + Σ ŷ⟨ŷ, p⟩ over the kept entries, or over all entries gathered once more. */
function apply(
  out: usize, p: usize, panel: usize, sums: usize, fitting: bool, columns: usize, weights: usize, n: i32, other: usize,
  width: i32, diagonal: usize, rho: f32,
): void {
  const bytes = <usize>width << 2
  startProduct(out, p, diagonal, rho, width)
  if (fitting) {
    for (let j = 0; j < n; j += 4) applyFour(out, p, panel + <usize>j * bytes, width, sums)
    return
  }
  for (let start = 0; start < n; start += 4) {
    if (start % panelRows == 0) store<f32>(sums, touch(columns, start, min(panelRows, n - start), other, width))
    for (let j = 0; j < 4; j++) {
      const place = panel + <usize>j * bytes
      if (start + j >= n) memory.fill(place, 0, bytes)
      else copyScaled(place, rowOf(other, columns, start + j, width), bytes, sqrt<f32>(weightOf(weights, start + j)))
    }
    applyFour(out, p, panel, width, sums)
  }
}

/**
 * out += Σ ŷ⟨ŷ, p⟩ over four rows.
 * @param sums  where the lanes of the four products meet: stored side by side they are summed in registers of eight
 */
function applyFour(out: usize, p: usize, rows: usize, width: i32, sums: usize): void {
  const bytes = <usize>width << 2
  let s0 = f32x4.splat(0)
  let s1 = s0
  let s2 = s0
  let s3 = s0
  let t0 = s0
  let t1 = s0
  let t2 = s0
  let t3 = s0
  const y1 = rows + bytes
  const y2 = y1 + bytes
  const y3 = y2 + bytes
  for (let f: usize = 0; f < bytes; f += 32) {
    const a = v128.load(p + f)
    const b = v128.load(p + f, 16)
    s0 = fma(a, v128.load(rows + f), s0)
    s1 = fma(a, v128.load(y1 + f), s1)
    s2 = fma(a, v128.load(y2 + f), s2)
    s3 = fma(a, v128.load(y3 + f), s3)
    t0 = fma(b, v128.load(rows + f, 16), t0)
    t1 = fma(b, v128.load(y1 + f, 16), t1)
    t2 = fma(b, v128.load(y2 + f, 16), t2)
    t3 = fma(b, v128.load(y3 + f, 16), t3)
  }
  v128.store(sums, s0)
  v128.store(sums, t0, 16)
  v128.store(sums, s1, 32)
  v128.store(sums, t1, 48)
  v128.store(sums, s2, 64)
  v128.store(sums, t2, 80)
  v128.store(sums, s3, 96)
  v128.store(sums, t3, 112)
  const w0 = f32x4.splat(sumEight(sums))
  const w1 = f32x4.splat(sumEight(sums + 32))
  const w2 = f32x4.splat(sumEight(sums + 64))
  const w3 = f32x4.splat(sumEight(sums + 96))
  for (let f: usize = 0; f < bytes; f += 32) {
    let a = v128.load(out + f)
    let b = v128.load(out + f, 16)
    a = fma(w0, v128.load(rows + f), a)
    b = fma(w0, v128.load(rows + f, 16), b)
    a = fma(w1, v128.load(y1 + f), a)
    b = fma(w1, v128.load(y1 + f, 16), b)
    a = fma(w2, v128.load(y2 + f), a)
    b = fma(w2, v128.load(y2 + f, 16), b)
    a = fma(w3, v128.load(y3 + f), a)
    b = fma(w3, v128.load(y3 + f, 16), b)
    v128.store(out + f, a)
    v128.store(out + f, b, 16)
  }
}

// @ts-ignore: decorator
@inline
function sumEight(at: usize): f32 {
  return sumLanes(f32x4.add(v128.load(at), v128.load(at, 16)))
}

/** Σ v²·w */
function dotOver(v: usize, w: usize, width: i32): f32 {
  let sum = f32x4.splat(0)
  for (let f: usize = 0; f < <usize>width << 2; f += 16) {
    const value = v128.load(v + f)
    sum = fma(f32x4.mul(value, value), v128.load(w + f), sum)
  }
  return sumLanes(sum)
}

/** x += factor·p */
function advance(x: usize, p: usize, factor: f32, width: i32): void {
  const scale = f32x4.splat(factor)
  for (let f: usize = 0; f < <usize>width << 2; f += 16) v128.store(x + f, fma(scale, v128.load(p + f), v128.load(x + f)))
}

/** direction = residual∘precondition + factor·direction */
function turn(direction: usize, residual: usize, precondition: usize, factor: f32, width: i32): void {
  const scale = f32x4.splat(factor)
  for (let f: usize = 0; f < <usize>width << 2; f += 16) {
    const z = f32x4.mul(v128.load(residual + f), v128.load(precondition + f))
    v128.store(direction + f, fma(scale, v128.load(direction + f), z))
  }
}
