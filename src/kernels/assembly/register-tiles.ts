import { fma } from './simd'

/*
 * C (rows × columns) += AᵀB with the whole of C in registers while A and B stream by: `left` holds as many floats side by
 * side as C has rows, `right` as many as it has columns, for each of `depth` steps. Every element is summed in the order of
 * the steps, so that all shapes give the same bits. The shapes of sixteen and of eight by eight want registers of eight lanes:
 * two neighbouring vectors become one where the host joins them (see `src/kernels/wide-lanes.ts`), with as many independent
 * chains as latency times throughput asks for.
 *
 * All: @param pitch  bytes from row to row of C; @param leftStep, rightStep  bytes from step to step
 */

/** Eight chains of four lanes. */
export function tile4x8(
  out0: usize, pitch: usize, left: usize, leftStep: usize, right: usize, rightStep: usize, depth: i32,
): void {
  const out1 = out0 + pitch
  const out2 = out1 + pitch
  const out3 = out2 + pitch
  let a0 = v128.load(out0)
  let a1 = v128.load(out0, 16)
  let b0 = v128.load(out1)
  let b1 = v128.load(out1, 16)
  let c0 = v128.load(out2)
  let c1 = v128.load(out2, 16)
  let d0 = v128.load(out3)
  let d1 = v128.load(out3, 16)
  for (let k = 0; k < depth; k++) {
    const r0 = v128.load(right)
    const r1 = v128.load(right, 16)
    let l = v128.load32_splat(left)
    a0 = fma(l, r0, a0)
    a1 = fma(l, r1, a1)
    l = v128.load32_splat(left, 4)
    b0 = fma(l, r0, b0)
    b1 = fma(l, r1, b1)
    l = v128.load32_splat(left, 8)
    c0 = fma(l, r0, c0)
    c1 = fma(l, r1, c1)
    l = v128.load32_splat(left, 12)
    d0 = fma(l, r0, d0)
    d1 = fma(l, r1, d1)
    left += leftStep
    right += rightStep
  }
  v128.store(out0, a0)
  v128.store(out0, a1, 16)
  v128.store(out1, b0)
  v128.store(out1, b1, 16)
  v128.store(out2, c0)
  v128.store(out2, c1, 16)
  v128.store(out3, d0)
  v128.store(out3, d1, 16)
}

/** Eight chains of eight lanes. */
export function tile8x8(
  out0: usize, pitch: usize, left: usize, leftStep: usize, right: usize, rightStep: usize, depth: i32,
): void {
  const out1 = out0 + pitch
  const out2 = out1 + pitch
  const out3 = out2 + pitch
  const out4 = out3 + pitch
  const out5 = out4 + pitch
  const out6 = out5 + pitch
  const out7 = out6 + pitch
  let a0 = v128.load(out0)
  let a1 = v128.load(out0, 16)
  let b0 = v128.load(out1)
  let b1 = v128.load(out1, 16)
  let c0 = v128.load(out2)
  let c1 = v128.load(out2, 16)
  let d0 = v128.load(out3)
  let d1 = v128.load(out3, 16)
  let e0 = v128.load(out4)
  let e1 = v128.load(out4, 16)
  let f0 = v128.load(out5)
  let f1 = v128.load(out5, 16)
  let g0 = v128.load(out6)
  let g1 = v128.load(out6, 16)
  let h0 = v128.load(out7)
  let h1 = v128.load(out7, 16)
  for (let k = 0; k < depth; k++) {
    const r0 = v128.load(right)
    const r1 = v128.load(right, 16)
    let l = v128.load32_splat(left)
    a0 = fma(l, r0, a0)
    a1 = fma(l, r1, a1)
    l = v128.load32_splat(left, 4)
    b0 = fma(l, r0, b0)
    b1 = fma(l, r1, b1)
    l = v128.load32_splat(left, 8)
    c0 = fma(l, r0, c0)
    c1 = fma(l, r1, c1)
    l = v128.load32_splat(left, 12)
    d0 = fma(l, r0, d0)
    d1 = fma(l, r1, d1)
    l = v128.load32_splat(left, 16)
    e0 = fma(l, r0, e0)
    e1 = fma(l, r1, e1)
    l = v128.load32_splat(left, 20)
    f0 = fma(l, r0, f0)
    f1 = fma(l, r1, f1)
    l = v128.load32_splat(left, 24)
    g0 = fma(l, r0, g0)
    g1 = fma(l, r1, g1)
    l = v128.load32_splat(left, 28)
    h0 = fma(l, r0, h0)
    h1 = fma(l, r1, h1)
    left += leftStep
    right += rightStep
  }
  v128.store(out0, a0)
  v128.store(out0, a1, 16)
  v128.store(out1, b0)
  v128.store(out1, b1, 16)
  v128.store(out2, c0)
  v128.store(out2, c1, 16)
  v128.store(out3, d0)
  v128.store(out3, d1, 16)
  v128.store(out4, e0)
  v128.store(out4, e1, 16)
  v128.store(out5, f0)
  v128.store(out5, f1, 16)
  v128.store(out6, g0)
  v128.store(out6, g1, 16)
  v128.store(out7, h0)
  v128.store(out7, h1, 16)
}

