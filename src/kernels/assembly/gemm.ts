import { tile4x16, tile4x8 } from './register-tiles'

/** Depth of one packed block: a panel of 8 columns of it is 8 kB, four rows of it are 4 kB. */
export const depthBlock: i32 = 256
/** Rows packed at a time: each panel of columns serves 16 tiles. */
export const rowBlock: i32 = 64
/** Columns of a packed panel and of a tile of results. */
export const panelColumns: i32 = EIGHT_LANES ? 16 : 8
const panelStep: usize = EIGHT_LANES ? 64 : 32

/**
 * C += A·B in single precision. Rows and columns are packed into scratch, where a tile of 4 rows of results finds its operands
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
      for (let column = 0; column < n; column += panelColumns) {
        const nColumns = min(panelColumns, n - column)
        if (isTransposed) packTransposed(panel, b + <usize>column * pitchB + (<usize>at << 2), pitchB, depth, nColumns, panelColumns)
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

/** A panel of columns of a row-major matrix, step by step; what is missing is zero. */
export function packColumns(out: usize, columns: usize, pitch: usize, depth: i32, nColumns: i32): void {
  const last = out + <usize>depth * panelStep
  for (; out < last; out += panelStep, columns += pitch) {
    if (nColumns == panelColumns) {
      v128.store(out, v128.load(columns))
      v128.store(out, v128.load(columns, 16), 16)
      if (EIGHT_LANES) {
        v128.store(out, v128.load(columns, 32), 32)
        v128.store(out, v128.load(columns, 48), 48)
      }
    } else {
      memory.fill(out, 0, panelStep)
      for (let j: usize = 0; j < <usize>nColumns << 2; j += 4) store<f32>(out + j, load<f32>(columns + j))
    }
  }
}

/** Up to `width` rows as a panel of as many columns, step by step; what is missing is zero. @param width  a multiple of 4 */
export function packTransposed(out: usize, rows: usize, pitch: usize, depth: i32, nRows: i32, width: i32): void {
  const step = <usize>width << 2
  if (nRows == width) {
    for (let r: usize = 0; r < step; r += 16) interleaveFour(out + r, rows + (r >> 2) * pitch, pitch, depth, step)
    return
  }
  memory.fill(out, 0, <usize>depth * step)
  for (let r = 0; r < nRows; r++) scatter(out + (<usize>r << 2), rows + <usize>r * pitch, depth, step)
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

/** out += the product of packed rows with one packed panel of up to `panelColumns` columns. */
export function multiplyPanel(
  out: usize, pitch: usize, rows: usize, panel: usize, depth: i32, nRows: i32, nColumns: i32,
): void {
  for (let row = 0; row < nRows; row += 4) {
    if (row + 4 <= nRows && nColumns == panelColumns) panelTile(out, pitch, rows, 16, panel, depth)
    else multiplyEdge(out, pitch, rows, panel, depth, min(4, nRows - row), nColumns)
    out += 4 * pitch
    rows += <usize>depth << 4
  }
}

/** Four rows of one panel. @param leftStep  bytes from one four of `left` to the next */
export function panelTile(out: usize, pitch: usize, left: usize, leftStep: usize, panel: usize, depth: i32): void {
  if (EIGHT_LANES) tile4x16(out, pitch, left, leftStep, panel, panelStep, depth)
  else tile4x8(out, pitch, left, leftStep, panel, panelStep, depth)
}

/** A tile that is cut off: computed whole in the floats behind the panel, from what is there and for where there is room. */
function multiplyEdge(
  out: usize, pitch: usize, rows: usize, panel: usize, depth: i32, nRows: i32, nColumns: i32,
): void {
  const tile = panel + <usize>depthBlock * panelStep
  const bytes = <usize>nColumns << 2
  memory.fill(tile, 0, 4 * panelStep)
  for (let row: usize = 0; row < <usize>nRows; row++) memory.copy(tile + row * panelStep, out + row * pitch, bytes)
  panelTile(tile, panelStep, rows, 16, panel, depth)
  for (let row: usize = 0; row < <usize>nRows; row++) memory.copy(out + row * pitch, tile + row * panelStep, bytes)
}
