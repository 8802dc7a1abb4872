import { randomUUID } from 'node:crypto'
import { renameSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Action, AddFile, CommitInfo, FileStatistics, Transaction } from './delta/actions.ts'
import { commit } from './delta/commit.ts'
import { listLog } from './delta/log.ts'
import { encodePath } from './delta/paths.ts'
import { checkWritable } from './delta/protocol.ts'
import type { StructType } from './delta/schema.ts'
import { latestVersion, readSnapshot, type Snapshot } from './delta/snapshot.ts'
import { checkpointInterval, writeCheckpoint } from './delta/write-checkpoint.ts'
import { type Database, identifier, literal, pathLiteral } from './duckdb.ts'
import { createDirectory, syncDirectory, syncFile } from './durable-file.ts'
import { verifyDataFile } from './verify-data-file.ts'

/** A data file that is finished and on the disk, but in no version of the table yet. */
export type DataFile = AddFile

export interface TableChange {
  readonly schema: StructType
  readonly add: readonly DataFile[]
  /** Paths of live files that are no longer part of the table; 'all' replaces the whole content. */
  readonly remove: 'all' | readonly string[]
  readonly configuration?: Readonly<Record<string, string>>
  /** False: the same rows in other files. Default: true */
  readonly dataChange?: boolean
  /** How far a source has come with this change. */
  readonly transaction?: Transaction
  readonly operation: string
  readonly metrics?: Readonly<Record<string, number>>
}

/**
 * Writes the rows of a SELECT as one Parquet file of a table: in the staging directory, fsynced, then renamed into the
 * table. Nobody reads it before a commit names it. Format: data pages v1, Snappy, which every reader knows.
 */
export async function writeDataFile(
  database: Database,
  tableDirectory: string,
  stagingDirectory: string,
  select: string,
  schema: StructType,
): Promise<DataFile> {
  const name = `part-00000-${randomUUID()}-c000.snappy.parquet`
  const staged = join(stagingDirectory, name)
  await database.run(
    `COPY (${select}) TO ${literal(staged)} (FORMAT parquet, COMPRESSION snappy, PARQUET_VERSION v1, ROW_GROUP_SIZE 122880)`,
  )
  const stats = await fileStatistics(database, staged, schema)
  await verifyDataFile(staged, stats.numRecords, schema)
  syncFile(staged)
  createDirectory(tableDirectory)
  renameSync(staged, join(tableDirectory, name))
  syncDirectory(tableDirectory)
  const { size, mtimeMs } = statSync(join(tableDirectory, name))
  return {
    path: encodePath(name),
    partitionValues: {},
    size,
    modificationTime: Math.floor(mtimeMs),
    dataChange: true,
    stats: JSON.stringify(stats),
  }
}

/**
 * Commits a change as the next version of a table and writes a checkpoint where one is due.
 * @param expected  the version the change was made against, -1 for a new table; the latest where left out
 * @throws RECSYS_LAKE_CONFLICT when another writer has committed since
 */
export async function commitChange(
  database: Database,
  tableDirectory: string,
  change: TableChange,
  expected?: number,
): Promise<number> {
  const previous = expected ?? latestVersion(listLog(tableDirectory)) ?? -1
  const snapshot = previous < 0 ? undefined : await readSnapshot(database, tableDirectory, previous)
  if (snapshot) checkWritable(snapshot.protocol, basename(tableDirectory))
  const version = previous + 1
  commit(tableDirectory, version, changeActions(snapshot, change, basename(tableDirectory), Date.now()))
  if (version > 0 && version % checkpointInterval === 0)
    await tryCheckpoint(database, tableDirectory, version)
  return version
}

/** The commit stands, and readers do without a checkpoint: a full disk must not turn success into failure here. */
async function tryCheckpoint(database: Database, tableDirectory: string, version: number): Promise<boolean> {
  try {
    await writeCheckpoint(database, await readSnapshot(database, tableDirectory, version))
    return true
  } catch (error) {
    if (error instanceof Error) return false
    throw error
  }
}

function changeActions(
  snapshot: Snapshot | undefined,
  change: TableChange,
  name: string,
  now: number,
): Action[] {
  const files = snapshot?.files ?? []
  const { dataChange = true } = change
  const removed = change.remove === 'all' ? files : files.filter(({ path }) => change.remove.includes(path))
  return [
    { commitInfo: commitInfo(change, now) },
    ...(snapshot ? [] : [{ protocol: { minReaderVersion: 1, minWriterVersion: 2 } }]),
    { metaData: metaData(snapshot, change, name, now) },
    ...removed.map(({ path, size }) => ({
      remove: {
        path,
        deletionTimestamp: now,
        dataChange,
        extendedFileMetadata: true,
        partitionValues: {},
        size,
      },
    })),
    ...change.add.map((add) => ({ add: { ...add, dataChange } })),
    ...(change.transaction ? [{ txn: change.transaction }] : []),
  ]
}

function metaData(snapshot: Snapshot | undefined, change: TableChange, name: string, now: number) {
  return {
    id: snapshot?.metaData.id ?? randomUUID(),
    name,
    format: { provider: 'parquet', options: {} },
    schemaString: JSON.stringify(change.schema),
    partitionColumns: [],
    configuration: { ...snapshot?.metaData.configuration, ...change.configuration },
    createdTime: snapshot?.metaData.createdTime ?? now,
  }
}

function commitInfo({ operation, metrics = {} }: TableChange, timestamp: number): CommitInfo {
  const operationMetrics = Object.fromEntries(
    Object.entries(metrics).map(([key, value]) => [key, String(value)]),
  )
  return { timestamp, operation, operationParameters: {}, operationMetrics, engineInfo: 'recsys' }
}

/** Counts and bounds of a file's columns, read back from the file itself; a list has only its count of NULLs. */
async function fileStatistics(database: Database, path: string, schema: StructType): Promise<FileStatistics> {
  const bounded = schema.fields.filter((field) => typeof field.type === 'string')
  const value = (name: string, type: unknown) =>
    type === 'timestamp' ? `strftime(${name}, '%Y-%m-%dT%H:%M:%S.%gZ')` : name
  const bounds = (aggregate: string) =>
    `to_json({${bounded.map(({ name, type }) => `${literal(name)}: ${value(`${aggregate}(${identifier(name)})`, type)}`).join(', ')}})`
  const nulls = schema.fields.map(({ name }) => `${literal(name)}: count(*) - count(${identifier(name)})`)
  const [row] = await database.rows<{ n: number; low: string; high: string; nulls: string }>(
    `SELECT count(*) AS n, ${bounds('min')} AS low, ${bounds('max')} AS high, to_json({${nulls.join(', ')}}) AS nulls FROM read_parquet(${pathLiteral(path)})`,
  )
  return {
    numRecords: row!.n,
    minValues: known(row!.low),
    maxValues: known(row!.high),
    nullCount: JSON.parse(row!.nulls) as Record<string, number>,
  }
}

/** Bounds of a column of NULLs are unknown, and unknown ones are left out. */
function known(json: string): Record<string, string | number> {
  const bounds = JSON.parse(json) as Record<string, string | number | null>
  return Object.fromEntries(Object.entries(bounds).filter(([, bound]) => bound !== null)) as Record<
    string,
    string | number
  >
}
