import { dot } from './dot'
import { bitsAt } from './random'
import { fma, sumLanes } from './simd'

/*
 * Stochastic gradient descent over strata (DSGD: Gemulla et al. 2011). Users and items are cut into B blocks each; the
 * entries of user block a and item block (a + stratum) mod B share no row with those of another a, so B threads may work
 * on a stratum at once, and what comes out does not depend on how many do.
 */

/**
 * Biased matrix factorisation (Koren, Bell & Volinsky 2009, eq. 5) over the entries of user blocks [lo, hi) in a stratum:
 * e = t − b_u − b_i − ⟨p, q⟩, then p += γ(e·q − λp), q += γ(e·p − λq), b += γ(e − λ_b·b).
 * @param blockStarts  B · B + 1: where the entries of (user block, item block) begin
 * @param rows         `stride` floats a row: factors up to a multiple of 4, bias, zeros up to a multiple of 4
 * @param squares      out, float64 a user block: adds Σ e²
 */
export function sgd_blocks(
  lo: i32, hi: i32, scratch: usize, blockStarts: usize, nBlocks: i32, stratum: i32, entryUsers: usize, entryItems: usize,
  targets: usize, users: usize, items: usize, stride: i32, rate: f32, reg: f32, regBias: f32, squares: usize,
): void {
  for (let block = lo; block < hi; block++) {
    const cell = blockStarts + (<usize>(block * nBlocks + (block + stratum) % nBlocks) << 2)
    const end = load<i32>(cell, 4)
    let total: f64 = 0
    for (let entry = load<i32>(cell); entry < end; entry++) {
      const at = <usize>entry << 2
      const p = users + (<usize>load<i32>(entryUsers + at) * <usize>stride << 2)
      const q = items + (<usize>load<i32>(entryItems + at) * <usize>stride << 2)
      const error = step(p, q, load<f32>(targets + at), stride, rate, reg, regBias)
      total += <f64>error * <f64>error
    }
    const sum = squares + (<usize>block << 3)
    store<f64>(sum, load<f64>(sum) + total)
  }
}

// @ts-ignore: decorator
@inline
function step(p: usize, q: usize, target: f32, stride: i32, rate: f32, reg: f32, regBias: f32): f32 {
  const bytes = <usize>(stride - 4) << 2
  let s0 = f32x4.splat(0)
  let s1 = s0
  let f: usize = 0
  for (; f + 32 <= bytes; f += 32) {
    s0 = fma(v128.load(p + f), v128.load(q + f), s0)
    s1 = fma(v128.load(p + f, 16), v128.load(q + f, 16), s1)
  }
  if (f < bytes) s0 = fma(v128.load(p + f), v128.load(q + f), s0)
  const userBias = load<f32>(p + bytes)
  const itemBias = load<f32>(q + bytes)
  const error = target - userBias - itemBias - sumLanes(f32x4.add(s0, s1))
  store<f32>(p + bytes, userBias + rate * (error - regBias * userBias))
  store<f32>(q + bytes, itemBias + rate * (error - regBias * itemBias))
  const gain = f32x4.splat(rate * error)
  const keep = f32x4.splat(1 - rate * reg)
  for (f = 0; f < bytes; f += 16) {
    const x = v128.load(p + f)
    const y = v128.load(q + f)
    v128.store(p + f, fma(gain, y, f32x4.mul(keep, x)))
    v128.store(q + f, fma(gain, x, f32x4.mul(keep, y)))
  }
  return error
}

/**
 * Bayesian personalised ranking (Rendle et al. 2009) over the entries of user blocks [lo, hi) in a stratum: an entry's item i
 * against an item j of the same block that the user does not have, x = ⟨p, q_i − q_j⟩ + b_i − b_j, σ = 1/(1 + eˣ).
 * @param userStarts  of a CSR by user, with `userItems`, ascending
 * @param drawStarts  B + 1: where the items to draw j from begin, of each item block
 * @param drawItems   uniform: every item once; by popularity: as often as it has entries
 * @param candidates  items that are drawn, of which j is the one with the greatest score (Zhang et al. 2013)
 * @param seed        of this epoch: the draws of an entry depend on it and on the entry's place
 * @param losses      out, float64 a user block: adds Σ ln(1 + e⁻ˣ)
 */
