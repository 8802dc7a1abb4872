import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { scanSql } from './delta/scan.ts'
import { readSnapshot } from './delta/snapshot.ts'
import { openDatabase, pathLiteral } from './duckdb.ts'
import type { RatingRange } from './import/row-checks.ts'
import { lakeDirectory } from './tables.ts'

export interface NewRatings {
  readonly rows: number
  /** Of the ratings that are in the table. */
  readonly ratingRange: RatingRange
}

/**
 * Writes what users have rated since, as CSV with user_id, item_id, rating and timestamp (unix seconds): the last `rating` event of
 * every pair that is newer than the row of the table `interactions`, within the scale of the ratings there. What was brought in
 * once is no longer newer: doing it again finds nothing.
 */
export async function exportNewRatings(dataDir: string, path: string): Promise<NewRatings> {
  const directory = (table: string) => join(lakeDirectory(dataDir), table)
  using database = await openDatabase()
  const scan = async (table: string) => scanSql(database, await readSnapshot(database, directory(table)))
  await database.run(
    `CREATE VIEW rated AS SELECT user_id, item_id, rating, epoch(timestamp) AS at FROM (${await scan('interactions')})`,
  )
  const min = await database.value<number>('SELECT min(rating) FROM rated')
  const max = await database.value<number>('SELECT max(rating) FROM rated')
  const ratingRange = { min, max }
  if (!existsSync(join(directory('events'), '_delta_log'))) return { rows: 0, ratingRange }
  await database.run(
    `CREATE TABLE fresh AS
     SELECT user_id, item_id, arg_max(value, seq) AS rating, max_by(epoch(timestamp), seq)::BIGINT AS timestamp
     FROM (${await scan('events')}) WHERE type = 'rating' AND value BETWEEN ${min} AND ${max}
     GROUP BY user_id, item_id`,
  )
  await database.run(
    `DELETE FROM fresh USING rated
     WHERE rated.user_id = fresh.user_id AND rated.item_id = fresh.item_id AND coalesce(rated.at, 0) >= fresh.timestamp`,
  )
  const rows = Number(await database.value<bigint>('SELECT count(*) FROM fresh'))
  if (rows > 0)
    await database.run(
      `COPY (SELECT * FROM fresh ORDER BY user_id, item_id) TO ${pathLiteral(path)} (FORMAT csv, HEADER)`,
    )
  return { rows, ratingRange }
}
