import { fma } from './simd'

/** As `random.ts` outside of here, in single precision: the same positions, nearly the same numbers. */

// @ts-ignore: decorator
@inline
function fmix32(value: u32): u32 {
  let h = value
  h ^= h >> 16
  h *= 0x85ebca6b
  h ^= h >> 13
  h *= 0xc2b2ae35
  return h ^ (h >> 16)
}

/** A whole number from the seed and the position alone. */
// @ts-ignore: decorator
@inline
export function bitsAt(seed: u32, position: u32): u32 {
  const h: u32 = ((seed ^ 0x9e3779b9) * 0x85ebca6b) ^ ((position + 1) * 0xc2b2ae35)
  return fmix32(fmix32(h) + position * 0x9e3779b9)
}

/**
 * `n` standard normals by Box and Muller (1958), two from each pair of positions from `position` on: the value at a place
 * does not depend on n. Within 1e-6 of the same in double precision.
 */
export function fillNormal(out: usize, n: i32, seed: u32, position: u32): void {
  const seeds = i32x4.splat((seed ^ 0x9e3779b9) * 0x85ebca6b)
  let even = i32x4.add(i32x4.splat(position), i32x4(0, 2, 4, 6))
  for (let left = n; left > 0; left -= 8, out += 32, even = i32x4.add(even, i32x4.splat(8))) {
    const radius = radiusOf(uniformsAt(seeds, even))
    const turn = f32x4.mul(uniformsAt(seeds, i32x4.add(even, i32x4.splat(1))), f32x4.splat(4))
    // The angle is a whole number of quarter turns and at most an eighth of one to either side.
    const quarters = f32x4.nearest(turn)
    const quadrant = i32x4.trunc_sat_f32x4_s(quarters)
    const angle = f32x4.mul(f32x4.sub(turn, quarters), f32x4.splat(<f32>1.5707963267948966))
    const sin = f32x4.mul(radius, sinOf(angle))
    const cos = f32x4.mul(radius, cosOf(angle))
    const isOdd = i32x4.eq(v128.and(quadrant, i32x4.splat(1)), i32x4.splat(1))
    const x = v128.xor(v128.bitselect(sin, cos, isOdd), signOf(i32x4.add(quadrant, i32x4.splat(1))))
    const y = v128.xor(v128.bitselect(cos, sin, isOdd), signOf(quadrant))
    const low = v128.shuffle<f32>(x, y, 0, 4, 1, 5)
    const high = v128.shuffle<f32>(x, y, 2, 6, 3, 7)
    if (left >= 8) {
      v128.store(out, low)
      v128.store(out, high, 16)
    } else storeFirst(out, left, low, high)
  }
}

/** Rows [lo, hi) of initial factors: `width` normals of that deviation each, `stride` floats a row. */
export function normal_rows(
  lo: i32, hi: i32, scratch: usize, rows: usize, stride: i32, width: i32, deviation: f32, seed: u32,
): void {
  for (let row = lo; row < hi; row++) {
    const out = rows + (<usize>row * <usize>stride << 2)
    fillNormal(out, width, seed, <u32>row * <u32>(width + (width & 1)))
    for (let f = 0; f < width; f++) {
      const at = out + (<usize>f << 2)
      store<f32>(at, deviation * load<f32>(at))
    }
  }
}

/** As `bitsAt`, then in (0, 1], 24 bits. */
// @ts-ignore: decorator
@inline
function uniformsAt(seeds: v128, positions: v128): v128 {
  const h = v128.xor(seeds, i32x4.mul(i32x4.add(positions, i32x4.splat(1)), i32x4.splat(0xc2b2ae35)))
  const bits = mix(i32x4.add(mix(h), i32x4.mul(positions, i32x4.splat(0x9e3779b9))))
  const above = i32x4.add(i32x4.shr_u(bits, 8), i32x4.splat(1))
  return f32x4.mul(f32x4.convert_i32x4_s(above), f32x4.splat(<f32>5.9604644775390625e-8))
}

/** `fmix32` in each of four lanes. */
// @ts-ignore: decorator
@inline
function mix(value: v128): v128 {
  let h = v128.xor(value, i32x4.shr_u(value, 16))
  h = i32x4.mul(h, i32x4.splat(0x85ebca6b))
  h = v128.xor(h, i32x4.shr_u(h, 13))
  h = i32x4.mul(h, i32x4.splat(0xc2b2ae35))
  return v128.xor(h, i32x4.shr_u(h, 16))
}

/** √(−2 ln u) with ln u = e·ln 2 + 2 artanh((m − 1)/(m + 1)), u = m·2ᵉ and m in [√½, √2). */
// @ts-ignore: decorator
@inline
function radiusOf(u: v128): v128 {
  // Bits of √½: from there on the exponent counts one more.
  const shifted = i32x4.sub(u, i32x4.splat(0x3f3504f3))
  const exponent = f32x4.convert_i32x4_s(i32x4.shr_s(shifted, 23))
  const m = i32x4.add(v128.and(shifted, i32x4.splat(0x007fffff)), i32x4.splat(0x3f3504f3))
  const s = f32x4.div(f32x4.sub(m, f32x4.splat(1)), f32x4.add(m, f32x4.splat(1)))
  const square = f32x4.mul(s, s)
  let series = fma(square, f32x4.splat(<f32>(2.0 / 9)), f32x4.splat(<f32>(2.0 / 7)))
  series = fma(square, series, f32x4.splat(<f32>(2.0 / 5)))
  series = fma(square, series, f32x4.splat(<f32>(2.0 / 3)))
  series = fma(square, series, f32x4.splat(2))
  const log = fma(exponent, f32x4.splat(<f32>0.6931471805599453), f32x4.mul(s, series))
  return f32x4.sqrt(f32x4.max(f32x4.splat(0), f32x4.mul(f32x4.splat(-2), log)))
}

/** Taylor's series to the 9th power, exact to single precision up to an eighth of a turn. */
// @ts-ignore: decorator
@inline
function sinOf(x: v128): v128 {
  const square = f32x4.mul(x, x)
  let series = fma(square, f32x4.splat(<f32>(1.0 / 362880)), f32x4.splat(<f32>(-1.0 / 5040)))
  series = fma(square, series, f32x4.splat(<f32>(1.0 / 120)))
  series = fma(square, series, f32x4.splat(<f32>(-1.0 / 6)))
  return fma(f32x4.mul(square, x), series, x)
}

/** Taylor's series to the 8th power. */
// @ts-ignore: decorator
@inline
function cosOf(x: v128): v128 {
  const square = f32x4.mul(x, x)
  let series = fma(square, f32x4.splat(<f32>(1.0 / 40320)), f32x4.splat(<f32>(-1.0 / 720)))
  series = fma(square, series, f32x4.splat(<f32>(1.0 / 24)))
  series = fma(square, series, f32x4.splat(-0.5))
  return fma(square, series, f32x4.splat(1))
}

/** The sign bit in quadrants 2 and 3, counted modulo 4. */
// @ts-ignore: decorator
@inline
function signOf(quadrant: v128): v128 {
  return i32x4.shl(v128.and(quadrant, i32x4.splat(2)), 30)
}

function storeFirst(out: usize, count: i32, low: v128, high: v128): void {
  for (let at = 0; at < count; at++) {
    v128.store32_lane(out + (<usize>at << 2), low, 0)
    low = v128.shuffle<f32>(low, high, 1, 2, 3, 4)
    high = v128.shuffle<f32>(high, high, 1, 2, 3, 3)
  }
}
