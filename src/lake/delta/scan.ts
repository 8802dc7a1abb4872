import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { RecsysError } from '../../errors.ts'
import { type Database, identifier, literal, pathList } from '../duckdb.ts'
import { filePath } from './paths.ts'
import { duckdbType, type StructField } from './schema.ts'
import type { Snapshot } from './snapshot.ts'

/** The name of the column with the path of a row's data file, in scans that ask for it. */
export const fileColumn = '_file'

/** The name of the column with the place of a row in its data file, from 0, in scans that ask for it. */
export const rowColumn = '_row'

export interface ScanOptions {
  /** Only these columns; all of the schema where left out. */
  readonly columns?: readonly string[]
  /** Adds `_file`. */
  readonly withFile?: boolean
  /** Adds `_row`. */
  readonly withRow?: boolean
}

/**
 * A SELECT over the rows of a snapshot with the columns and types of its schema: columns that a file was written
 * without are NULL, partition columns come from the log.
 * @throws RECSYS_LAKE_CORRUPT when a data file is gone, RECSYS_LAKE_FEATURE for a type or value we cannot read
 */
export async function scanSql(
  database: Database,
  snapshot: Snapshot,
  options: ScanOptions = {},
): Promise<string> {
  const fields = snapshot.schema.fields.filter(({ name }) => options.columns?.includes(name) ?? true)
  if (snapshot.files.length === 0) return emptyScan(fields, options)
  const paths = snapshot.files.map((file) => filePath(snapshot.tableDirectory, file.path))
  requireFiles(snapshot, paths)
  const source = `read_parquet(${pathList(paths)}, union_by_name = true, hive_partitioning = false, filename = '${fileColumn}'${options.withRow ? ', file_row_number = true' : ''})`
  const stored = await storedColumns(database, source)
  const partitions = new Set(snapshot.metaData.partitionColumns)
  const columns = fields.map((field) =>
    partitions.has(field.name) ? partitionColumn(field, snapshot) : dataColumn(field, stored),
  )
  if (options.withFile) columns.push(`data.${fileColumn}`)
  if (options.withRow) columns.push(`data.file_row_number AS ${rowColumn}`)
  const from =
    partitions.size === 0 ? `${source} AS data` : `${source} AS data ${partitionJoin(snapshot, paths)}`
  return `SELECT ${columns.join(', ')} FROM ${from}`
}

function requireFiles(snapshot: Snapshot, paths: readonly string[]): void {
  const missing = paths.find((path) => !existsSync(path))
  if (missing === undefined) return
  const table = basename(snapshot.tableDirectory)
  throw new RecsysError('RECSYS_LAKE_CORRUPT', {
    message: `version ${snapshot.version} of table ${table} names a data file that is gone: ${missing}`,
  })
}

/** Older writers left the zone out of partition values; which one they meant is written nowhere. */
function requireZones(name: string, snapshot: Snapshot): void {
  const local = snapshot.files
    .map((file) => file.partitionValues[name])
    .find((value) => value && !/(Z|[+-]\d\d:?\d\d)$/.test(value))
  if (!local) return
  throw new RecsysError('RECSYS_LAKE_FEATURE', {
    message: `partition column ${name} has the timestamp '${local}' without a zone: only its writer knows the instant`,
  })
}

function emptyScan(fields: readonly StructField[], options: ScanOptions): string {
  const columns = fields.map(({ name, type }) => `CAST(NULL AS ${duckdbType(type)}) AS ${identifier(name)}`)
  if (options.withFile) columns.push(`CAST(NULL AS VARCHAR) AS ${fileColumn}`)
  if (options.withRow) columns.push(`CAST(NULL AS BIGINT) AS ${rowColumn}`)
  return `SELECT ${columns.join(', ')} WHERE false`
}

/** Lower-case names of the columns that occur in any of the files. */
async function storedColumns(database: Database, source: string): Promise<Set<string>> {
  const rows = await database.rows<{ column_name: string }>(`DESCRIBE SELECT * FROM ${source}`)
  return new Set(rows.map((row) => row.column_name.toLowerCase()))
}

function dataColumn({ name, type }: StructField, stored: ReadonlySet<string>): string {
  const value = stored.has(name.toLowerCase()) ? `data.${identifier(name)}` : 'NULL'
  return `CAST(${value} AS ${duckdbType(type)}) AS ${identifier(name)}`
}

/** Partition values are texts in the log; an empty one is NULL. */
function partitionColumn({ name, type }: StructField, snapshot: Snapshot): string {
  if (type === 'timestamp') requireZones(name, snapshot)
  const text = `nullif(part.${identifier(name)}, '')`
  const value = type === 'binary' ? `encode(${text})` : `CAST(${text} AS ${duckdbType(type)})`
  return `${value} AS ${identifier(name)}`
}

function partitionJoin(snapshot: Snapshot, paths: readonly string[]): string {
  const names = snapshot.metaData.partitionColumns
  const rows = snapshot.files.map((file, index) => {
    const values = names.map((name) => sqlText(file.partitionValues[name]))
    return `(${[literal(paths[index]!), ...values].join(', ')})`
  })
  const columns = ['_path', ...names].map(identifier).join(', ')
  return `JOIN (VALUES ${rows.join(', ')}) AS part(${columns}) ON part._path = data.${fileColumn}`
}

function sqlText(text: string | null | undefined): string {
  return text === null || text === undefined ? 'CAST(NULL AS VARCHAR)' : literal(text)
}
