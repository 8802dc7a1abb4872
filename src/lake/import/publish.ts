import { RecsysError } from '../../errors.ts'
import { listLog } from '../delta/log.ts'
import { canonicalPath, filePath } from '../delta/paths.ts'
import { fileColumn, scanSql } from '../delta/scan.ts'
import type { StructType } from '../delta/schema.ts'
import { latestVersion, readSnapshot, type Snapshot } from '../delta/snapshot.ts'
import type { Database } from '../duckdb.ts'
import { companionKeys, companionVersion, tableDirectory, tableSchemas } from '../tables.ts'
import type { TableName } from '../types.ts'
import { commitChange, type DataFile, writeDataFile } from '../write-table.ts'

/** What an import does with tables that exist. */
export type ImportMode = 'create' | 'append' | 'overwrite'

export interface Published {
  readonly versions: Readonly<Record<TableName, number>>
  /** Rows of the import that are in the table now. */
  readonly added: number
  /** Rows of the import that lost against a newer row of the table. */
  readonly outdated: number
  /** Rows of the table that lost against one of the import. */
  readonly replaced: number
  /** Rows of the table now. */
  readonly total: number
  readonly users: number
  readonly items: number
}

export interface PublishContext {
  readonly database: Database
  readonly dataDir: string
  readonly stagingDirectory: string
  readonly mode: ImportMode
  readonly signal?: AbortSignal | undefined
  onPhase(text: string): void
}

/**
 * The version of `interactions` that an import is made against; undefined where the table is new.
 * @throws RECSYS_LAKE_EXISTS when there are tables and the mode says nothing about them
 */
export async function currentInteractions(
  database: Database,
  dataDir: string,
  mode: ImportMode,
): Promise<Snapshot | undefined> {
  const directory = tableDirectory(dataDir, 'interactions')
  const latest = latestVersion(listLog(directory))
  if (latest === undefined) return undefined
  if (mode === 'create') {
    throw new RecsysError('RECSYS_LAKE_EXISTS', {
      message: `${dataDir} has tables already (interactions version ${latest})`,
    })
  }
  return readSnapshot(database, directory, latest)
}

/**
 * Makes the staged rows part of the lake. Data files of all three tables are written first; then `items` and `users`
 * get a new version that nobody looks at yet. The one commit point is the commit of `interactions`, which names those
 * versions: before it the lake is as it was, after it all of it is new.
 * @throws RECSYS_LAKE_CONFLICT when another import was faster; nothing has changed then
 */
export async function publish(context: PublishContext, current: Snapshot | undefined): Promise<Published> {
  const { database, dataDir, mode, signal } = context
  context.onPhase('sorting and writing interactions')
  const change = mode === 'append' && current ? await appendedFiles(context, current) : await newFile(context)
  context.onPhase('writing items and users')
  const items = await companionFile(context, 'items', current)
  const users = await companionFile(context, 'users', current)
  signal?.throwIfAborted()
  context.onPhase('committing')
  const operation =
    mode === 'append' ? 'MERGE' : current ? 'CREATE OR REPLACE TABLE AS SELECT' : 'CREATE TABLE AS SELECT'
  const itemsVersion = await commitCompanion(context, 'items', items, operation)
  const usersVersion = await commitCompanion(context, 'users', users, operation)
  const version = await commitChange(
    database,
    tableDirectory(dataDir, 'interactions'),
    {
      schema: tableSchemas.interactions,
      add: change.add,
      remove: change.remove,
      configuration: {
        [companionKeys.items]: String(itemsVersion),
        [companionKeys.users]: String(usersVersion),
      },
      operation,
      metrics: { numOutputRows: change.added, numTargetRowsUpdated: change.replaced },
    },
    current?.version ?? -1,
  )
  return {
    ...(await summary(context, version, change)),
    versions: { interactions: version, items: itemsVersion, users: usersVersion },
  }
}

interface InteractionsChange {
  readonly add: readonly DataFile[]
  readonly remove: 'all' | readonly string[]
  readonly added: number
  readonly outdated: number
  readonly replaced: number
}

async function newFile(context: PublishContext): Promise<InteractionsChange> {
  const { database } = context
  const add = [await writeRows(context, 'interactions', 'SELECT * FROM winner_rows')]
  const added = await database.value<number>('SELECT count(*) FROM winners')
  return { add, remove: 'all', added, outdated: 0, replaced: 0 }
}

/** With this many files an append rewrites all of them into one, so that reading stays quick. Ours are not partitioned. */
const compactionFiles = 16

/**
 * Copy on write: the new rows, and what is left of the files that hold rows they replace, become one new file; files
 * without such rows stay. A row of the table wins only when both times are known and its own is later.
 */
