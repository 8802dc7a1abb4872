import type { Database } from '../duckdb.ts'

/**
 * Leaves in `winners` one row a (user, item) pair of the good rows in `staged`: the latest, of equal or unknown times
 * the later row. Ids are coded as integers, so that sorting and grouping 20 million pairs moves numbers, not texts;
 * the codes follow the order of the ids.
 * @returns how many rows lost against another
 */
export async function deduplicate(database: Database): Promise<number> {
  await createCodes(database, 'user')
  await createCodes(database, 'item')
  await database.run(`CREATE TABLE coded AS
    SELECT (CAST(user_codes.code AS BIGINT) << 32) | item_codes.code AS pair, rating, timestamp, staged.rowid AS seq
    FROM staged JOIN user_codes USING (user_id) JOIN item_codes USING (item_id) WHERE reason IS NULL`)
  await database.run('CREATE TABLE repeated AS SELECT pair FROM coded GROUP BY pair HAVING count(*) > 1')
  await database.run(`CREATE TABLE losers AS SELECT seq FROM (
      SELECT seq, row_number() OVER (PARTITION BY pair ORDER BY timestamp DESC NULLS LAST, seq DESC) AS place
      FROM coded SEMI JOIN repeated USING (pair)
    ) WHERE place > 1`)
  await database.run(`CREATE VIEW winners AS
    SELECT user_id, item_id, rating, timestamp, pair
    FROM (SELECT * FROM coded ANTI JOIN losers USING (seq)) AS kept
    JOIN user_codes ON user_codes.code = kept.pair >> 32
    JOIN item_codes ON item_codes.code = kept.pair & 4294967295`)
  return database.value<number>('SELECT count(*) FROM losers')
}

async function createCodes(database: Database, side: 'user' | 'item'): Promise<void> {
  await database.run(`CREATE TABLE ${side}_codes AS
    SELECT ${side}_id, CAST(row_number() OVER (ORDER BY ${side}_id) - 1 AS INTEGER) AS code
    FROM (SELECT DISTINCT ${side}_id FROM staged WHERE reason IS NULL)`)
}
