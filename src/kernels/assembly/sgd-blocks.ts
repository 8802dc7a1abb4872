import { dot } from './dot'
import { bitsAt } from './random'
import { fma, sumLanes } from './simd'

/*
 * Stochastic gradient descent over strata (DSGD: Gemulla et al. 2011). Users and items are cut into B blocks each; the
 * entries of user block a and item block (a + stratum) mod B share no row with those of another a, so B threads may work
 * on a stratum at once, and what comes out does not depend on how many do.
 */

/**
 * Sorts the entries of user blocks [lo, hi) by block of the item, the users in their order.
 * @param userStarts   B + 1: where the users of each block begin in `userOrder`
 * @param blockStarts  B · B + 1: the first of each user block is given, the others are written
 * @param scratch      B numbers
 */
export function strata_blocks(
  lo: i32, hi: i32, scratch: usize, nBlocks: i32, userStarts: usize, userOrder: usize, itemBlocks: usize, rowStarts: usize,
  columns: usize, targets: usize, blockStarts: usize, outUsers: usize, outItems: usize, outValues: usize,
): void {
  for (let block = lo; block < hi; block++) {
    const cells = blockStarts + (<usize>(block * nBlocks) << 2)
    const firstUser = userOrder + (<usize>load<i32>(userStarts + (<usize>block << 2)) << 2)
    const endUser = userOrder + (<usize>load<i32>(userStarts + (<usize>block << 2), 4) << 2)
    memory.fill(scratch, 0, <usize>nBlocks << 2)
    for (let place = firstUser; place < endUser; place += 4) {
      const row = rowStarts + (<usize>load<i32>(place) << 2)
      const end = columns + (<usize>load<i32>(row, 4) << 2)
      for (let entry = columns + (<usize>load<i32>(row) << 2); entry < end; entry += 4) {
        const next = scratch + (<usize>load<i32>(itemBlocks + (<usize>load<i32>(entry) << 2)) << 2)
        store<i32>(next, load<i32>(next) + 1)
      }
    }
    let start = load<i32>(cells)
    for (let other = 0; other < nBlocks; other++) {
      const next = scratch + (<usize>other << 2)
      const count = load<i32>(next)
      store<i32>(next, start)
      if (other > 0) store<i32>(cells + (<usize>other << 2), start)
      start += count
    }
    for (let place = firstUser; place < endUser; place += 4) {
      const user = load<i32>(place)
      const row = rowStarts + (<usize>user << 2)
      const end = <usize>load<i32>(row, 4) << 2
      for (let entry = <usize>load<i32>(row) << 2; entry < end; entry += 4) {
        const item = load<i32>(columns + entry)
        const next = scratch + (<usize>load<i32>(itemBlocks + (<usize>item << 2)) << 2)
        const at = <usize>load<i32>(next) << 2
        store<i32>(next, load<i32>(next) + 1)
        store<i32>(outUsers + at, user)
        store<i32>(outItems + at, item)
        store<f32>(outValues + at, load<f32>(targets + entry))
      }
    }
  }
}

/**
 * Biased matrix factorisation (Koren, Bell & Volinsky 2009, eq. 5) over the entries of user blocks [lo, hi) in a stratum:
 * e = t − b_u − b_i − ⟨p, q⟩, then p += γ(e·q − λp), q += γ(e·p − λq), b += γ(e − λ_b·b).
 * Four entries of a user that follow each other take one step together, from the same p: so p is read and written once for
 * four, and the four sums do not wait for each other.
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
      const user = load<i32>(entryUsers + at)
      const p = users + (<usize>user * <usize>stride << 2)
      // The entries of a user are together: the first and the fourth are enough.
      if (entry + 3 < end && load<i32>(entryUsers + at, 12) == user) {
        total += stepOfFour(scratch, p, items, entryItems + at, targets + at, stride, rate, reg, regBias)
        entry += 3
        continue
      }
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
 * Neighbouring vectors have sums of their own, and go through memory where they are added, so that lanes of eight can join
 * them (see `kernels/wide-lanes.ts`).
 * @param scratch  32 numbers
 * @returns Σ e² of the four
 */
