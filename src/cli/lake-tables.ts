import { printable, showTime } from './registry-text.ts'
import { type Cell, renderTable } from './table.ts'

interface Rows {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly unknown[])[]
  readonly truncated: boolean
}

export function queryText({ columns, rows, truncated }: Rows): string {
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

interface Version {
  readonly version: number
  readonly at: string | null
  readonly operation: string
  readonly filesAdded: number
  readonly filesRemoved: number
  readonly rowsAdded: number | null
}

export function tableHistoryTable(versions: readonly Version[]): string {
  return renderTable(
    ['version', 'at (UTC)', 'operation', 'files added', 'files removed', 'rows added'],
    versions.map(({ version, at, operation, filesAdded, filesRemoved, rowsAdded }) => {
      return [version, showTime(at), printable(operation), filesAdded, filesRemoved, rowsAdded]
    }),
  )
}
