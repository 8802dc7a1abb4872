import type { Database } from '../duckdb.ts'

/**
 * Leaves in the table `winners` one row a (user, item) pair of the good rows in `staged`: the latest, of equal times the
 * later row; an unknown time is older than any. `pair` is the user's code in the upper 32 bits and the item's in the
 * lower ones, so that sorting 20 million rows moves numbers, not texts; rows are sorted by it. The view `winner_rows` has
 * them with their ids, in the same order.
 *
 * One sort does it all: a row loses when the next one has the same pair. `lead() OVER ()` looks at the row that comes
 * next in the sorted stream without sorting or buffering it again.
 * @returns how many rows lost against another
 */
export async function deduplicate(database: Database): Promise<number> {
  await database.run(`CREATE TABLE winners AS
    SELECT pair, rating, timestamp FROM (
      SELECT pair, rating, timestamp, lead(pair) OVER () AS next_pair FROM (
        SELECT (CAST(user_codes.code AS BIGINT) << 32) | item_codes.code AS pair, rating, timestamp
        FROM staged JOIN user_codes USING (user_id) JOIN item_codes USING (item_id)
        WHERE reason IS NULL
        ORDER BY pair, timestamp NULLS FIRST, staged.rowid))
    WHERE next_pair IS DISTINCT FROM pair`)
  // Ids are taken from lists by their place: a join would not keep the order of the rows.
  await database.run(`CREATE VIEW winner_rows AS
    SELECT users.ids[(pair >> 32) + 1] AS user_id, items.ids[(pair & 4294967295) + 1] AS item_id, rating, timestamp
    FROM winners,
      (SELECT list(user_id ORDER BY code) AS ids FROM user_codes) AS users,
      (SELECT list(item_id ORDER BY code) AS ids FROM item_codes) AS items`)
  const nGood = await database.value<number>('SELECT count(*) FROM staged WHERE reason IS NULL')
  return nGood - (await database.value<number>('SELECT count(*) FROM winners'))
}
