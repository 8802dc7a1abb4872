import { scanSql } from '../delta/scan.ts'
import { duckdbType } from '../delta/schema.ts'
import { readSnapshot, type Snapshot } from '../delta/snapshot.ts'
import { companionVersion, tableDirectory, tableSchemas } from '../tables.ts'
import { commitChange, type DataFile } from '../write-table.ts'
import { type PublishContext, writeRows } from './publish-context.ts'

/** Items or users as they will be: what was known, what the source says, and every id that occurs in a row. */
export async function companionFile(
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
  const snapshot = await readSnapshot(database, tableDirectory(dataDir, table), version)
  const known = new Set(snapshot.schema.fields.map(({ name }) => name))
  // What an older program did not write.
  const missing = tableSchemas[table].fields.filter(({ name }) => !known.has(name))
  const columns = missing.map(({ name, type }) => `, CAST(NULL AS ${duckdbType(type)}) AS ${name}`)
  return `SELECT *${columns.join('')} FROM (${await scanSql(database, snapshot)})`
}

/**
 * Replaces the content of `items` or `users` by one file. A killed import may have left a version there that no
 * interactions name; it is replaced like any other.
 */
export function commitCompanion(
  { database, dataDir }: PublishContext,
  table: 'items' | 'users',
  file: DataFile,
  operation: string,
): Promise<number> {
  const change = { schema: tableSchemas[table], add: [file], remove: 'all', operation } as const
  return commitChange(database, tableDirectory(dataDir, table), change)
}
