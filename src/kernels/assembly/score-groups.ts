import { fma } from './simd'

/** Items of a group: sixteen sums run side by side, so that none waits for the one before it. */
const groupItems: i32 = 16

/**
 * Scores groups of sixteen items for one query and keeps only groups in which an item reaches the floor.
 * @param query      `width` floats
 * @param columns    of each group `width` × 16 floats: value f of its sixteen items, one after the other
 * @param floor      scores below it are of no interest; NaN never reaches it
 * @param outGroups  out, the numbers of the kept groups, ascending; room for hi − lo
 * @param outScores  out, 16 floats a kept group
 * @returns how many groups were kept
 */
export function score_groups(
  lo: i32, hi: i32, query: usize, columns: usize, width: i32, floor: f32, outGroups: usize, outScores: usize,
): i32 {
  const groupBytes = <usize>(width * groupItems) << 2
  const least = f32x4.splat(floor)
  const end = query + (<usize>width << 2)
  let kept = 0
  for (let group = lo; group < hi; group++) {
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
    store<i32>(outGroups + (<usize>kept << 2), group)
    const scores = outScores + (<usize>(kept * groupItems) << 2)
    v128.store(scores, a)
    v128.store(scores, b, 16)
    v128.store(scores, c, 32)
    v128.store(scores, d, 48)
    kept++
  }
  return kept
}
