/**
 * The mean of the chosen rows, by default of all; zeros when there is none.
 * @param rows  row-major, `width` floats a row
 */
export function averageRow(
  rows: Float32Array,
  width: number,
  chosen: (row: number) => boolean = () => true,
): Float32Array {
  const sums = new Float64Array(width)
  let n = 0
  for (let row = 0; row * width < rows.length; row++) {
    if (!chosen(row)) continue
    n++
    for (let f = 0; f < width; f++) sums[f] += rows[row * width + f]
  }
  return Float32Array.from(sums, (sum) => (n > 0 ? sum / n : 0))
}