function stepOfFour(
  scratch: usize, p: usize, items: usize, entryItems: usize, targets: usize, stride: i32, rate: f32, reg: f32, regBias: f32,
): f64 {
  const bytes = <usize>(stride - 4) << 2
  const pitch = <usize>stride << 2
  const q0 = items + <usize>load<i32>(entryItems) * pitch
  const q1 = items + <usize>load<i32>(entryItems, 4) * pitch
  const q2 = items + <usize>load<i32>(entryItems, 8) * pitch
  const q3 = items + <usize>load<i32>(entryItems, 12) * pitch
  let s0 = f32x4.splat(0)
  let s1 = s0
  let s2 = s0
  let s3 = s0
  let t0 = s0
  let t1 = s0
  let t2 = s0
  let t3 = s0
  let f: usize = 0
  for (; f + 32 <= bytes; f += 32) {
    const x = v128.load(p + f)
    const y = v128.load(p + f, 16)
    s0 = fma(x, v128.load(q0 + f), s0)
    t0 = fma(y, v128.load(q0 + f, 16), t0)
    s1 = fma(x, v128.load(q1 + f), s1)
    t1 = fma(y, v128.load(q1 + f, 16), t1)
    s2 = fma(x, v128.load(q2 + f), s2)
    t2 = fma(y, v128.load(q2 + f, 16), t2)
    s3 = fma(x, v128.load(q3 + f), s3)
    t3 = fma(y, v128.load(q3 + f, 16), t3)
  }
  v128.store(scratch, s0)
  v128.store(scratch, t0, 16)
  v128.store(scratch, s1, 32)
  v128.store(scratch, t1, 48)
  v128.store(scratch, s2, 64)
  v128.store(scratch, t2, 80)
  v128.store(scratch, s3, 96)
  v128.store(scratch, t3, 112)
  s0 = f32x4.add(v128.load(scratch), v128.load(scratch, 16))
  s1 = f32x4.add(v128.load(scratch, 32), v128.load(scratch, 48))
  s2 = f32x4.add(v128.load(scratch, 64), v128.load(scratch, 80))
  s3 = f32x4.add(v128.load(scratch, 96), v128.load(scratch, 112))
  if (f < bytes) {
    const x = v128.load(p + f)
    s0 = fma(x, v128.load(q0 + f), s0)
    s1 = fma(x, v128.load(q1 + f), s1)
    s2 = fma(x, v128.load(q2 + f), s2)
    s3 = fma(x, v128.load(q3 + f), s3)
  }
  // Lane by lane what `sumLanes` gives of each sum.
  const low = f32x4.add(v128.shuffle<f32>(s0, s1, 0, 1, 4, 5), v128.shuffle<f32>(s0, s1, 2, 3, 6, 7))
  const high = f32x4.add(v128.shuffle<f32>(s2, s3, 0, 1, 4, 5), v128.shuffle<f32>(s2, s3, 2, 3, 6, 7))
  const products = f32x4.add(v128.shuffle<f32>(low, high, 0, 2, 4, 6), v128.shuffle<f32>(low, high, 1, 3, 5, 7))
  const userBias = load<f32>(p + bytes)
  const itemBiases = f32x4(load<f32>(q0 + bytes), load<f32>(q1 + bytes), load<f32>(q2 + bytes), load<f32>(q3 + bytes))
  const known = f32x4.add(f32x4.add(f32x4.splat(userBias), itemBiases), products)
  const errors = f32x4.sub(v128.load(targets), known)
  store<f32>(p + bytes, userBias + rate * (sumLanes(errors) - 4 * regBias * userBias))
  const moved = fma(f32x4.splat(rate), f32x4.sub(errors, f32x4.mul(f32x4.splat(regBias), itemBiases)), itemBiases)
  v128.store32_lane(q0 + bytes, moved, 0)
  v128.store32_lane(q1 + bytes, moved, 1)
  v128.store32_lane(q2 + bytes, moved, 2)
  v128.store32_lane(q3 + bytes, moved, 3)
  v128.store(scratch, f32x4.mul(f32x4.splat(rate), errors))
  const g0 = v128.load32_splat(scratch)
  const g1 = v128.load32_splat(scratch, 4)
  const g2 = v128.load32_splat(scratch, 8)
  const g3 = v128.load32_splat(scratch, 12)
  const keep = f32x4.splat(1 - rate * reg)
  const keepUser = f32x4.splat(1 - 4 * rate * reg)
  for (f = 0; f + 32 <= bytes; f += 32) {
    const x = v128.load(p + f)
    const y = v128.load(p + f, 16)
    let sum = f32x4.mul(keepUser, x)
    let next = f32x4.mul(keepUser, y)
    let a = v128.load(q0 + f)
    let b = v128.load(q0 + f, 16)
    sum = fma(g0, a, sum)
    next = fma(g0, b, next)
    v128.store(q0 + f, fma(g0, x, f32x4.mul(keep, a)))
    v128.store(q0 + f, fma(g0, y, f32x4.mul(keep, b)), 16)
    a = v128.load(q1 + f)
    b = v128.load(q1 + f, 16)
    sum = fma(g1, a, sum)
    next = fma(g1, b, next)
    v128.store(q1 + f, fma(g1, x, f32x4.mul(keep, a)))
    v128.store(q1 + f, fma(g1, y, f32x4.mul(keep, b)), 16)
    a = v128.load(q2 + f)
    b = v128.load(q2 + f, 16)
    sum = fma(g2, a, sum)
    next = fma(g2, b, next)
    v128.store(q2 + f, fma(g2, x, f32x4.mul(keep, a)))
    v128.store(q2 + f, fma(g2, y, f32x4.mul(keep, b)), 16)
    a = v128.load(q3 + f)
    b = v128.load(q3 + f, 16)
    v128.store(p + f, fma(g3, a, sum))
    v128.store(p + f, fma(g3, b, next), 16)
    v128.store(q3 + f, fma(g3, x, f32x4.mul(keep, a)))
    v128.store(q3 + f, fma(g3, y, f32x4.mul(keep, b)), 16)
  }
  if (f < bytes) moveFour(p + f, q0 + f, q1 + f, q2 + f, q3 + f, g0, g1, g2, g3, keep, keepUser)
  return <f64>sumLanes(f32x4.mul(errors, errors))
}

// @ts-ignore: decorator
@inline
function moveFour(
  p: usize, q0: usize, q1: usize, q2: usize, q3: usize,
  g0: v128, g1: v128, g2: v128, g3: v128, keep: v128, keepUser: v128,
): void {
  const x = v128.load(p)
  const y0 = v128.load(q0)
  const y1 = v128.load(q1)
  const y2 = v128.load(q2)
  const y3 = v128.load(q3)
  v128.store(p, fma(g3, y3, fma(g2, y2, fma(g1, y1, fma(g0, y0, f32x4.mul(keepUser, x))))))
  v128.store(q0, fma(g0, x, f32x4.mul(keep, y0)))
  v128.store(q1, fma(g1, x, f32x4.mul(keep, y1)))
  v128.store(q2, fma(g2, x, f32x4.mul(keep, y2)))
  v128.store(q3, fma(g3, x, f32x4.mul(keep, y3)))
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
