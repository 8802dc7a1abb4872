import { RecsysError } from '../../errors.ts'
import { canonicalPath, filePath } from '../delta/paths.ts'
import { fileColumn, scanSql } from '../delta/scan.ts'
import type { StructType } from '../delta/schema.ts'
import type { Snapshot } from '../delta/snapshot.ts'
import { type Database, pathList } from '../duckdb.ts'
import { tableDirectory, tableSchemas } from '../tables.ts'
import type { DataFile } from '../write-table.ts'
import { type PublishContext, writeRows } from './publish-context.ts'

/** What an import does to the files of `interactions`. */
export interface InteractionsChange {
  readonly add: readonly DataFile[]
  readonly remove: 'all' | readonly string[]
  /** Rows of the import that will be in the table. */
  readonly added: number
  /** Rows of the import that lost against a newer row of the table. */
  readonly outdated: number
  /** Rows of the table that lost against one of the import. */
  readonly replaced: number
  /** Files of the table before that stay. */
  readonly kept: readonly DataFile[]
}

/** Writes the winning rows of the import, together with what they displace. */
export function interactionsChange(
  context: PublishContext,
  current: Snapshot | undefined,
): Promise<InteractionsChange> {
  return context.mode === 'append' && current ? appendedFiles(context, current) : newFile(context)
}

/** Rows, users and items of the table as the change will make it. */
export async function countAfter({ database, dataDir }: PublishContext, { add, kept }: InteractionsChange) {
  const paths = [...kept, ...add].map(({ path }) => filePath(tableDirectory(dataDir, 'interactions'), path))
  const [row] = await database.rows<{ total: number; users: number; items: number }>(
    `SELECT count(*) AS total, count(DISTINCT user_id) AS users, count(DISTINCT item_id) AS items
     FROM read_parquet(${pathList(paths)}, hive_partitioning = false)`,
  )
  return row!
}

async function newFile(context: PublishContext): Promise<InteractionsChange> {
  const { database } = context
  const add = [await writeRows(context, 'interactions', 'SELECT * FROM winner_rows')]
  const added = await database.value<number>('SELECT count(*) FROM winners')
  return { add, remove: 'all', kept: [], added, outdated: 0, replaced: 0 }
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
  const kept = current.files.filter((file) => !touched.includes(file))
  return { add, remove: touched.map(({ path }) => path), kept, added, outdated, replaced }
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
