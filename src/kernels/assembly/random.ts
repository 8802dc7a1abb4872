/** As `uniformAt` and `normalAt` of `random.ts`, in single precision: the same positions, nearly the same numbers. */

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

/** In (0, 1], 24 bits. */
// @ts-ignore: decorator
@inline
export function uniformAt(seed: u32, position: u32): f32 {
  return (<f32>(bitsAt(seed, position) >> 8) + 1) * <f32>5.9604644775390625e-8
}

/** `n` standard normals by Box and Muller (1958), two from each pair of positions from `position` on. */
export function fillNormal(out: usize, n: i32, seed: u32, position: u32): void {
  for (let at = 0; at < n; at += 2) {
    const radius = Mathf.sqrt(-2 * Mathf.log(uniformAt(seed, position + <u32>at)))
    const angle: f32 = <f32>6.283185307179586 * uniformAt(seed, position + <u32>at + 1)
    store<f32>(out + (<usize>at << 2), radius * Mathf.cos(angle))
    if (at + 1 < n) store<f32>(out + (<usize>at << 2), radius * Mathf.sin(angle), 4)
  }
}
