import type { Csr } from './types.ts'

/**
 * Compressed sparse rows of the chosen entries, by counting sort: entries that come in ascending order of their column
 * stay so within a row.
 * @param chosen  1 for an entry to keep
 */
export function csrFrom(
  shape: { readonly nRows: number; readonly nColumns: number },
  entries: { readonly row: Int32Array; readonly column: Int32Array; readonly value: Float32Array },
  chosen: Uint8Array,
): Csr {
  const { row, column, value } = entries
  const rowStarts = countRows(shape.nRows, row, chosen)
  const next = rowStarts.slice()
  const columns = new Int32Array(rowStarts[shape.nRows])
  const values = new Float32Array(rowStarts[shape.nRows])
  for (let entry = 0; entry < row.length; entry++) {
    if (chosen[entry] === 0) continue
    const place = next[row[entry]]++
    columns[place] = column[entry]
    values[place] = value[entry]
  }
  return { ...shape, rowStarts, columns, values }
}

function countRows(nRows: number, row: Int32Array, chosen: Uint8Array): Int32Array {
  const starts = new Int32Array(nRows + 1)
  for (let entry = 0; entry < row.length; entry++) starts[row[entry] + 1] += chosen[entry]
  for (let index = 0; index < nRows; index++) starts[index + 1] += starts[index]
  return starts
}
