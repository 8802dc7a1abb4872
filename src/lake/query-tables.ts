import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { RecsysError } from '../errors.ts'
import type { Action } from './delta/actions.ts'
import { listLog, readCommit } from './delta/log.ts'
import { canonicalPath } from './delta/paths.ts'
import { scanSql } from './delta/scan.ts'
import { readSnapshot } from './delta/snapshot.ts'
import { identifier, openDatabase } from './duckdb.ts'
import { lakeDirectory } from './tables.ts'

export const lakeTables = ['interactions', 'items', 'users', 'events'] as const
export type LakeTable = (typeof lakeTables)[number]

export interface QueryResult {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly unknown[])[]
  /** Were there more rows than were asked for? */
  readonly truncated: boolean
}

/**
 * Runs one SELECT over the latest versions of the tables there are, under their names. Files of the machine are out of its
 * reach but those of the tables, and nothing it does outlives it.
 * @throws RECSYS_LAKE_MISSING without tables, RECSYS_LAKE_QUERY with DuckDB's words
 */
export async function queryTables(dataDir: string, sql: string, limit: number): Promise<QueryResult> {
  using database = await openDatabase()
  const present = lakeTables.filter((table) => existsSync(join(lakeDirectory(dataDir), table, '_delta_log')))
  if (present.length === 0) throw missing(dataDir)
  const named = present.filter((table) => sql.toLowerCase().includes(table))
  for (const table of named) {
    const snapshot = await readSnapshot(database, join(lakeDirectory(dataDir), table))
    // A table of its own, not a view: the files must not be needed any more when they are out of reach.
    await database.run(`CREATE TABLE ${identifier(table)} AS ${await scanSql(database, snapshot)}`)
  }
  await database.run('SET enable_external_access = false')
  await database.run('SET lock_configuration = true')
  try {
    const reader = await database.connection.runAndReadUntil(sql, limit + 1)
    const rows = reader.getRowsJson()
    return { columns: reader.columnNames(), rows: rows.slice(0, limit), truncated: rows.length > limit }
  } catch (cause) {
    throw new RecsysError('RECSYS_LAKE_QUERY', { message: (cause as Error).message, cause })
  }
}

export interface TableVersion {
  readonly version: number
  /** ISO 8601, UTC. */
  readonly at: string | null
  readonly operation: string
  readonly filesAdded: number
  readonly filesRemoved: number
  readonly rowsAdded: number | null
  /** Rows of the table then; null where its log does not tell. */
  readonly rows: number | null
}

/** The commits of a table that are still in its log, newest first. @throws RECSYS_LAKE_MISSING */
export function tableHistory(dataDir: string, table: LakeTable): TableVersion[] {
  const directory = join(lakeDirectory(dataDir), table)
  const { commits } = listLog(directory)
  if (commits.length === 0) throw missing(directory)
  // Rows by file, as the commits add and remove them; without the first commits nobody knows where they began.
  const live = commits[0] === 0 ? new Map<string, number | null>() : undefined
  return commits.map((version) => describeCommit(directory, version, live)).reverse()
}

function rowsOf(stats: string | null | undefined): number | null {
  return stats ? ((JSON.parse(stats) as { numRecords?: number }).numRecords ?? null) : null
}

function rowsAfter(live: Map<string, number | null> | undefined, actions: readonly Action[]): number | null {
  if (live === undefined) return null
  for (const { add, remove } of actions) {
    if (remove) live.delete(canonicalPath(remove.path))
    if (add) live.set(canonicalPath(add.path), rowsOf(add.stats))
  }
  const counts = [...live.values()]
  return counts.includes(null) ? null : counts.reduce<number>((sum, count) => sum + (count ?? 0), 0)
}

function describeCommit(
  directory: string,
  version: number,
  live: Map<string, number | null> | undefined,
): TableVersion {
  const actions = readCommit(directory, version)
  const info = actions.find(({ commitInfo }) => commitInfo)?.commitInfo
  const added = actions.flatMap(({ add }) => add ?? [])
  const counts = added.map(({ stats }) => rowsOf(stats))
  const isCounted = counts.every((count) => count !== null)
  return {
    version,
    at: info ? new Date(info.timestamp).toISOString() : null,
    operation: info?.operation ?? 'unknown',
    filesAdded: added.length,
    filesRemoved: actions.filter(({ remove }) => remove).length,
    rowsAdded: isCounted ? counts.reduce((sum: number, count) => sum + count!, 0) : null,
    rows: rowsAfter(live, actions),
  }
}

function missing(where: string): RecsysError {
  return new RecsysError('RECSYS_LAKE_MISSING', { message: `${where} has no Delta tables` })
}
