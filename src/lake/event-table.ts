import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { RecsysError } from '../errors.ts'
import { listLog } from './delta/log.ts'
import { column, type StructType } from './delta/schema.ts'
import { latestVersion, readSnapshot, type Snapshot } from './delta/snapshot.ts'
import { type Database, openDatabase, pathLiteral } from './duckdb.ts'
import { withStaging } from './staging.ts'
import { lakeDirectory } from './tables.ts'
import { commitChange, writeDataFile } from './write-table.ts'

/** A row of the table `events`. `seq` orders the events of one journal. */
export interface EventRow {
  readonly seq: number
  readonly user_id: string
  readonly item_id: string
  readonly type: string
  readonly value: number | null
  readonly weight: number
  /** ISO 8601, UTC. */
  readonly timestamp: string
  readonly session_id: string | null
  readonly recommendation_id: string | null
  readonly model_version: number | null
}

const schema: StructType = {
  type: 'struct',
  fields: [
    column('seq', 'long'),
    column('user_id', 'string'),
    column('item_id', 'string'),
    column('type', 'string'),
    column('value', 'double'),
    column('weight', 'double'),
    column('timestamp', 'timestamp'),
    column('session_id', 'string'),
    column('recommendation_id', 'string'),
    column('model_version', 'integer'),
  ],
}

export interface EventsAppended {
  /** Version of the table; null while it has none. */
  readonly version: number | null
  readonly rows: number
  /** The last sequence number of the source that is in the table. */
  readonly upTo: number
}

/** A writer that was faster makes us look again; this often in a row something else is wrong. */
const maxAttempts = 10

/**
 * Appends what a source has beyond that which the table has of it already, as one Delta commit. The commit also says how far
 * the source has come (`txn`: application and version, by the Delta protocol), so that rows and progress become visible
 * together: a writer that dies before loses nothing, one that dies after repeats nothing.
 * @param appId  identifies the source
 * @param after  rows of the source after a sequence number, ascending
 * @throws RECSYS_LAKE_CONFLICT when other writers were faster ten times in a row
 */
export async function appendEvents(
  dataDir: string,
  appId: string,
  after: (seq: number) => readonly EventRow[],
): Promise<EventsAppended> {
  using database = await openDatabase()
  for (let attempt = 1; ; attempt++) {
    try {
      return await appendOnce(database, dataDir, appId, after)
    } catch (error) {
      const lost = error instanceof RecsysError && error.code === 'RECSYS_LAKE_CONFLICT'
      if (!lost || attempt === maxAttempts) throw error
    }
  }
}

async function appendOnce(
  database: Database,
  dataDir: string,
  appId: string,
  after: (seq: number) => readonly EventRow[],
): Promise<EventsAppended> {
  const directory = join(lakeDirectory(dataDir), 'events')
  const snapshot = await latestSnapshot(database, directory)
  const done = snapshot?.transactions.find((transaction) => transaction.appId === appId)?.version ?? 0
  const rows = after(done)
  const last = rows.at(-1)
  if (last === undefined) return { version: snapshot?.version ?? null, rows: 0, upTo: done }
  const add = await withStaging(dataDir, (staging) => writeRows(database, directory, staging, rows))
  const change = {
    schema,
    add: [add],
    remove: [],
    transaction: { appId, version: last.seq, lastUpdated: Date.now() },
    operation: snapshot ? 'STREAMING UPDATE' : 'CREATE TABLE AS SELECT',
    metrics: { numOutputRows: rows.length },
  }
  const version = await commitChange(database, directory, change, snapshot?.version ?? -1)
  return { version, rows: rows.length, upTo: last.seq }
}

async function latestSnapshot(database: Database, directory: string): Promise<Snapshot | undefined> {
  const version = latestVersion(listLog(directory))
  return version === undefined ? undefined : readSnapshot(database, directory, version)
}

function writeRows(database: Database, directory: string, staging: string, rows: readonly EventRow[]) {
  const path = join(staging, 'events.ndjson')
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  const types = `{seq: 'BIGINT', user_id: 'VARCHAR', item_id: 'VARCHAR', type: 'VARCHAR', value: 'DOUBLE',
    weight: 'DOUBLE', timestamp: 'TIMESTAMPTZ', session_id: 'VARCHAR', recommendation_id: 'VARCHAR',
    model_version: 'INTEGER'}`
  const select = `SELECT * FROM read_json(${pathLiteral(path)}, format = 'newline_delimited', columns = ${types}) ORDER BY seq`
  return writeDataFile(database, directory, staging, select, schema)
}
