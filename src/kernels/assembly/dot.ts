import { fma, sumLanes } from './simd'

/**
 * ⟨a, b⟩ of `width` floats, accumulated in four lanes.
 * @param width  a multiple of 4
 */
export function dot(a: usize, b: usize, width: i32): f32 {
  let sum = f32x4.splat(0)
  const end = a + (<usize>width << 2)
  for (; a < end; a += 16, b += 16) sum = fma(v128.load(a), v128.load(b), sum)
  return sumLanes(sum)
}
