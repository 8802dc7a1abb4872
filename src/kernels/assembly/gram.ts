import { tile4x16, tile4x8, tile6x16, tile8x8 } from './register-tiles'

/**
 * Blocked symmetric rank-k update: the lower triangle of gram += panelᵀ·panel, tile by tile while the panel streams by;
 * tiles on the diagonal also write a few entries above it, which nobody reads.
 * @param panel   row-major, nRows × width
 * @param stride  floats from row to row of the panel; best not a power of two, so that a column lies in many sets of the cache
 * @param width   a multiple of 8
 * @param gram    row-major, width × width
 */
export function gram(panel: usize, stride: i32, nRows: i32, width: i32, gram: usize): void {
  const step = <usize>stride << 2
  if (EIGHT_LANES) {
    for (let column = 0; column < width; column += 16) gramColumns(panel, step, nRows, width, gram, column)
    return
  }
  const pitch = <usize>width << 2
  for (let column = 0; column < width; column += 8) {
    const right = panel + (<usize>column << 2)
    for (let row = column; row < width; row += 4) {
      const out = gram + <usize>row * pitch + (<usize>column << 2)
      tile4x8(out, pitch, panel + (<usize>row << 2), step, right, step, nRows)
    }
  }
}

/** Sixteen columns, or the last eight: the square on the diagonal, then fours until sixes come out even. */
function gramColumns(panel: usize, step: usize, nRows: i32, width: i32, gram: usize, column: i32): void {
  const pitch = <usize>width << 2
  const right = panel + (<usize>column << 2)
  let left = right
  let out = gram + <usize>column * pitch + (<usize>column << 2)
  tile8x8(out, pitch, left, step, right, step, nRows)
  left += 32
  out += 8 * pitch
  let rest = width - column - 8
  for (; rest % 6 != 0; rest -= 4, left += 16, out += 4 * pitch) tile4x16(out, pitch, left, step, right, step, nRows)
  for (; rest > 0; rest -= 6, left += 24, out += 6 * pitch) tile6x16(out, pitch, left, step, right, step, nRows)
}
