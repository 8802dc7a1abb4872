import { fma } from './simd'

/** Depth of one packed block: a panel of 8 columns of it is 8 kB, four rows of it are 4 kB. */
export const depthBlock: i32 = 256
/** Rows packed at a time: each panel of columns serves 16 tiles. */
export const rowBlock: i32 = 64

/**
 * C += A·B in single precision. Rows and columns are packed into scratch, where a tile of 4 × 8 results finds its operands
 * one after the other (Goto & van de Geijn 2008), whatever the strides.
 * @param m, n, k  C is m × n, A m × k, B k × n
 * @param strideA  floats from row to row, as `strideB` and `strideC`
 * @param scratch  `gemmScratchBytes` of `src/kernels/scratch.ts`
 */
export function gemm(
  m: i32, n: i32, k: i32, a: usize, strideA: i32, b: usize, strideB: i32, c: usize, strideC: i32, scratch: usize,
): void {
  multiply(m, n, k, a, strideA, b, strideB, c, strideC, scratch, false)
}

/** C += A·Bᵀ where B is n × k, row-major; otherwise as `gemm`. */
export function gemm_transposed(
  m: i32, n: i32, k: i32, a: usize, strideA: i32, b: usize, strideB: i32, c: usize, strideC: i32, scratch: usize,
): void {
  multiply(m, n, k, a, strideA, b, strideB, c, strideC, scratch, true)
}

function multiply(
  m: i32, n: i32, k: i32, a: usize, strideA: i32, b: usize, strideB: i32, c: usize, strideC: i32, scratch: usize,
  isTransposed: bool,
): void {
  const pitchA = <usize>strideA << 2
  const pitchB = <usize>strideB << 2
  const pitchC = <usize>strideC << 2
  const panel = scratch + (<usize>(rowBlock * depthBlock) << 2)
  for (let at = 0; at < k; at += depthBlock) {
    const depth = min(depthBlock, k - at)
    for (let row = 0; row < m; row += rowBlock) {
      const nRows = min(rowBlock, m - row)
      packRows(scratch, a + <usize>row * pitchA + (<usize>at << 2), pitchA, nRows, depth)
      for (let column = 0; column < n; column += 8) {
        const nColumns = min(8, n - column)
        if (isTransposed) packTransposed(panel, b + <usize>column * pitchB + (<usize>at << 2), pitchB, depth, nColumns)
        else packColumns(panel, b + <usize>at * pitchB + (<usize>column << 2), pitchB, depth, nColumns)
        multiplyPanel(c + <usize>row * pitchC + (<usize>column << 2), pitchC, scratch, panel, depth, nRows, nColumns)
      }
    }
  }
}

/** Four rows each as depth × 4, one group after the other; what is missing of the last group is zero. */
export function packRows(out: usize, rows: usize, pitch: usize, nRows: i32, depth: i32): void {
  for (let row = 0; row < nRows; row += 4) {
    const count = min(4, nRows - row)
    if (count < 4) memory.fill(out, 0, <usize>depth << 4)
    if (count < 4) for (let r = 0; r < count; r++) scatter(out + (<usize>r << 2), rows + <usize>r * pitch, depth, 16)
    else interleaveFour(out, rows, pitch, depth, 16)
    out += <usize>depth << 4
    rows += 4 * pitch
  }
}

/** Eight columns of a row-major matrix as depth × 8; what is missing is zero. */
export function packColumns(out: usize, columns: usize, pitch: usize, depth: i32, nColumns: i32): void {
  const last = out + (<usize>depth << 5)
  for (; out < last; out += 32, columns += pitch) {
    if (nColumns == 8) {
      v128.store(out, v128.load(columns))
      v128.store(out, v128.load(columns, 16), 16)
    } else {
      memory.fill(out, 0, 32)
      for (let j: usize = 0; j < <usize>nColumns << 2; j += 4) store<f32>(out + j, load<f32>(columns + j))
    }
  }
}

/** Eight rows as depth × 8; what is missing is zero. */
export function packTransposed(out: usize, rows: usize, pitch: usize, depth: i32, nRows: i32): void {
  if (nRows == 8) {
    interleaveFour(out, rows, pitch, depth, 32)
    interleaveFour(out + 16, rows + 4 * pitch, pitch, depth, 32)
    return
  }
  memory.fill(out, 0, <usize>depth << 5)
  for (let r = 0; r < nRows; r++) scatter(out + (<usize>r << 2), rows + <usize>r * pitch, depth, 32)
}

function interleaveFour(out: usize, row: usize, pitch: usize, depth: i32, step: usize): void {
  const whole = row + (<usize>(depth & ~3) << 2)
  const end = row + (<usize>depth << 2)
  for (; row < whole; row += 16, out += 4 * step) {
    const a = v128.load(row)
    const b = v128.load(row + pitch)
    const c = v128.load(row + 2 * pitch)
    const d = v128.load(row + 3 * pitch)
    const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5)
    const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5)
    const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7)
    const cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7)
    v128.store(out, v128.shuffle<f32>(ab, cd, 0, 1, 4, 5))
    v128.store(out + step, v128.shuffle<f32>(ab, cd, 2, 3, 6, 7))
    v128.store(out + 2 * step, v128.shuffle<f32>(abHigh, cdHigh, 0, 1, 4, 5))
    v128.store(out + 3 * step, v128.shuffle<f32>(abHigh, cdHigh, 2, 3, 6, 7))
  }
  for (; row < end; row += 4, out += step) {
    store<f32>(out, load<f32>(row))
    store<f32>(out, load<f32>(row + pitch), 4)
    store<f32>(out, load<f32>(row + 2 * pitch), 8)
    store<f32>(out, load<f32>(row + 3 * pitch), 12)
  }
}

function scatter(out: usize, row: usize, depth: i32, step: usize): void {
  const end = row + (<usize>depth << 2)
  for (; row < end; row += 4, out += step) store<f32>(out, load<f32>(row))
}

/** out += the product of packed rows with one packed panel of up to eight columns. */
export function multiplyPanel(
  out: usize, pitch: usize, rows: usize, panel: usize, depth: i32, nRows: i32, nColumns: i32,
): void {
  for (let row = 0; row < nRows; row += 4) {
    if (row + 4 <= nRows && nColumns == 8) multiplyTile(out, pitch, rows, 16, panel, depth)
    else multiplyEdge(out, pitch, rows, panel, depth, min(4, nRows - row), nColumns)
    out += 4 * pitch
    rows += <usize>depth << 4
  }
}

/** A tile of 4 × 8. @param step  bytes from one four of `left` to the next; those of `right` follow each other */
export function multiplyTile(out0: usize, pitch: usize, left: usize, step: usize, right: usize, depth: i32): void {
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
  const last = right + (<usize>depth << 5)
  for (; right < last; left += step, right += 32) {
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

/** A tile that is cut off: computed whole in the 32 floats behind the panel, then added where there is room. */
function multiplyEdge(
  out: usize, pitch: usize, rows: usize, panel: usize, depth: i32, nRows: i32, nColumns: i32,
): void {
  const tile = panel + (<usize>depthBlock << 5)
  memory.fill(tile, 0, 128)
  multiplyTile(tile, 32, rows, 16, panel, depth)
  for (let row = 0; row < nRows; row++) {
    for (let column = 0; column < nColumns; column++) {
      const place = out + <usize>row * pitch + (<usize>column << 2)
      store<f32>(place, load<f32>(place) + load<f32>(tile + (<usize>row << 5) + (<usize>column << 2)))
    }
  }
}
