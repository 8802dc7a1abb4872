import { basename } from 'node:path'
import { RecsysError } from '../../errors.ts'
import type { Database } from '../duckdb.ts'
import type { Action, AddFile, MetaData, Protocol, RemoveFile, Transaction } from './actions.ts'
import { type LogListing, listLog, readCommit } from './log.ts'
import { checkReadable } from './protocol.ts'
import { readCheckpoint } from './read-checkpoint.ts'
import { replay } from './replay.ts'
import { parseSchema, type StructType } from './schema.ts'

/** One version of a table. */
export interface Snapshot {
  readonly tableDirectory: string
  readonly version: number
  readonly protocol: Protocol
  readonly metaData: MetaData
  readonly schema: StructType
  /** Live files, by path. */
  readonly files: readonly AddFile[]
  readonly tombstones: readonly RemoveFile[]
  readonly transactions: readonly Transaction[]
}

/**
 * Reads a version of a table: the newest complete checkpoint at or before it, then the commits after that.
 * @param version  the latest where left out
 * @throws RECSYS_LAKE_MISSING without a log, RECSYS_LAKE_VERSION, RECSYS_LAKE_CORRUPT, RECSYS_LAKE_FEATURE
 */
export async function readSnapshot(
  database: Database,
  tableDirectory: string,
  version?: number,
): Promise<Snapshot> {
  const table = basename(tableDirectory)
  const log = listLog(tableDirectory)
  const wanted = version ?? latestVersion(log)
  if (wanted === undefined) {
    throw new RecsysError('RECSYS_LAKE_MISSING', { message: `${tableDirectory} has no Delta log` })
  }
  const state = replay(await actionsUpTo(database, tableDirectory, log, wanted))
  const { protocol, metaData } = state
  if (!protocol) throw incomplete(table, wanted, 'protocol')
  if (!metaData) throw incomplete(table, wanted, 'metaData')
  checkReadable(protocol, metaData, table)
  return {
    tableDirectory,
    version: wanted,
    protocol,
    metaData,
    schema: parseSchema(metaData.schemaString, table),
    files: [...state.files.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, file]) => file),
    tombstones: [...state.tombstones.values()],
    transactions: [...state.transactions.values()],
  }
}

/** The latest version a log has; undefined when it has none. */
export function latestVersion(log: LogListing): number | undefined {
  const last = Math.max(log.commits.at(-1) ?? -1, log.checkpoints.at(-1)?.version ?? -1)
  return last < 0 ? undefined : last
}

/** Versions that can be read: each is a checkpoint or has unbroken commits back to one, or to version 0. */
function readableVersions(log: LogListing): number[] {
  const checkpoints = new Set(log.checkpoints.map((checkpoint) => checkpoint.version))
  const versions = new Set<number>()
  for (const version of [...new Set([...log.commits, ...checkpoints])].sort((a, b) => a - b)) {
    if (version === 0 || checkpoints.has(version) || versions.has(version - 1)) versions.add(version)
  }
  return [...versions]
}

async function actionsUpTo(
  database: Database,
  tableDirectory: string,
  log: LogListing,
  version: number,
): Promise<Action[]> {
  const checkpoint = log.checkpoints.findLast((candidate) => candidate.version <= version)
  const first = checkpoint ? checkpoint.version + 1 : 0
  const commits = new Set(log.commits)
  if (checkpoint?.version !== version && !commits.has(version)) {
    throw missingVersion(tableDirectory, log, version, version)
  }
  const actions = checkpoint ? await readCheckpoint(database, checkpoint) : []
  for (let next = first; next <= version; next += 1) {
    if (!commits.has(next)) throw missingVersion(tableDirectory, log, version, next)
    actions.push(...readCommit(tableDirectory, next))
  }
  return actions
}

function missingVersion(tableDirectory: string, log: LogListing, wanted: number, gap: number): RecsysError {
  const table = basename(tableDirectory)
  const versions = readableVersions(log)
  const within = wanted <= (latestVersion(log) ?? -1) && wanted >= (log.commits[0] ?? 0)
  if (Number.isInteger(wanted) && within) {
    return new RecsysError('RECSYS_LAKE_CORRUPT', {
      message: `the log of table ${table} has no commit ${gap}, which version ${wanted} needs: versions are not contiguous`,
    })
  }
  return new RecsysError('RECSYS_LAKE_VERSION', {
    message: `table ${table} has no version ${wanted}; it has ${describeVersions(versions)}`,
    data: { table, wanted, versions },
  })
}

function describeVersions(versions: readonly number[]): string {
  if (versions.length === 0) return 'none'
  if (versions.length === 1) return `version ${versions[0]}`
  const contiguous = versions.at(-1)! - versions[0]! === versions.length - 1
  return contiguous ? `versions ${versions[0]} to ${versions.at(-1)}` : `versions ${versions.join(', ')}`
}

function incomplete(table: string, version: number, action: string): RecsysError {
  return new RecsysError('RECSYS_LAKE_CORRUPT', {
    message: `the log of table ${table} has no ${action} action up to version ${version}`,
  })
}
