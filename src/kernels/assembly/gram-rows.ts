import { gram } from './gram'

/**
 * The lower triangle of Σ y·yᵀ over rows [lo, hi), in a slot of its own: the caller adds the slots in their order, so
 * that the sum does not depend on who computed which.
 * @param rows          row-major, `width` floats a row
 * @param width         a multiple of 8
 * @param rowsPerRange  as the job has them
 * @param partials      out, width × width a range, zeroed
 */
export function gram_rows(
  lo: i32, hi: i32, scratch: usize, rows: usize, width: i32, rowsPerRange: i32, partials: usize,
): void {
  const size = <usize>(width * width) << 2
  const slot = partials + <usize>(lo / rowsPerRange) * size
  const depth = max(16, 8192 / width)
  for (let row = lo; row < hi; row += depth) {
    gram(rows + (<usize>row * <usize>width << 2), min(depth, hi - row), width, slot)
  }
}
