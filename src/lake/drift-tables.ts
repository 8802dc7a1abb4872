import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { scanSql } from './delta/scan.ts'
import { readSnapshot } from './delta/snapshot.ts'
import { type Database, literal, openDatabase } from './duckdb.ts'
import { lakeDirectory } from './tables.ts'

/** Counts of the same bins at the training and since. */
export interface BinCounts {
  readonly trained: readonly number[]
  readonly fresh: readonly number[]
}

export interface DriftTables {
  /** Rows of `interactions` in the version of the training, and now. */
  readonly interactions: { readonly trained: number; readonly now: number }
  /** Events since the training. */
  readonly events: number
  /** Items by how popular they were at the training, ten bins of about equally many interactions, and those that were not there. */
  readonly popularity: BinCounts
  /** Ratings by the deciles of the training. */
  readonly ratings: BinCounts
}

/**
 * What users have done since a training, beside what it learnt from.
 * @param lakeVersion  of `interactions`, that was trained on
 * @param since  ISO 8601
 * @throws RECSYS_LAKE_MISSING, RECSYS_LAKE_VERSION
 */
export async function readDriftTables(
  dataDir: string,
  lakeVersion: number,
  since: string,
): Promise<DriftTables> {
  using database = await openDatabase()
  const directory = (table: string) => join(lakeDirectory(dataDir), table)
  const scan = async (table: string, version?: number) =>
    scanSql(database, await readSnapshot(database, directory(table), version))
  await database.run(
    `CREATE TABLE trained AS SELECT item_id, rating FROM (${await scan('interactions', lakeVersion)})`,
  )
  const hasEvents = existsSync(join(directory('events'), '_delta_log'))
  const fresh = hasEvents
    ? `SELECT item_id, type, value FROM (${await scan('events')}) WHERE timestamp >= ${literal(since)}::TIMESTAMPTZ`
    : `SELECT NULL::VARCHAR AS item_id, NULL::VARCHAR AS type, NULL::DOUBLE AS value WHERE false`
  await database.run(`CREATE TABLE fresh AS ${fresh}`)
  return {
    interactions: {
      trained: await count(database, 'SELECT count(*) FROM trained'),
      now: await count(database, `SELECT count(*) FROM (${await scan('interactions')})`),
    },
    events: await count(database, 'SELECT count(*) FROM fresh'),
    popularity: await popularityBins(database),
    ratings: await ratingBins(database),
  }
}

async function count(database: Database, sql: string): Promise<number> {
  return Number(await database.value<bigint>(sql))
}

const nBins = 10

async function popularityBins(database: Database): Promise<BinCounts> {
  await database.run(`
    CREATE TABLE item_bins AS
    SELECT item_id, n, least(${nBins - 1}, floor(${nBins} * before / greatest(total, 1)))::INTEGER AS bin FROM (
      SELECT item_id, n, sum(n) OVER () AS total,
        coalesce(sum(n) OVER (ORDER BY n DESC, item_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
      FROM (SELECT item_id, count(*) AS n FROM trained GROUP BY item_id))`)
  return {
    trained: await binned(database, nBins + 1, 'SELECT bin, sum(n) AS n FROM item_bins GROUP BY bin'),
    fresh: await binned(
      database,
      nBins + 1,
      `SELECT coalesce(bin, ${nBins}) AS bin, count(*) AS n FROM fresh LEFT JOIN item_bins USING (item_id) GROUP BY 1`,
    ),
  }
}

async function ratingBins(database: Database): Promise<BinCounts> {
  await database.run(
    `CREATE TABLE edges AS SELECT DISTINCT unnest(quantile_disc(rating, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])) AS edge FROM trained`,
  )
  const bin = (value: string) => `(SELECT count(*) FROM edges WHERE edge < ${value})`
  const counts = (from: string, value: string) =>
    `SELECT bin, count(*) AS n FROM (SELECT ${bin(value)} AS bin FROM ${from}) GROUP BY bin`
  return {
    trained: await binned(database, nBins, counts('trained', 'rating')),
    fresh: await binned(database, nBins, counts("(SELECT value FROM fresh WHERE type = 'rating')", 'value')),
  }
}

async function binned(database: Database, n: number, sql: string): Promise<number[]> {
  const counts = new Array<number>(n).fill(0)
  for (const row of await database.rows<{ bin: number; n: number }>(sql))
    counts[Number(row.bin)] = Number(row.n)
  return counts
}
