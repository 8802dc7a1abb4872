import { fma } from './simd'

/**
 * Blocked symmetric rank-k update: the lower triangle of gram += panelᵀ·panel. A tile of 4 × 8 results stays in eight
 * registers while the panel streams by; tiles on the diagonal also write a few entries above it, which nobody reads.
 * @param panel  row-major, nRows × width
 * @param gram   row-major, width × width
 * @param width  a multiple of 8
 */
export function gram(panel: usize, nRows: i32, width: i32, gram: usize): void {
  for (let column = 0; column < width; column += 8) {
    for (let row = column; row < width; row += 4) gramTile(panel, nRows, width, gram, row, column)
  }
}

function gramTile(panel: usize, nRows: i32, width: i32, gram: usize, row: i32, column: i32): void {
  const stride = <usize>width << 2
  const out0 = gram + <usize>row * stride + (<usize>column << 2)
  const out1 = out0 + stride
  const out2 = out1 + stride
  const out3 = out2 + stride
  let a0 = v128.load(out0)
  let a1 = v128.load(out0, 16)
  let b0 = v128.load(out1)
  let b1 = v128.load(out1, 16)
  let c0 = v128.load(out2)
  let c1 = v128.load(out2, 16)
  let d0 = v128.load(out3)
  let d1 = v128.load(out3, 16)
  let left = panel + (<usize>row << 2)
  let right = panel + (<usize>column << 2)
  for (let n = 0; n < nRows; n++) {
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
    left += stride
    right += stride
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
