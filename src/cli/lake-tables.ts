import type { QueryResult, TableVersion } from '../pipeline/lake-queries.ts'
import { printable, showTime } from './registry-text.ts'
import { type Cell, renderTable } from './table.ts'

export function queryText({ columns, rows, truncated }: QueryResult): string {
  const table = renderTable(
    columns.map((name) => printable(name)),
    rows.map((row) => row.map(cell)),
  )
  return truncated ? `${table}\nThere are more rows: see --limit.` : table
}

/** Other people's words may not drive the terminal; lists and structures are shown as JSON. */
function cell(value: unknown): Cell {
  if (value === null || value === undefined || typeof value === 'number' || typeof value === 'boolean') {
    return value as Cell
  }
  return printable(typeof value === 'string' ? value : JSON.stringify(value))
}

export function tableHistoryTable(versions: readonly TableVersion[]): string {
  return renderTable(
    ['version', 'at (UTC)', 'operation', 'files added', 'files removed', 'rows added'],
    versions.map(({ version, at, operation, filesAdded, filesRemoved, rowsAdded }) => {
      return [version, showTime(at), printable(operation), filesAdded, filesRemoved, rowsAdded]
    }),
  )
}