export function bpr_blocks(
  lo: i32, hi: i32, scratch: usize, blockStarts: usize, nBlocks: i32, stratum: i32, entryUsers: usize, entryItems: usize,
  users: usize, items: usize, stride: i32, rate: f32, reg: f32, regBias: f32, userStarts: usize, userItems: usize,
  drawStarts: usize, drawItems: usize, candidates: i32, seed: i32, losses: usize,
): void {
  for (let block = lo; block < hi; block++) {
    const itemBlock = (block + stratum) % nBlocks
    const cell = blockStarts + (<usize>(block * nBlocks + itemBlock) << 2)
    const end = load<i32>(cell, 4)
    const first = load<i32>(drawStarts + (<usize>itemBlock << 2))
    const nDraws = load<i32>(drawStarts + (<usize>itemBlock << 2), 4) - first
    let total: f64 = 0
    for (let entry = load<i32>(cell); entry < end; entry++) {
      const user = load<i32>(entryUsers + (<usize>entry << 2))
      const item = load<i32>(entryItems + (<usize>entry << 2))
      const pitch = <usize>stride << 2
      const p = users + <usize>user * pitch
      let other = -1
      let best: f32 = 0
      for (let c = 0; c < candidates; c++) {
        const place = <u32>entry * <u32>candidates + <u32>c
        const drawn = drawOther(user, userStarts, userItems, drawItems + (<usize>first << 2), nDraws, <u32>seed, place)
        if (drawn < 0) continue
        const score: f32 = candidates == 1 ? 0 : scoreOf(p, items + <usize>drawn * pitch, stride)
        if (other >= 0 && !(score > best)) continue
        other = drawn
        best = score
      }
      if (other < 0) continue
      total += <f64>pairStep(p, items + <usize>item * pitch, items + <usize>other * pitch, stride, rate, reg, regBias)
    }
    const sum = losses + (<usize>block << 3)
    store<f64>(sum, load<f64>(sum) + total)
  }
}

/** ⟨p, q⟩ + b */
// @ts-ignore: decorator
@inline
function scoreOf(p: usize, q: usize, stride: i32): f32 {
  return dot(p, q, stride - 4) + load<f32>(q + (<usize>(stride - 4) << 2))
}

/** Draws before giving up on a user who has nearly everything. */
const mostDraws: u32 = 16

function drawOther(user: i32, userStarts: usize, userItems: usize, draws: usize, nDraws: i32, seed: u32, entry: u32): i32 {
  const start = load<i32>(userStarts + (<usize>user << 2))
  const end = load<i32>(userStarts + (<usize>user << 2), 4)
  for (let trial: u32 = 0; trial < mostDraws; trial++) {
    const place = <usize>(<u64>bitsAt(seed, entry * mostDraws + trial) * <u64>nDraws >> 32)
    const item = load<i32>(draws + (place << 2))
    if (!contains(userItems, start, end, item)) return item
  }
  return -1
}

function contains(columns: usize, start: i32, end: i32, wanted: i32): bool {
  let low = start
  let high = end
  while (low < high) {
    const middle = (low + high) >> 1
    if (load<i32>(columns + (<usize>middle << 2)) < wanted) low = middle + 1
    else high = middle
  }
  return low < end && load<i32>(columns + (<usize>low << 2)) == wanted
}

function pairStep(p: usize, q: usize, r: usize, stride: i32, rate: f32, reg: f32, regBias: f32): f32 {
  const bytes = <usize>(stride - 4) << 2
  let sum = f32x4.splat(0)
  for (let f: usize = 0; f < bytes; f += 16) {
    sum = fma(v128.load(p + f), f32x4.sub(v128.load(q + f), v128.load(r + f)), sum)
  }
  const ownBias = load<f32>(q + bytes)
  const otherBias = load<f32>(r + bytes)
  const x = sumLanes(sum) + ownBias - otherBias
  const slope: f32 = 1 / (1 + Mathf.exp(x))
  store<f32>(q + bytes, ownBias + rate * (slope - regBias * ownBias))
  store<f32>(r + bytes, otherBias - rate * (slope + regBias * otherBias))
  const gain = f32x4.splat(rate * slope)
  const loss = f32x4.splat(-rate * slope)
  const keep = f32x4.splat(1 - rate * reg)
  for (let f: usize = 0; f < bytes; f += 16) {
    const a = v128.load(p + f)
    const b = v128.load(q + f)
    const c = v128.load(r + f)
    v128.store(p + f, fma(gain, f32x4.sub(b, c), f32x4.mul(keep, a)))
    v128.store(q + f, fma(gain, a, f32x4.mul(keep, b)))
    v128.store(r + f, fma(loss, a, f32x4.mul(keep, c)))
  }
  // ln(1 + e⁻ˣ) without overflow.
  return Mathf.log(1 + Mathf.exp(-abs<f32>(x))) + max<f32>(0, -x)
}
