import { multiplyTile, packColumns } from './gemm'

/**
 * The lower triangle of Σ y·yᵀ over rows [lo, hi), in a slot of its own: the caller adds the slots in their order, so
 * that the sum does not depend on who computed which. A few entries above the diagonal are written too.
 * @param scratch       `gramRowsScratchBytes(width)` of `src/kernels/scratch.ts`
 * @param rows          row-major, `width` floats a row
 * @param width         a multiple of 8
 * @param rowsPerRange  as the job has them
 * @param partials      out, width × width a range, zeroed
 */
export function gram_rows(
  lo: i32, hi: i32, scratch: usize, rows: usize, width: i32, rowsPerRange: i32, partials: usize,
): void {
  const slot = partials + <usize>(lo / rowsPerRange) * (<usize>(width * width) << 2)
  const most = gramDepth(width)
  for (let row = lo; row < hi; row += most) {
    addRows(rows + (<usize>row * <usize>width << 2), min(most, hi - row), scratch, width, slot)
  }
}

/** Rows packed at a time: half a megabyte of them, for the second-level cache. */
// @ts-ignore: decorator
@inline
function gramDepth(width: i32): i32 {
  return max(64, min(256, (1 << 17) / width))
}

function addRows(rows: usize, depth: i32, scratch: usize, width: i32, out: usize): void {
  const pitch = <usize>width << 2
  const panelBytes = <usize>depth << 5
  for (let column: usize = 0; column < pitch; column += 32) {
    packColumns(scratch + (column >> 5) * panelBytes, rows + column, pitch, depth, 8)
  }
  let right = scratch
  for (let column = 0; column < width; column += 8, right += panelBytes) {
    let place = out + <usize>column * pitch + (<usize>column << 2)
    let left = right
    for (let row = column; row < width; row += 8, left += panelBytes, place += 8 * pitch) {
      multiplyTile(place, pitch, left, 32, right, depth)
      multiplyTile(place + 4 * pitch, pitch, left + 16, 32, right, depth)
    }
  }
}
