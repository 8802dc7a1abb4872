import { addPairs, fma, pairProducts } from './simd'

/** Items of a group: sixteen sums run side by side, so that none waits for the one before it. */
const groupItems: i32 = 16
/** Bytes of a group's copy before its values: scale, norm, error and padding; sixteen sums' beginnings; sixteen biases. */
const headBytes: usize = 16 + 64 + 64

/**
 * Finds the groups in which an item may reach the floor, by copies of one byte a value and the bound on what the copies leave
 * out: with p̂, ŷ the copies, ⟨p, y⟩ ≤ ⟨p̂, ŷ⟩ + |p − p̂||y| + |p̂||y − ŷ| (Cauchy–Schwarz).
 * @param copies     of each group its head and `width` × 16 bytes: of four values after the other those of its sixteen items
 * @param query      `width` bytes, of each value p̂ / queryScale + 32, from 1 to 63
 * @param error      |p − p̂|, enlarged by what rounding may add
 * @param size       |p̂|
 * @param outGroups  out, the numbers of the groups found, ascending; room for hi − lo
 * @returns how many groups were found
 */
export function screen_groups(
  lo: i32, hi: i32, copies: usize, query: usize, width: i32, queryScale: f32, error: f32, size: f32, floor: f32,
  outGroups: usize,
): i32 {
  const groupBytes = headBytes + <usize>(width * groupItems)
  const end = query + <usize>width
  let found = 0
  for (let group = lo; group < hi; group++) {
    const head = copies + <usize>group * groupBytes
    const scale = f32x4.splat(queryScale * load<f32>(head))
    const least = f32x4.splat(floor - error * load<f32>(head, 4) - size * load<f32>(head, 8))
    let a = v128.load(head, 16)
    let b = v128.load(head, 32)
    let c = v128.load(head, 48)
    let d = v128.load(head, 64)
    let column = head + headBytes
    let at = query
    // A sum of four products fits into half a lane.
    for (; at + 4 < end; at += 8, column += 128) {
      const first = v128.load32_splat(at)
      const second = v128.load32_splat(at, 4)
      a = addPairs(i16x8.add(pairProducts(v128.load(column), first), pairProducts(v128.load(column, 64), second)), a)
      b = addPairs(i16x8.add(pairProducts(v128.load(column, 16), first), pairProducts(v128.load(column, 80), second)), b)
      c = addPairs(i16x8.add(pairProducts(v128.load(column, 32), first), pairProducts(v128.load(column, 96), second)), c)
      d = addPairs(i16x8.add(pairProducts(v128.load(column, 48), first), pairProducts(v128.load(column, 112), second)), d)
    }
    if (at < end) {
      const values = v128.load32_splat(at)
      a = addPairs(pairProducts(v128.load(column), values), a)
      b = addPairs(pairProducts(v128.load(column, 16), values), b)
      c = addPairs(pairProducts(v128.load(column, 32), values), c)
      d = addPairs(pairProducts(v128.load(column, 48), values), d)
    }
    const reach = v128.or(
      v128.or(
        f32x4.ge(fma(f32x4.convert_i32x4_s(a), scale, v128.load(head, 80)), least),
        f32x4.ge(fma(f32x4.convert_i32x4_s(b), scale, v128.load(head, 96)), least),
      ),
      v128.or(
        f32x4.ge(fma(f32x4.convert_i32x4_s(c), scale, v128.load(head, 112)), least),
        f32x4.ge(fma(f32x4.convert_i32x4_s(d), scale, v128.load(head, 128)), least),
      ),
    )
    if (!v128.any_true(reach)) continue
    store<i32>(outGroups + (<usize>found << 2), group)
    found++
  }
  return found
}

/**
 * Scores groups of sixteen items for one query and keeps only groups in which an item reaches the floor.
 * @param groups     in, the numbers of `nGroups` groups; out, those of the kept ones, in the same order
 * @param query      `width` floats
 * @param columns    of each group `width` × 16 floats: value f of its sixteen items, one after the other
 * @param floor      scores below it are of no interest; NaN never reaches it
 * @param outScores  out, 16 floats a kept group
 * @returns how many groups were kept
 */
export function score_groups(
  groups: usize, nGroups: i32, query: usize, columns: usize, width: i32, floor: f32, outScores: usize,
): i32 {
  const groupBytes = <usize>(width * groupItems) << 2
  const least = f32x4.splat(floor)
  const end = query + (<usize>width << 2)
  let kept = 0
  for (let i = 0; i < nGroups; i++) {
    const group = load<i32>(groups + (<usize>i << 2))
    let column = columns + <usize>group * groupBytes
    let a = f32x4.splat(0)
    let b = f32x4.splat(0)
    let c = f32x4.splat(0)
    let d = f32x4.splat(0)
    for (let at = query; at < end; at += 4, column += 64) {
      const value = v128.load32_splat(at)
      a = fma(value, v128.load(column), a)
      b = fma(value, v128.load(column, 16), b)
      c = fma(value, v128.load(column, 32), c)
      d = fma(value, v128.load(column, 48), d)
    }
    const reach = v128.or(
      v128.or(f32x4.ge(a, least), f32x4.ge(b, least)),
      v128.or(f32x4.ge(c, least), f32x4.ge(d, least)),
    )
    if (!v128.any_true(reach)) continue
    store<i32>(groups + (<usize>kept << 2), group)
    const scores = outScores + (<usize>(kept * groupItems) << 2)
    v128.store(scores, a)
    v128.store(scores, b, 16)
    v128.store(scores, c, 32)
    v128.store(scores, d, 48)
    kept++
  }
  return kept
}