/** Eight chains of eight lanes. */
export function tile4x16(
  out0: usize, pitch: usize, left: usize, leftStep: usize, right: usize, rightStep: usize, depth: i32,
): void {
  const out1 = out0 + pitch
  const out2 = out1 + pitch
  const out3 = out2 + pitch
  let a0 = v128.load(out0)
  let a1 = v128.load(out0, 16)
  let a2 = v128.load(out0, 32)
  let a3 = v128.load(out0, 48)
  let b0 = v128.load(out1)
  let b1 = v128.load(out1, 16)
  let b2 = v128.load(out1, 32)
  let b3 = v128.load(out1, 48)
  let c0 = v128.load(out2)
  let c1 = v128.load(out2, 16)
  let c2 = v128.load(out2, 32)
  let c3 = v128.load(out2, 48)
  let d0 = v128.load(out3)
  let d1 = v128.load(out3, 16)
  let d2 = v128.load(out3, 32)
  let d3 = v128.load(out3, 48)
  for (let k = 0; k < depth; k++) {
    const r0 = v128.load(right)
    const r1 = v128.load(right, 16)
    const r2 = v128.load(right, 32)
    const r3 = v128.load(right, 48)
    let l = v128.load32_splat(left)
    a0 = fma(l, r0, a0)
    a1 = fma(l, r1, a1)
    a2 = fma(l, r2, a2)
    a3 = fma(l, r3, a3)
    l = v128.load32_splat(left, 4)
    b0 = fma(l, r0, b0)
    b1 = fma(l, r1, b1)
    b2 = fma(l, r2, b2)
    b3 = fma(l, r3, b3)
    l = v128.load32_splat(left, 8)
    c0 = fma(l, r0, c0)
    c1 = fma(l, r1, c1)
    c2 = fma(l, r2, c2)
    c3 = fma(l, r3, c3)
    l = v128.load32_splat(left, 12)
    d0 = fma(l, r0, d0)
    d1 = fma(l, r1, d1)
    d2 = fma(l, r2, d2)
    d3 = fma(l, r3, d3)
    left += leftStep
    right += rightStep
  }
  v128.store(out0, a0)
  v128.store(out0, a1, 16)
  v128.store(out0, a2, 32)
  v128.store(out0, a3, 48)
  v128.store(out1, b0)
  v128.store(out1, b1, 16)
  v128.store(out1, b2, 32)
  v128.store(out1, b3, 48)
  v128.store(out2, c0)
  v128.store(out2, c1, 16)
  v128.store(out2, c2, 32)
  v128.store(out2, c3, 48)
  v128.store(out3, d0)
  v128.store(out3, d1, 16)
  v128.store(out3, d2, 32)
  v128.store(out3, d3, 48)
}

