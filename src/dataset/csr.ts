import type { Csr } from './types.ts'

/**
 * Compressed sparse rows of the chosen entries, which come in ascending order of their row.
 * @param chosen  1 for an entry to keep
 * @throws RangeError when a row comes after one with a higher number
 */
export function csrFrom(
  shape: { readonly nRows: number; readonly nColumns: number },
  entries: { readonly row: Int32Array; readonly column: Int32Array; readonly value: Float32Array },
  chosen: Uint8Array,
): Csr {
  const { row, column, value } = entries
  const rowStarts = new Int32Array(shape.nRows + 1)
  let isAscending = true
  for (let entry = 0, last = 0; entry < row.length; entry++) {
    rowStarts[row[entry] + 1] += chosen[entry]
    isAscending &&= row[entry] >= last
    last = row[entry]
  }
  if (!isAscending) throw new RangeError('rows of entries ascend; use transposed for the other order')
  addUp(rowStarts)
  const { columns, values } = makeEntries(rowStarts[shape.nRows])
  for (let entry = 0, place = 0; place < columns.length; entry++) {
    if (chosen[entry] === 0) continue
    columns[place] = column[entry]
    values[place++] = value[entry]
  }
  return { ...shape, rowStarts, columns, values }
}

/** The same entries by column, by counting sort: the rows of a column ascend. */
export function transposed({ nRows, nColumns, rowStarts, columns, values }: Csr): Csr {
  const starts = new Int32Array(nColumns + 1)
  for (let entry = 0; entry < columns.length; entry++) starts[columns[entry] + 1]++
  addUp(starts)
  const next = starts.slice()
  const { columns: rows, values: moved } = makeEntries(columns.length)
  for (let row = 0; row < nRows; row++) {
    const end = rowStarts[row + 1]
    for (let entry = rowStarts[row]; entry < end; entry++) {
      const place = next[columns[entry]]++
      rows[place] = row
      moved[place] = values[entry]
    }
  }
  return { nRows: nColumns, nColumns: nRows, rowStarts: starts, columns: rows, values: moved }
}

/** In memory that threads share, so that they can read entries where they are. */
function makeEntries(nEntries: number) {
  return {
    columns: new Int32Array(new SharedArrayBuffer(4 * nEntries)),
    values: new Float32Array(new SharedArrayBuffer(4 * nEntries)),
  }
}

/** Counts, each at the place after its own, become starts. */
function addUp(counts: Int32Array): void {
  for (let index = 1; index < counts.length; index++) counts[index] += counts[index - 1]
}
