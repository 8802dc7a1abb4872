import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { RecsysError } from '../errors.ts'
import type { AddFile } from './delta/actions.ts'
import { canonicalPath, encodePath } from './delta/paths.ts'
import { scanSql } from './delta/scan.ts'
import { readSnapshot, type Snapshot } from './delta/snapshot.ts'
import { type Database, openDatabase } from './duckdb.ts'
import { syncDirectory } from './durable-file.ts'
import { type LakeTable, lakeTables } from './query-tables.ts'
import { withStaging } from './staging.ts'
import { companionVersion, lakeDirectory } from './tables.ts'
import { commitChange, writeDataFile } from './write-table.ts'

export interface Optimized {
  /** Of the table, after it. */
  readonly version: number
  readonly filesBefore: number
  readonly filesAfter: number
  readonly rows: number
}

/** Files at least this large are left as they are. */
const largeBytes = 64 * 2 ** 20
/** A writer that was faster makes us look again. */
const maxAttempts = 5

/**
 * Merges the small files of the table `events`, which every flush adds one to, into one. The rows stay the same, so the
 * commit says that no data has changed; the old files stay for readers of older versions until `vacuumTable`.
 * @throws RECSYS_LAKE_MISSING, RECSYS_LAKE_CONFLICT when other writers were faster five times in a row
 */
export async function optimizeEvents(dataDir: string): Promise<Optimized> {
  using database = await openDatabase()
  for (let attempt = 1; ; attempt++) {
    try {
      return await mergeSmallFiles(database, dataDir, join(lakeDirectory(dataDir), 'events'))
    } catch (error) {
      const lost = error instanceof RecsysError && error.code === 'RECSYS_LAKE_CONFLICT'
      if (!lost || attempt === maxAttempts) throw error
    }
  }
}

async function mergeSmallFiles(database: Database, dataDir: string, directory: string): Promise<Optimized> {
  const snapshot = await readSnapshot(database, directory)
  const { version, files, schema } = snapshot
  const small = files.filter(({ size }) => size < largeBytes)
  if (small.length < 2) {
    return { version, filesBefore: files.length, filesAfter: files.length, rows: 0 }
  }
  const select = `${await scanSql(database, { ...snapshot, files: small })} ORDER BY seq`
  const add = await withStaging(dataDir, (staging) =>
    writeDataFile(database, directory, staging, select, schema),
  )
  const change = {
    schema,
    add: [add],
    remove: small.map(({ path }) => path),
    dataChange: false,
    operation: 'OPTIMIZE',
    metrics: { numRemovedFiles: small.length, numAddedFiles: 1 },
  }
  const next = await commitChange(database, directory, change, version)
  const filesAfter = files.length - small.length + 1
  return { version: next, filesBefore: files.length, filesAfter, rows: rowsOf(add) }
}

function rowsOf({ stats }: AddFile): number {
  return stats ? (JSON.parse(stats) as { numRecords: number }).numRecords : 0
}

export interface Vacuumed {
  /** Names in the table's directory. */
  readonly files: readonly string[]
  readonly bytes: number
  /** False: nothing was deleted, these would have been. */
  readonly deleted: boolean
}

/**
 * Deletes data files that the latest version of a table does not have and that were removed, or never became part of it,
 * before the retention. Versions from before that can no longer be read.
 * @param retentionMs  readers and writers that run longer than this may lose files under their hands
 * @param keepVersions  stay readable, however old they are
 * @throws RECSYS_LAKE_MISSING
 */
export async function vacuumTable(
  dataDir: string,
  table: LakeTable,
  retentionMs: number,
  dryRun: boolean,
  keepVersions: readonly number[] = [],
): Promise<Vacuumed> {
  using database = await openDatabase()
  const directory = join(lakeDirectory(dataDir), table)
  const snapshot = await readSnapshot(database, directory)
  const kept = await Promise.all(keepVersions.map((version) => readSnapshot(database, directory, version)))
  const live = [snapshot, ...kept].flatMap(({ files }) => files.map(({ path }) => canonicalPath(path)))
  const files = unusedFiles(directory, snapshot, new Set(live), Date.now() - retentionMs)
  const bytes = files.reduce((sum, name) => sum + statSync(join(directory, name)).size, 0)
  if (!dryRun && files.length > 0) {
    for (const name of files) rmSync(join(directory, name))
    syncDirectory(directory)
  }
  return { files, bytes, deleted: !dryRun }
}

/**
 * Vacuums all tables but keeps what the named versions of `interactions` need, with the items and users that belong to them.
 * A version that can no longer be read anyway is passed over. Without a lake there is nothing to do.
 */
export async function vacuumLake(
  dataDir: string,
  interactionsVersions: readonly number[],
  retentionMs: number,
  dryRun: boolean,
): Promise<readonly ({ readonly table: LakeTable } & Vacuumed)[]> {
  const needed = await neededVersions(dataDir, interactionsVersions)
  const present = lakeTables.filter((table) => existsSync(join(lakeDirectory(dataDir), table, '_delta_log')))
  return Promise.all(
    present.map(async (table) => ({
      table,
      ...(await vacuumTable(dataDir, table, retentionMs, dryRun, [...(needed.get(table) ?? [])])),
    })),
  )
}

async function neededVersions(
  dataDir: string,
  versions: readonly number[],
): Promise<ReadonlyMap<LakeTable, ReadonlySet<number>>> {
  using database = await openDatabase()
  const needed = new Map<LakeTable, Set<number>>()
  const add = (table: LakeTable, version: number | undefined) => {
    if (version !== undefined) needed.set(table, (needed.get(table) ?? new Set()).add(version))
  }
  for (const version of new Set(versions)) {
    const snapshot = await readIfThere(database, join(lakeDirectory(dataDir), 'interactions'), version)
    if (snapshot === undefined) continue
    add('interactions', version)
    add('items', companionVersion(snapshot, 'items'))
    add('users', companionVersion(snapshot, 'users'))
  }
  return needed
}

async function readIfThere(
  database: Database,
  directory: string,
  version: number,
): Promise<Snapshot | undefined> {
  try {
    return await readSnapshot(database, directory, version)
  } catch (error) {
    const isGone =
      error instanceof RecsysError && ['RECSYS_LAKE_VERSION', 'RECSYS_LAKE_MISSING'].includes(error.code)
    if (!isGone) throw error
    return undefined
  }
}

function unusedFiles(
  directory: string,
  { tombstones }: Snapshot,
  live: ReadonlySet<string>,
  before: number,
): string[] {
  const removedAt = new Map(tombstones.map((file) => [canonicalPath(file.path), file.deletionTimestamp ?? 0]))
  const names = existsSync(directory)
    ? readdirSync(directory).filter((name) => name.endsWith('.parquet'))
    : []
  return names.filter((name) => {
    const path = canonicalPath(encodePath(name))
    if (live.has(path)) return false
    // What no version names is the work of an import that is running, or of one that was killed.
    return (removedAt.get(path) ?? statSync(join(directory, name)).mtimeMs) < before
  })
}