/** Twelve chains of eight lanes: with three operands all sixteen registers but one. */
export function tile6x16(
  out0: usize, pitch: usize, left: usize, leftStep: usize, right: usize, rightStep: usize, depth: i32,
): void {
  const out1 = out0 + pitch
  const out2 = out1 + pitch
  const out3 = out2 + pitch
  const out4 = out3 + pitch
  const out5 = out4 + pitch
  let a0 = v128.load(out0)
  let a1 = v128.load(out0, 16)
  let a2 = v128.load(out0, 32)
  let a3 = v128.load(out0, 48)
  let b0 = v128.load(out1)
  let b1 = v128.load(out1, 16)
  let b2 = v128.load(out1, 32)
  let b3 = v128.load(out1, 48)
  let c0 = v128.load(out2)
  let c1 = v128.load(out2, 16)
  let c2 = v128.load(out2, 32)
  let c3 = v128.load(out2, 48)
  let d0 = v128.load(out3)
  let d1 = v128.load(out3, 16)
  let d2 = v128.load(out3, 32)
  let d3 = v128.load(out3, 48)
  let e0 = v128.load(out4)
  let e1 = v128.load(out4, 16)
  let e2 = v128.load(out4, 32)
  let e3 = v128.load(out4, 48)
  let f0 = v128.load(out5)
  let f1 = v128.load(out5, 16)
  let f2 = v128.load(out5, 32)
  let f3 = v128.load(out5, 48)
  for (let k = 0; k < depth; k++) {
    const r0 = v128.load(right)
    const r1 = v128.load(right, 16)
    const r2 = v128.load(right, 32)
    const r3 = v128.load(right, 48)
    let l = v128.load32_splat(left)
    a0 = fma(l, r0, a0)
    a1 = fma(l, r1, a1)
    a2 = fma(l, r2, a2)
    a3 = fma(l, r3, a3)
    l = v128.load32_splat(left, 4)
    b0 = fma(l, r0, b0)
    b1 = fma(l, r1, b1)
    b2 = fma(l, r2, b2)
    b3 = fma(l, r3, b3)
    l = v128.load32_splat(left, 8)
    c0 = fma(l, r0, c0)
    c1 = fma(l, r1, c1)
    c2 = fma(l, r2, c2)
    c3 = fma(l, r3, c3)
    l = v128.load32_splat(left, 12)
    d0 = fma(l, r0, d0)
    d1 = fma(l, r1, d1)
    d2 = fma(l, r2, d2)
    d3 = fma(l, r3, d3)
    l = v128.load32_splat(left, 16)
    e0 = fma(l, r0, e0)
    e1 = fma(l, r1, e1)
    e2 = fma(l, r2, e2)
    e3 = fma(l, r3, e3)
    l = v128.load32_splat(left, 20)
    f0 = fma(l, r0, f0)
    f1 = fma(l, r1, f1)
    f2 = fma(l, r2, f2)
    f3 = fma(l, r3, f3)
    left += leftStep
    right += rightStep
  }
  v128.store(out0, a0)
  v128.store(out0, a1, 16)
  v128.store(out0, a2, 32)
  v128.store(out0, a3, 48)
  v128.store(out1, b0)
  v128.store(out1, b1, 16)
  v128.store(out1, b2, 32)
  v128.store(out1, b3, 48)
  v128.store(out2, c0)
  v128.store(out2, c1, 16)
  v128.store(out2, c2, 32)
  v128.store(out2, c3, 48)
  v128.store(out3, d0)
  v128.store(out3, d1, 16)
  v128.store(out3, d2, 32)
  v128.store(out3, d3, 48)
  v128.store(out4, e0)
  v128.store(out4, e1, 16)
  v128.store(out4, e2, 32)
  v128.store(out4, e3, 48)
  v128.store(out5, f0)
  v128.store(out5, f1, 16)
  v128.store(out5, f2, 32)
  v128.store(out5, f3, 48)
}
