/** a·b + c in each of four lanes; one rounding where the host has relaxed SIMD, two elsewhere. */
// @ts-ignore: decorator
@inline
export function fma(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c)
  return f32x4.add(f32x4.mul(a, b), c)
}

/** c − a·b in each of four lanes, rounded as `fma`. */
// @ts-ignore: decorator
@inline
export function subtractProduct(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_nmadd(a, b, c)
  return f32x4.sub(c, f32x4.mul(a, b))
}

/** The sum of the four lanes, pairwise. */
// @ts-ignore: decorator
@inline
export function sumLanes(a: v128): f32 {
  const pairs = f32x4.add(a, v128.shuffle<f32>(a, a, 2, 3, 0, 1))
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1)
}

/** As `fma`, for two lanes of double precision. */
// @ts-ignore: decorator
@inline
export function fma64(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f64x2.relaxed_madd(a, b, c)
  return f64x2.add(f64x2.mul(a, b), c)
}

/** As `subtractProduct`, for two lanes of double precision. */
// @ts-ignore: decorator
@inline
export function subtractProduct64(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f64x2.relaxed_nmadd(a, b, c)
  return f64x2.sub(c, f64x2.mul(a, b))
}

/**
 * In each of eight lanes the sum of two products of bytes.
 * @param a  signed bytes
 * @param b  bytes from 0 to 127: with them all hosts agree on the sum
 */
// @ts-ignore: decorator
@inline
export function pairProducts(a: v128, b: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i16x8.relaxed_dot_i8x16_i7x16_s(a, b)
  const low = i16x8.extmul_low_i8x16_s(a, b)
  const high = i16x8.extmul_high_i8x16_s(a, b)
  const evens = v128.shuffle<i16>(low, high, 0, 2, 4, 6, 8, 10, 12, 14)
  const odds = v128.shuffle<i16>(low, high, 1, 3, 5, 7, 9, 11, 13, 15)
  return i16x8.add(evens, odds)
}

/** To each of four lanes the sum of its two halves. */
// @ts-ignore: decorator
@inline
export function addPairs(halves: v128, sums: v128): v128 {
  return i32x4.add(sums, i32x4.extadd_pairwise_i16x8_s(halves))
}
