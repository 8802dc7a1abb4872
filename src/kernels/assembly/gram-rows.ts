import { packColumns, panelColumns } from './gemm'
import { tile4x16, tile4x8, tile8x8 } from './register-tiles'

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
  const panelBytes = <usize>(depth * panelColumns) << 2
  for (let column = 0; column < width; column += panelColumns) {
    const panel = scratch + <usize>(column / panelColumns) * panelBytes
    packColumns(panel, rows + (<usize>column << 2), pitch, depth, min(panelColumns, width - column))
  }
  let right = scratch
  for (let column = 0; column < width; column += panelColumns, right += panelBytes) {
    const place = out + <usize>column * pitch + (<usize>column << 2)
    if (EIGHT_LANES) addColumns16(place, pitch, right, depth, width - column)
    else addColumns8(place, pitch, right, depth, width - column)
  }
}

/** The rows of `nRows` columns from the diagonal on, of which the panel at `right` holds the first. */
function addColumns8(place: usize, pitch: usize, right: usize, depth: i32, nRows: i32): void {
  let left = right
  for (let row = 0; row < nRows; row += 8, left += <usize>depth << 5, place += 8 * pitch) {
    tile4x8(place, pitch, left, 32, right, 32, depth)
    tile4x8(place + 4 * pitch, pitch, left + 16, 32, right, 32, depth)
  }
}

/** As `addColumns8`; of a panel that is cut off only the square on the diagonal is left to do. */
function addColumns16(place: usize, pitch: usize, right: usize, depth: i32, nRows: i32): void {
  tile8x8(place, pitch, right, 64, right, 64, depth)
  let left = right + 32
  place += 8 * pitch
  for (let row = 8; row < nRows; row += 4, left += 16, place += 4 * pitch) {
    if (row % 16 == 0) left += (<usize>(depth - 1)) << 6
    tile4x16(place, pitch, left, 64, right, 64, depth)
  }
}
