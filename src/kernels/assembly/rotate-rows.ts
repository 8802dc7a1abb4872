import { depthBlock, multiplyPanel, packColumns, packRows, panelColumns, rowBlock } from './gemm'

/**
 * Each row in [lo, hi) times a square matrix, in place.
 * @param scratch  `rotateScratchBytes(width)` of `src/kernels/scratch.ts`
 * @param rows     row-major, `width` floats a row
 * @param matrix   row-major, width × width
 */
export function rotate_rows(lo: i32, hi: i32, scratch: usize, rows: usize, width: i32, matrix: usize): void {
  for (let row = lo; row < hi; row += rowBlock) {
    rotateBlock(rows + (<usize>row * <usize>width << 2), min(rowBlock, hi - row), scratch, width, matrix)
  }
}

function rotateBlock(rows: usize, nRows: i32, scratch: usize, width: i32, matrix: usize): void {
  const pitch = <usize>width << 2
  const packed = scratch + (<usize>(panelColumns * (depthBlock + 4)) << 2)
  const padded = <usize>(nRows + 3) & ~3
  for (let at = 0; at < width; at += depthBlock) {
    const depth = min(depthBlock, width - at)
    packRows(packed + (padded * <usize>at << 2), rows + (<usize>at << 2), pitch, nRows, depth)
  }
  memory.fill(rows, 0, <usize>nRows * pitch)
  for (let at = 0; at < width; at += depthBlock) {
    const depth = min(depthBlock, width - at)
    for (let column = 0; column < width; column += panelColumns) {
      const nColumns = min(panelColumns, width - column)
      packColumns(scratch, matrix + <usize>at * pitch + (<usize>column << 2), pitch, depth, nColumns)
      multiplyPanel(rows + (<usize>column << 2), pitch, packed + (padded * <usize>at << 2), scratch, depth, nRows, nColumns)
    }
  }
}
