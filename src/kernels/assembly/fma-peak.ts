import { fma } from './simd'

/**
 * The host's ceiling: `nSteps` times twelve independent multiply-adds of four lanes on registers, 96 operations a step.
 * More chains than the product of latency and throughput, fewer than there are registers.
 * @param a  two times four floats: the factor and the summand
 * @returns a value that depends on every chain
 */
export function fma_peak(nSteps: i32, a: usize): f32 {
  const x = v128.load(a)
  const y = v128.load(a, 16)
  let s0 = y
  let s1 = y
  let s2 = y
  let s3 = y
  let s4 = y
  let s5 = y
  let s6 = y
  let s7 = y
  let s8 = y
  let s9 = y
  let s10 = y
  let s11 = y
  for (let n = 0; n < nSteps; n++) {
    s0 = fma(s0, x, y)
    s1 = fma(s1, x, y)
    s2 = fma(s2, x, y)
    s3 = fma(s3, x, y)
    s4 = fma(s4, x, y)
    s5 = fma(s5, x, y)
    s6 = fma(s6, x, y)
    s7 = fma(s7, x, y)
    s8 = fma(s8, x, y)
    s9 = fma(s9, x, y)
    s10 = fma(s10, x, y)
    s11 = fma(s11, x, y)
  }
  return total(s0, s1, s2, s3) + total(s4, s5, s6, s7) + total(s8, s9, s10, s11)
}

/**
 * The same with one factor of each multiply-add from a buffer that stays in the first-level cache, and eight chains, as a
 * register tile of 4 × 8 has them: 64 operations a step.
 * @param nSteps  rounded up to a multiple of 64
 * @param a       8 + 2048 floats
 */
export function fma_peak_loads(nSteps: i32, a: usize): f32 {
  const x = v128.load(a)
  let s0 = v128.load(a, 16)
  let s1 = s0
  let s2 = s0
  let s3 = s0
  let s4 = s0
  let s5 = s0
  let s6 = s0
  let s7 = s0
  const buffer = a + 32
  for (let n = 0; n < nSteps; n += 64) {
    for (let p = buffer; p < buffer + 8192; p += 128) {
      s0 = fma(v128.load(p), x, s0)
      s1 = fma(v128.load(p, 16), x, s1)
      s2 = fma(v128.load(p, 32), x, s2)
      s3 = fma(v128.load(p, 48), x, s3)
      s4 = fma(v128.load(p, 64), x, s4)
      s5 = fma(v128.load(p, 80), x, s5)
      s6 = fma(v128.load(p, 96), x, s6)
      s7 = fma(v128.load(p, 112), x, s7)
    }
  }
  return total(s0, s1, s2, s3) + total(s4, s5, s6, s7)
}

// @ts-ignore: decorator
@inline
function total(a: v128, b: v128, c: v128, d: v128): f32 {
  const sum = f32x4.add(f32x4.add(a, b), f32x4.add(c, d))
  return (
    f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1) + f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3)
  )
}
