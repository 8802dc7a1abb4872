import type { Database } from '../duckdb.ts'
import { tableDirectory, tableSchemas } from '../tables.ts'
import type { TableName } from '../types.ts'
import { type DataFile, writeDataFile } from '../write-table.ts'

/** What an import does with tables that exist. */
export type ImportMode = 'create' | 'append' | 'overwrite'

/** What every step of a publication knows. */
export interface PublishContext {
  readonly database: Database
  readonly dataDir: string
  readonly stagingDirectory: string
  readonly mode: ImportMode
  readonly signal?: AbortSignal | undefined
  onPhase(text: string): void
}

/** Writes the rows of a SELECT as a data file of one of the tables. */
export function writeRows(context: PublishContext, table: TableName, select: string): Promise<DataFile> {
  const { database, dataDir, stagingDirectory } = context
  return writeDataFile(
    database,
    tableDirectory(dataDir, table),
    stagingDirectory,
    select,
    tableSchemas[table],
  )
}
