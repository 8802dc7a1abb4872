import Table from 'cli-table3'

export type Cell = string | number | boolean | null | undefined

/** A table for people: first row the names, numbers right-aligned, `-` for what is missing. */
export function renderTable(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const numeric = columns.map((_, column) => rows.some((row) => typeof row[column] === 'number'))
  const table = new Table({
    head: [...columns],
    colAligns: numeric.map((right) => (right ? 'right' : 'left')),
    style: { head: [], border: [], compact: true },
  })
  for (const row of rows) table.push(row.map(formatCell))
  return table.toString()
}

/** Integers in full with separators, other numbers to four decimals. */
export function formatCell(cell: Cell): string {
  if (cell === undefined || cell === null || cell === '') return '-'
  if (typeof cell !== 'number') return String(cell)
  if (!Number.isFinite(cell)) return '-'
  return Number.isInteger(cell) ? cell.toLocaleString('en-US') : cell.toFixed(4)
}
