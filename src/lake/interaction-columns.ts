import { RecsysError } from '../errors.ts'
import { scanSql } from './delta/scan.ts'
import type { Snapshot } from './delta/snapshot.ts'
import type { Database } from './duckdb.ts'
import type { InteractionColumns } from './types.ts'

/** Rows as they come, in any order. */
interface Rows {
  readonly userIndex: Int32Array
  readonly itemIndex: Int32Array
  readonly rating: Float32Array
  readonly timestamp: Float64Array
}

const needed = ['user_id', 'item_id', 'rating', 'timestamp']

/**
 * Reads a version of `interactions` as dictionary-coded columns. DuckDB scans and codes in parallel; a counting sort
 * brings the rows into (user, item) order, whatever order they came in. Rows without an id or a finite rating, which
 * another writer may have put there, are left out, and of a repeated pair the latest row stays.
 */
export async function readInteractionColumns(
  database: Database,
  snapshot: Snapshot,
): Promise<InteractionColumns> {
  const missing = needed.find((name) => !snapshot.schema.fields.some((field) => field.name === name))
  if (missing) {
    throw new RecsysError('RECSYS_LAKE_CORRUPT', { message: `table interactions has no column ${missing}` })
  }
  const scan = await scanSql(database, snapshot, { columns: needed })
  await database.run(`CREATE OR REPLACE TEMP VIEW good_rows AS SELECT * FROM (${scan})
    WHERE user_id IS NOT NULL AND item_id IS NOT NULL AND isfinite(rating)`)
  const userIds = await codeIds(database, 'user')
  const itemIds = await codeIds(database, 'item')
  const rows = await readRows(database)
  const sorted = sortRows(rows, userIds.length, itemIds.length)
  return { lakeVersion: snapshot.version, userIds, itemIds, ...sorted }
}

/** Makes the table `<side>_codes` and returns the ids in the order of their codes: by code unit, as JavaScript sorts. */
async function codeIds(database: Database, side: 'user' | 'item'): Promise<string[]> {
  await database.run(`CREATE OR REPLACE TEMP TABLE ${side}_codes AS
    SELECT ${side}_id AS id, CAST(row_number() OVER (ORDER BY ${side}_id) - 1 AS INTEGER) AS code
    FROM (SELECT DISTINCT ${side}_id FROM good_rows)`)
  const ids = (await database.rows<{ id: string }>(`SELECT id FROM ${side}_codes ORDER BY code`)).map(
    ({ id }) => id,
  )
  if (isSorted(ids)) return ids
  // DuckDB sorts by UTF-8 bytes; that differs from code units for characters beyond U+FFFF only.
  ids.sort()
  await recode(database, side, ids)
  return ids
}

function isSorted(ids: readonly string[]): boolean {
  for (let i = 1; i < ids.length; i += 1) if (ids[i - 1]! > ids[i]!) return false
  return true
}

async function recode(database: Database, side: 'user' | 'item', ids: readonly string[]): Promise<void> {
  await database.run(`CREATE OR REPLACE TEMP TABLE ${side}_codes (id VARCHAR, code INTEGER)`)
  const appender = await database.connection.createAppender(`${side}_codes`)
  for (const [code, id] of ids.entries()) {
    appender.appendVarchar(id)
    appender.appendInteger(code)
    appender.endRow()
  }
  appender.closeSync()
}

async function readRows(database: Database): Promise<Rows> {
  const nRows = await database.value<number>('SELECT count(*) FROM good_rows')
  const rows = {
    userIndex: new Int32Array(nRows),
    itemIndex: new Int32Array(nRows),
    rating: new Float32Array(nRows),
    timestamp: new Float64Array(nRows),
  }
  const columns = Object.values(rows)
  const result = await database.stream(`
    SELECT user_codes.code, item_codes.code, rating, coalesce(epoch(timestamp), 'NaN'::DOUBLE)
    FROM good_rows JOIN user_codes ON user_id = user_codes.id JOIN item_codes ON item_id = item_codes.id`)
  let at = 0
  for (
    let chunk = await result.fetchChunk();
    chunk && chunk.rowCount > 0;
    chunk = await result.fetchChunk()
  ) {
    for (const [c, column] of columns.entries()) {
      const vector = chunk.getColumnVector(c)
      for (let i = 0; i < chunk.rowCount; i += 1) column[at + i] = vector.getItem(i) as number
    }
    at += chunk.rowCount
  }
  return rows
}

/** Two stable counting sorts, by item and then by user, then one row a pair. */
function sortRows(rows: Rows, nUsers: number, nItems: number): Rows {
  const byItem = countingSort(rows.itemIndex, nItems)
  const byPair = countingSort(rows.userIndex, nUsers, byItem)
  const order = withoutRepeats(rows, byPair)
  return {
    userIndex: order.map((row) => rows.userIndex[row]!),
    itemIndex: order.map((row) => rows.itemIndex[row]!),
    rating: Float32Array.from({ length: order.length }, (_, i) => rows.rating[order[i]!]!),
    timestamp: Float64Array.from({ length: order.length }, (_, i) => rows.timestamp[order[i]!]!),
  }
}

/**
 * Rows in ascending order of their key, equal keys as they stood in `order`.
 * @param keys  in [0, nKeys)
 */
function countingSort(keys: Int32Array, nKeys: number, order?: Int32Array): Int32Array {
  const next = new Int32Array(nKeys + 1)
  for (let row = 0; row < keys.length; row += 1) next[keys[row]! + 1]! += 1
  for (let key = 0; key < nKeys; key += 1) next[key + 1]! += next[key]!
  const sorted = new Int32Array(keys.length)
  for (let i = 0; i < keys.length; i += 1) {
    const row = order ? order[i]! : i
    const key = keys[row]!
    sorted[next[key]!] = row
    next[key]! += 1
  }
  return sorted
}

/** Of neighbours with the same pair the latest row, of equal or unknown times the higher rating: never the order of reading. */
function withoutRepeats({ userIndex, itemIndex, rating, timestamp }: Rows, order: Int32Array): Int32Array {
  let n = 0
  for (let i = 0; i < order.length; i += 1) {
    const row = order[i]!
    const kept = n > 0 ? order[n - 1]! : -1
    const repeats = kept >= 0 && userIndex[kept] === userIndex[row] && itemIndex[kept] === itemIndex[row]
    if (!repeats) order[n++] = row
    else if (isNewer(timestamp[row]!, timestamp[kept]!, rating[row]! > rating[kept]!)) order[n - 1] = row
  }
  return order.subarray(0, n)
}

function isNewer(time: number, other: number, tie: boolean): boolean {
  if (Number.isNaN(time) || Number.isNaN(other))
    return Number.isNaN(time) === Number.isNaN(other) ? tie : Number.isNaN(other)
  return time === other ? tie : time > other
}
