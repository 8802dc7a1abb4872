import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'

/**
 * A second reader of our tables that shares no code with the first: DuckDB's SQL replays the JSON of the log by itself.
 * The rows of a version as JSON texts, sorted.
 */
export async function replayedRows(tableDirectory: string, version?: number): Promise<string[]> {
  return query(replay(tableDirectory, version), (file) => file.path)
}

/** The same from a checkpoint alone: its version must be a checkpoint. */
export async function checkpointRows(tableDirectory: string, version: number): Promise<string[]> {
  const path = join(tableDirectory, '_delta_log', `${String(version).padStart(20, '0')}.checkpoint.parquet`)
  return query(
    `SELECT '${tableDirectory}/' || url_decode("add".path) AS path FROM read_parquet('${path}') WHERE "add" IS NOT NULL`,
    (file) => file.path,
  )
}

/** The newest action about a path decides whether it is live. */
function replay(tableDirectory: string, version = Number.MAX_SAFE_INTEGER): string {
  return `
    WITH actions AS (
      SELECT json, CAST(parse_filename(filename, true) AS BIGINT) AS version, row_number() OVER () AS position
      FROM read_ndjson_objects('${tableDirectory}/_delta_log/*.json', filename = true)),
    changes AS (
      SELECT coalesce(json->>'$.add.path', json->>'$.remove.path') AS path, (json->'add') IS NOT NULL AS live, version, position
      FROM actions WHERE version <= ${version})
    SELECT '${tableDirectory}/' || url_decode(path) AS path FROM changes WHERE path IS NOT NULL
    GROUP BY path HAVING arg_max(live, (version, position))`
}

async function query(filesSql: string, path: (file: { path: string }) => string): Promise<string[]> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  await connection.run("SET TimeZone = 'UTC'")
  const files = (await connection.runAndReadAll(filesSql)).getRowObjectsJson() as unknown as {
    path: string
  }[]
  if (files.length === 0) return []
  const list = files.map((file) => `'${path(file)}'`).join(', ')
  const reader = await connection.runAndReadAll(
    `SELECT to_json(t)::VARCHAR AS row FROM read_parquet([${list}]) AS t ORDER BY row`,
  )
  connection.closeSync()
  return reader.getRowObjectsJson().map((row) => String(row.row))
}

/** The statistics in the log, by file, for the live files of the latest version without a checkpoint. */
export function loggedStatistics(tableDirectory: string): { path: string; stats: Record<string, unknown> }[] {
  const log = join(tableDirectory, '_delta_log')
  const names = readdirSync(log).filter((name) => /^\d+\.json$/.test(name))
  return names.flatMap((name) =>
    readFileSync(join(log, name), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).add)
      .filter((add) => add)
      .map((add) => ({
        path: join(tableDirectory, decodeURIComponent(add.path)),
        stats: JSON.parse(add.stats),
      })),
  )
}
