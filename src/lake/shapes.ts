import { createReadStream, existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { scanSql } from './delta/scan.ts'
import { readSnapshot } from './delta/snapshot.ts'
import { type Database, openDatabase } from './duckdb.ts'
import { lakeDirectory } from './tables.ts'

/** What the latest version of `interactions` looks like. */
export interface InteractionShapes {
  readonly version: number
  readonly rows: number
  readonly users: number
  readonly items: number
  /** At most forty bars, ascending: single ratings, or equal spans from `rating` on where there are more. */
  readonly ratings: readonly { readonly rating: number; readonly rows: number }[]
  /** Items ordered by popularity in twenty parts: the share of all interactions that each has. */
  readonly popularity: readonly number[]
  /** Rows a month, the oldest first; those of unknown time are not counted. */
  readonly months: readonly { readonly month: string; readonly rows: number }[]
}

const mostBars = 40
const nParts = 20

/** @throws RECSYS_LAKE_MISSING */
export async function readShapes(dataDir: string): Promise<InteractionShapes> {
  using database = await openDatabase()
  const snapshot = await readSnapshot(database, join(lakeDirectory(dataDir), 'interactions'))
  await database.run(`CREATE VIEW interactions AS ${await scanSql(database, snapshot)}`)
  const [counts] = await database.rows<{ rows: number; users: number; items: number }>(
    'SELECT count(*) AS rows, count(DISTINCT user_id) AS users, count(DISTINCT item_id) AS items FROM interactions',
  )
  return {
    version: snapshot.version,
    ...counts!,
    ratings: await ratingBars(database),
    popularity: await popularityParts(database),
    months: await database.rows<{ month: string; rows: number }>(
      `SELECT strftime(timestamp, '%Y-%m') AS month, count(*) AS rows FROM interactions
       WHERE timestamp IS NOT NULL GROUP BY 1 ORDER BY 1`,
    ),
  }
}

async function ratingBars(database: Database): Promise<InteractionShapes['ratings']> {
  const distinct = await database.rows<{ rating: number; rows: number }>(
    `SELECT rating, count(*) AS rows FROM interactions GROUP BY rating ORDER BY rating LIMIT ${mostBars + 1}`,
  )
  if (distinct.length <= mostBars) return distinct
  return database.rows(
    `WITH bounds AS (SELECT min(rating) AS low, max(rating) AS high FROM interactions)
     SELECT low + bar * (high - low) / ${mostBars} AS rating, n AS rows FROM (
       SELECT least(${mostBars - 1}, floor(${mostBars} * (rating - low) / (high - low))) AS bar, count(*) AS n
       FROM interactions, bounds GROUP BY 1), bounds ORDER BY 1`,
  )
}

async function popularityParts(database: Database): Promise<number[]> {
  const parts = await database.rows<{ part: number; share: number }>(
    `SELECT part, sum(n) / (SELECT count(*) FROM interactions) AS share FROM (
       SELECT n, ntile(${nParts}) OVER (ORDER BY n DESC, item_id) AS part FROM (
         SELECT item_id, count(*) AS n FROM interactions GROUP BY item_id))
     GROUP BY part ORDER BY part`,
  )
  return parts.map(({ share }) => share)
}

/** Rows that an import has set aside. */
export interface RejectFile {
  readonly file: string
  readonly bytes: number
  /** ISO 8601, UTC. */
  readonly at: string
  /** The most frequent reasons first; of a long file the first ten thousand rows count. */
  readonly reasons: readonly { readonly reason: string; readonly rows: number; readonly example: string }[]
}

const mostRejects = 10_000
const longestExample = 200

/** The newest first. */
export async function readRejects(dataDir: string, limit: number): Promise<RejectFile[]> {
  const directory = join(lakeDirectory(dataDir), 'rejects')
  if (!existsSync(directory)) return []
  const files = readdirSync(directory)
    .map((file) => ({ file, stat: statSync(join(directory, file)) }))
    .filter(({ stat }) => stat.isFile())
    .sort((a, b) => b.stat.mtimeMs - a.stat.mtimeMs)
    .slice(0, limit)
  return Promise.all(
    files.map(async ({ file, stat }) => ({
      ...{ file, bytes: stat.size, at: stat.mtime.toISOString() },
      reasons: await reasonsIn(join(directory, file)),
    })),
  )
}

async function reasonsIn(path: string): Promise<RejectFile['reasons']> {
  const found = new Map<string, { rows: number; example: string }>()
  const lines = createInterface({ input: createReadStream(path) })
  let n = 0
  for await (const line of lines) {
    if (++n > mostRejects) break
    const { reason, row, line: place } = parse(line)
    const known = found.get(reason) ?? {
      rows: 0,
      example: `${place ? `line ${place}: ` : ''}${row}`.slice(0, longestExample),
    }
    found.set(reason, { ...known, rows: known.rows + 1 })
  }
  lines.close()
  return [...found].map(([reason, counted]) => ({ reason, ...counted })).sort((a, b) => b.rows - a.rows)
}

function parse(line: string): { reason: string; row: string; line: string } {
  try {
    const { reason, row, raw, line: place } = JSON.parse(line) as Record<string, unknown>
    return { reason: String(reason), row: String(row ?? raw ?? ''), line: String(place ?? '') }
  } catch {
    return { reason: 'unreadable', row: line, line: '' }
  }
}
