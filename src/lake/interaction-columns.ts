import { RecsysError } from '../errors.ts'
import { rowColumn, scanSql } from './delta/scan.ts'
import type { Snapshot } from './delta/snapshot.ts'
import type { Database } from './duckdb.ts'
import { numberBlocks, readTexts } from './result-columns.ts'
import { inOrder, noUser, type Rows, withoutGaps, withoutUnused } from './row-order.ts'
import type { InteractionColumns } from './types.ts'

const needed = ['user_id', 'item_id', 'rating', 'timestamp']
/** Tables of before there were weights do not have them: each of their rows is one rating. */
const added = ['weight', 'count']

/**
 * Reads a version of `interactions` as dictionary-coded columns. DuckDB scans and codes in parallel and hands numbers over
 * a block at a time; texts are looked at once an id. Rows without an id, with a rating or weight that is not finite, or (in
 * tables without weights) without a rating, which another writer may have put there, are left out; order and repeated pairs are the business of `inOrder`.
 */
export async function readInteractionColumns(
  database: Database,
  snapshot: Snapshot,
): Promise<InteractionColumns> {
  const has = (name: string) => snapshot.schema.fields.some((field) => field.name === name)
  const missing = needed.find((name) => !has(name))
  if (missing) {
    throw new RecsysError('RECSYS_LAKE_CORRUPT', { message: `table interactions has no column ${missing}` })
  }
  const hasWeights = added.every(has)
  const columns = hasWeights ? [...needed, ...added] : needed
  const scan = await scanSql(database, snapshot, { columns, withRow: true })
  const userIds = await codeIds(database, scan, 'user')
  const itemIds = await codeIds(database, scan, 'item')
  const counts = { nUsers: userIds.length, nItems: itemIds.length }
  const isOneFile = snapshot.files.length === 1
  const rows = inOrder(await readRows(database, scan, { isOneFile, hasWeights, ...counts }), counts)
  return {
    lakeVersion: snapshot.version,
    ...rows,
    userIds: withoutUnused(userIds, rows.userIndex),
    itemIds: withoutUnused(itemIds, rows.itemIndex),
  }
}

/** Makes the table `<side>_codes` and returns the ids in the order of their codes: by code unit, as JavaScript sorts. */
async function codeIds(database: Database, scan: string, side: 'user' | 'item'): Promise<string[]> {
  await database.run(`CREATE OR REPLACE TABLE ${side}_codes AS
    SELECT ${side}_id AS id, CAST(row_number() OVER (ORDER BY ${side}_id) - 1 AS INTEGER) AS code
    FROM (SELECT DISTINCT ${side}_id FROM (${scan}) WHERE ${side}_id IS NOT NULL)`)
  const ids = await readTexts(await database.stream(`SELECT id FROM ${side}_codes ORDER BY code`))
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
  await database.run(`CREATE OR REPLACE TABLE ${side}_codes (id VARCHAR, code INTEGER)`)
  const appender = await database.connection.createAppender(`${side}_codes`)
  for (const [code, id] of ids.entries()) {
    appender.appendVarchar(id)
    appender.appendInteger(code)
    appender.endRow()
  }
  appender.closeSync()
}

interface RowsWanted {
  readonly isOneFile: boolean
  readonly hasWeights: boolean
  readonly nUsers: number
}

/** One stream alone keeps less than one core busy. */
const nStreams = 4

/**
 * Codes, ratings and times, in streams by range of users. Joins do not keep the order of the rows: those of a single file
 * go to their places in it, because we write files in order.
 */
async function readRows(
  database: Database,
  scan: string,
  { isOneFile, hasWeights, nUsers }: RowsWanted,
): Promise<Rows> {
  const mostRows = await database.value<number>(`SELECT count(*) FROM (${scan})`)
  const userIndex = new Int32Array(mostRows).fill(noUser)
  const itemIndex = new Int32Array(mostRows)
  const rating = new Float32Array(mostRows)
  const weight = new Float32Array(mostRows)
  const count = new Int32Array(mostRows)
  const timestamp = new Float64Array(mostRows)
  let filled = 0
  const readPart = async (firstUser: number, endUser: number) => {
    const result = await database.stream(rowsSql(scan, hasWeights, firstUser, endUser))
    for await (const [rows, users, items, ratings, weights, counts, times] of numberBlocks(
      result,
      rowTypes,
    )) {
      for (let at = 0; at < rows.length; at++) {
        const place = isOneFile ? rows[at] : filled + at
        userIndex[place] = users[at]
        itemIndex[place] = items[at]
        rating[place] = ratings[at]
        weight[place] = weights[at]
        count[place] = counts[at]
        timestamp[place] = times[at]
      }
      filled += rows.length
    }
  }
  const bound = (part: number) => Math.floor((part * nUsers) / nStreams)
  await Promise.all(Array.from({ length: nStreams }, (_, part) => readPart(bound(part), bound(part + 1))))
  const all = { userIndex, itemIndex, rating, weight, count, timestamp }
  return filled < mostRows ? withoutGaps(all, filled) : all
}

const rowTypes = [
  Int32Array,
  Int32Array,
  Int32Array,
  Float32Array,
  Float32Array,
  Int32Array,
  Float64Array,
] as const

/** Columns of `rowTypes`. A range of the codes is one of the ids too, so that DuckDB skips what lies outside of it. */
function rowsSql(scan: string, hasWeights: boolean, firstUser: number, endUser: number): string {
  // In files of before there were weights these are NULL.
  const added = hasWeights
    ? 'coalesce(weight, 1)::FLOAT, coalesce(count, 1)::INTEGER'
    : '1::FLOAT, 1::INTEGER'
  const isSound = hasWeights
    ? 'coalesce(isfinite(rating), true) AND coalesce(isfinite(weight) AND weight >= 0, true)'
    : 'isfinite(rating)'
  return `
    SELECT CAST(${rowColumn} AS INTEGER), users.code, item_codes.code, coalesce(rating, 'NaN'::FLOAT), ${added},
      coalesce(epoch(timestamp), 'NaN'::DOUBLE)
    FROM (${scan})
      JOIN (SELECT * FROM user_codes WHERE code >= ${firstUser} AND code < ${endUser}) AS users ON user_id = users.id
      JOIN item_codes ON item_id = item_codes.id
    WHERE ${isSound}`
}