async function appendedFiles(context: PublishContext, current: Snapshot): Promise<InteractionsChange> {
  const { database } = context
  requireOwnSchema(current)
  const existing = await scanSql(database, current, { withFile: true })
  await database.run(`CREATE TABLE matched AS
    SELECT old.${fileColumn}, user_id, item_id, coalesce(old.timestamp > new.timestamp, false) AS old_wins
    FROM (${existing}) AS old JOIN winner_rows AS new USING (user_id, item_id)`)
  const [outdated, replaced] = [await countMatched(database, true), await countMatched(database, false)]
  const touched = await touchedFiles(database, current)
  const select = `
    SELECT user_id, item_id, rating, timestamp FROM (
      SELECT user_id, item_id, rating, timestamp FROM winner_rows
        ANTI JOIN (SELECT user_id, item_id FROM matched WHERE old_wins) AS outdated USING (user_id, item_id)
      UNION ALL
      SELECT user_id, item_id, rating, timestamp FROM (${await scanSql(database, { ...current, files: touched })})
        ANTI JOIN (SELECT user_id, item_id FROM matched WHERE NOT old_wins) AS replaced USING (user_id, item_id)
    ) ORDER BY user_id, item_id`
  const add = [await writeRows(context, 'interactions', select)]
  const added = (await database.value<number>('SELECT count(*) FROM winners')) - outdated
  return { add, remove: touched.map(({ path }) => path), added, outdated, replaced }
}

/** Columns that somebody has added would be lost where files are rewritten. */
function requireOwnSchema({ schema }: Snapshot): void {
  const describe = ({ fields }: StructType) =>
    fields.map(({ name, type }) => `${name} ${JSON.stringify(type)}`)
  const own = new Set(describe(tableSchemas.interactions))
  const foreign = describe(schema).filter((field) => !own.has(field))
  if (foreign.length === 0) return
  throw new RecsysError('RECSYS_LAKE_FEATURE', {
    message: `table interactions has columns that this program does not write: ${foreign.join(', ')}`,
    remedy: 'Drop the columns with the program that added them, or start anew with --overwrite.',
  })
}

function countMatched(database: Database, oldWins: boolean): Promise<number> {
  return database.value<number>(`SELECT count(*) FROM matched WHERE old_wins = ${oldWins}`)
}

async function touchedFiles(database: Database, current: Snapshot): Promise<readonly DataFile[]> {
  const partitioned = current.metaData.partitionColumns.length > 0
  if (partitioned || current.files.length >= compactionFiles) return current.files
  const rows = await database.rows<{ path: string }>(
    `SELECT DISTINCT ${fileColumn} AS path FROM matched WHERE NOT old_wins`,
  )
  const paths = new Set(rows.map(({ path }) => canonicalPath(path)))
  return current.files.filter(({ path }) => paths.has(filePath(current.tableDirectory, path)))
}

/** Items or users as they will be: what was known, what the source says, and every id that occurs in a row. */
async function companionFile(
  context: PublishContext,
  table: 'items' | 'users',
  current: Snapshot | undefined,
): Promise<DataFile> {
  const old = context.mode === 'append' && current ? await companionSql(context, table, current) : undefined
  const [id, ...attributes] = tableSchemas[table].fields.map(({ name }) => name)
  const from = old ?? `SELECT * FROM incoming_${table} WHERE false`
  const columns = attributes.map((name) => `${newestSql(name)} AS ${name}`)
  const ids = [`${table === 'items' ? 'item' : 'user'}_codes`, `incoming_${table}`, 'old'].map(
    (source) => `SELECT ${id} FROM ${source}`,
  )
  return writeRows(
    context,
    table,
    `WITH old AS (${from}), ids AS (${ids.join(' UNION ')})
     SELECT ${id}, ${columns.join(', ')}
     FROM ids LEFT JOIN incoming_${table} AS new USING (${id}) LEFT JOIN old USING (${id}) ORDER BY ${id}`,
  )
}

/** A source that says nothing about an attribute leaves it as it was; no categories is an empty list, never NULL. */
function newestSql(name: string): string {
  if (name !== 'categories') return `coalesce(new.${name}, old.${name})`
  return 'CASE WHEN len(new.categories) > 0 THEN new.categories ELSE coalesce(old.categories, new.categories, []) END'
}

async function companionSql(
  { database, dataDir }: PublishContext,
  table: 'items' | 'users',
  current: Snapshot,
): Promise<string | undefined> {
  const version = companionVersion(current, table)
  if (version === undefined) return undefined
  return scanSql(database, await readSnapshot(database, tableDirectory(dataDir, table), version))
}

function writeRows(context: PublishContext, table: TableName, select: string): Promise<DataFile> {
  const { database, dataDir, stagingDirectory } = context
  return writeDataFile(
    database,
    tableDirectory(dataDir, table),
    stagingDirectory,
    select,
    tableSchemas[table],
  )
}

/**
 * Replaces the content of `items` or `users` by one file. A killed import may have left a version there that no
 * interactions name; it is replaced like any other.
 */
function commitCompanion(
  { database, dataDir }: PublishContext,
  table: 'items' | 'users',
  file: DataFile,
  operation: string,
): Promise<number> {
  const change = { schema: tableSchemas[table], add: [file], remove: 'all', operation } as const
  return commitChange(database, tableDirectory(dataDir, table), change)
}

async function summary({ database, dataDir }: PublishContext, version: number, change: InteractionsChange) {
  const snapshot = await readSnapshot(database, tableDirectory(dataDir, 'interactions'), version)
  const scan = await scanSql(database, snapshot, { columns: ['user_id', 'item_id'] })
  const [row] = await database.rows<{ total: number; users: number; items: number }>(
    `SELECT count(*) AS total, count(DISTINCT user_id) AS users, count(DISTINCT item_id) AS items FROM (${scan})`,
  )
  const { added, outdated, replaced } = change
  return { added, outdated, replaced, ...row! }
}
