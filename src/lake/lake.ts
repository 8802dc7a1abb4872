import { RecsysError } from '../errors.ts'
import { listLog } from './delta/log.ts'
import { scanSql } from './delta/scan.ts'
import { latestVersion, readSnapshot, type Snapshot } from './delta/snapshot.ts'
import { type Database, openDatabase } from './duckdb.ts'
import { readInteractionColumns } from './interaction-columns.ts'
import { companionVersion, tableDirectory } from './tables.ts'
import type { ItemRow, Lake } from './types.ts'

/**
 * Opens the lake for reading. Versions of `items` and `users` are those that the interactions name, so that one version
 * number stands for all three tables.
 * @throws RECSYS_LAKE_MISSING when there are no tables
 */
export async function openLake(dataDir: string): Promise<Lake> {
  const directory = tableDirectory(dataDir, 'interactions')
  latest(directory, dataDir)
  const database = await openDatabase()
  const snapshotAt = (version?: number) =>
    readSnapshot(database, directory, version ?? latest(directory, dataDir))
  return {
    latestVersion: async () => latest(directory, dataDir),
    readInteractions: async (version) => readInteractionColumns(database, await snapshotAt(version)),
    readItems: async (version) => readItems(database, dataDir, await snapshotAt(version)),
    readUserIds: async (limit) => readUserIds(database, await snapshotAt(), limit),
    close: () => database[Symbol.dispose](),
  }
}

function latest(directory: string, dataDir: string): number {
  const version = latestVersion(listLog(directory))
  if (version !== undefined) return version
  throw new RecsysError('RECSYS_LAKE_MISSING', { message: `${dataDir} has no lake` })
}

async function readItems(database: Database, dataDir: string, interactions: Snapshot): Promise<ItemRow[]> {
  const version = companionVersion(interactions, 'items')
  if (version === undefined) return []
  const snapshot = await readSnapshot(database, tableDirectory(dataDir, 'items'), version)
  const hasAttributes = snapshot.schema.fields.some(({ name }) => name === 'attributes')
  const rows = await database.rows<{
    item_id: string
    title: string | null
    categories: string[] | null
    attributes: string | null
  }>(
    `SELECT item_id, title, categories, ${hasAttributes ? 'attributes' : 'NULL AS attributes'} FROM (${await scanSql(database, snapshot)}) WHERE item_id IS NOT NULL ORDER BY item_id`,
  )
  return rows.map(({ item_id: itemId, title, categories, attributes }) => ({
    itemId,
    title,
    categories: categories ?? [],
    attributes,
  }))
}

async function readUserIds(database: Database, interactions: Snapshot, limit?: number): Promise<string[]> {
  const scan = await scanSql(database, interactions, { columns: ['user_id'] })
  const rows = await database.rows<{ user_id: string }>(
    `SELECT DISTINCT user_id FROM (${scan}) WHERE user_id IS NOT NULL ORDER BY user_id ${limit === undefined ? '' : `LIMIT ${Math.max(0, Math.trunc(limit))}`}`,
  )
  return rows.map((row) => row.user_id)
}
