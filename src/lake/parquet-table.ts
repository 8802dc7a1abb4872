import { openDatabase, pathLiteral } from './duckdb.ts'

type Cell = string | number | boolean | null

export interface ParquetTable {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
}

/** The first rows of any Parquet file; nested values as JSON. @throws an error of DuckDB when the file is none */
export async function readParquetTable(path: string, mostRows: number): Promise<ParquetTable> {
  using database = await openDatabase()
  const from = `FROM read_parquet(${pathLiteral(path)})`
  const described = await database.rows<{ column_name: string }>(`DESCRIBE SELECT * ${from}`)
  const columns = described.map(({ column_name }) => column_name)
  const rows = await database.rows<Record<string, unknown>>(`SELECT * ${from} LIMIT ${mostRows}`)
  return { columns, rows: rows.map((row) => columns.map((column) => cellOf(row[column]))) }
}

function cellOf(value: unknown): Cell {
  const plain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
  return plain || value === null ? value : JSON.stringify(value)
}
