import { fma } from './simd'

/**
 * The host's ceiling: twelve independent multiply-adds of eight lanes on registers, 192 operations a step; where the build
 * has lanes of four, the one half after the other. More chains than the product of latency and throughput, fewer than there
 * are registers.
 * @param a  eight factors, eight summands, then room for 96 sums
 * @returns the sum of all
 */
export function fma_peak(nSteps: i32, a: usize): f32 {
  if (EIGHT_LANES) {
    eightLanes(nSteps, a)
  } else {
    fourLanes(nSteps, a)
    fourLanes(nSteps, a + 16)
  }
  let sum: f32 = 0
  for (let at: usize = 64; at < 448; at += 4) sum += load<f32>(a + at)
  return sum
}

function fourLanes(nSteps: i32, a: usize): void {
  const x = v128.load(a)
  const y = v128.load(a, 32)
  let m0 = y
  let b0 = y
  let c0 = y
  let d0 = y
  let e0 = y
  let f0 = y
  let g0 = y
  let h0 = y
  let i0 = y
  let j0 = y
  let k0 = y
  let l0 = y
  for (let n = 0; n < nSteps; n++) {
    m0 = fma(m0, x, y)
    b0 = fma(b0, x, y)
    c0 = fma(c0, x, y)
    d0 = fma(d0, x, y)
    e0 = fma(e0, x, y)
    f0 = fma(f0, x, y)
    g0 = fma(g0, x, y)
    h0 = fma(h0, x, y)
    i0 = fma(i0, x, y)
    j0 = fma(j0, x, y)
    k0 = fma(k0, x, y)
    l0 = fma(l0, x, y)
  }
  v128.store(a, m0, 64)
  v128.store(a, b0, 96)
  v128.store(a, c0, 128)
  v128.store(a, d0, 160)
  v128.store(a, e0, 192)
  v128.store(a, f0, 224)
  v128.store(a, g0, 256)
  v128.store(a, h0, 288)
  v128.store(a, i0, 320)
  v128.store(a, j0, 352)
  v128.store(a, k0, 384)
  v128.store(a, l0, 416)
}

function eightLanes(nSteps: i32, a: usize): void {
  const x0 = v128.load(a)
  const x1 = v128.load(a, 16)
  const y0 = v128.load(a, 32)
  const y1 = v128.load(a, 48)
  let m0 = y0
  let m1 = y1
  let b0 = y0
  let b1 = y1
  let c0 = y0
  let c1 = y1
  let d0 = y0
  let d1 = y1
  let e0 = y0
  let e1 = y1
  let f0 = y0
  let f1 = y1
  let g0 = y0
  let g1 = y1
  let h0 = y0
  let h1 = y1
  let i0 = y0
  let i1 = y1
  let j0 = y0
  let j1 = y1
  let k0 = y0
  let k1 = y1
  let l0 = y0
  let l1 = y1
  for (let n = 0; n < nSteps; n++) {
    m0 = fma(m0, x0, y0)
    m1 = fma(m1, x1, y1)
    b0 = fma(b0, x0, y0)
    b1 = fma(b1, x1, y1)
    c0 = fma(c0, x0, y0)
    c1 = fma(c1, x1, y1)
    d0 = fma(d0, x0, y0)
    d1 = fma(d1, x1, y1)
    e0 = fma(e0, x0, y0)
    e1 = fma(e1, x1, y1)
    f0 = fma(f0, x0, y0)
    f1 = fma(f1, x1, y1)
    g0 = fma(g0, x0, y0)
    g1 = fma(g1, x1, y1)
    h0 = fma(h0, x0, y0)
    h1 = fma(h1, x1, y1)
    i0 = fma(i0, x0, y0)
    i1 = fma(i1, x1, y1)
    j0 = fma(j0, x0, y0)
    j1 = fma(j1, x1, y1)
    k0 = fma(k0, x0, y0)
    k1 = fma(k1, x1, y1)
    l0 = fma(l0, x0, y0)
    l1 = fma(l1, x1, y1)
  }
  v128.store(a, m0, 64)
  v128.store(a, m1, 80)
  v128.store(a, b0, 96)
  v128.store(a, b1, 112)
  v128.store(a, c0, 128)
  v128.store(a, c1, 144)
  v128.store(a, d0, 160)
  v128.store(a, d1, 176)
  v128.store(a, e0, 192)
  v128.store(a, e1, 208)
  v128.store(a, f0, 224)
  v128.store(a, f1, 240)
  v128.store(a, g0, 256)
  v128.store(a, g1, 272)
  v128.store(a, h0, 288)
  v128.store(a, h1, 304)
  v128.store(a, i0, 320)
  v128.store(a, i1, 336)
  v128.store(a, j0, 352)
  v128.store(a, j1, 368)
  v128.store(a, k0, 384)
  v128.store(a, k1, 400)
  v128.store(a, l0, 416)
  v128.store(a, l1, 432)
}
