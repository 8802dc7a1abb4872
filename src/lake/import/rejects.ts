import { closeSync, openSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { RecsysError } from '../../errors.ts'
import type { Database } from '../duckdb.ts'
import { createDirectory, syncDirectory, syncFile, temporaryName } from '../durable-file.ts'
import { lakeDirectory } from '../tables.ts'
import { locateLines } from './line-numbers.ts'
import type { StagedFile } from './stage.ts'

export interface RejectedRows {
  readonly count: number
  /** Where they are listed: one JSON object a line with file, line, reason and the row; null when there are none. */
  readonly path: string | null
  /** Rows a reason, most frequent first, with an example. */
  readonly reasons: readonly RejectReason[]
}

export interface RejectReason {
  readonly reason: string
  readonly count: number
  readonly example: string
}

interface Reject {
  /** Position in `staged`; null for a malformed line. */
  readonly seq: number | null
  readonly reason: string
  readonly raw: string | null
}

/** A refused import lists no more than this: whoever sees that many needs no more of them. */
const listedOfRefused = 10_000

/**
 * Writes the rows that were set aside, and refuses the import when they are more than a share of all rows.
 * @throws RECSYS_IMPORT_REJECTED
 */
export async function setAside(
  database: Database,
  dataDir: string,
  files: readonly StagedFile[],
  nRows: number,
  maxRejects: number,
): Promise<RejectedRows> {
  const count = await database.value<number>(`SELECT count(*) FROM (${rejectsSql})`)
  if (count === 0) return { count, path: null, reasons: [] }
  const refused = count > maxRejects * nRows || count === nRows
  const path = await writeRejects(database, dataDir, files, refused ? listedOfRefused : count)
  const reasons = await database.rows<RejectReason>(
    `SELECT reason, count(*) AS count, coalesce(first(raw), '') AS example FROM (${rejectsSql}) GROUP BY reason ORDER BY count DESC, reason`,
  )
  if (refused) throw tooMany({ count, path, reasons }, nRows, maxRejects)
  return { count, path, reasons }
}

const rejectsSql = `
  SELECT file, rowid AS seq, reason, raw FROM staged WHERE reason IS NOT NULL
  UNION ALL SELECT file, NULL, reason, raw FROM malformed`

async function writeRejects(
  database: Database,
  dataDir: string,
  files: readonly StagedFile[],
  limit: number,
): Promise<string> {
  const directory = join(lakeDirectory(dataDir), 'rejects')
  createDirectory(directory)
  const temporary = temporaryName(directory, 'jsonl')
  const descriptor = openSync(temporary, 'wx')
  try {
    let left = limit
    for (const [index, file] of files.entries()) {
      const rejects = await fileRejects(database, index, file, left)
      writeSync(descriptor, rejects.map((reject) => `${JSON.stringify(reject)}\n`).join(''))
      left -= rejects.length
    }
  } finally {
    closeSync(descriptor)
  }
  const path = join(directory, `${new Date().toISOString().replaceAll(/[:.]/g, '-')}-${process.pid}.jsonl`)
  syncFile(temporary)
  renameSync(temporary, path)
  syncDirectory(directory)
  return path
}

async function fileRejects(database: Database, index: number, staged: StagedFile, limit: number) {
  const rows = await database.rows<Reject>(
    `SELECT seq::BIGINT AS seq, reason, raw FROM (${rejectsSql}) WHERE file = ${index} AND seq IS NOT NULL
     ORDER BY seq LIMIT ${limit}`,
  )
  const malformed = await database.rows<Reject & { start: number }>(
    `SELECT reason, raw, start FROM malformed WHERE file = ${index} ORDER BY start`,
  )
  const { source, firstSeq } = staged
  const ordinals = rows.map(({ seq }) => seq! - firstSeq)
  const starts = malformed.map(({ start }) => start)
  const lines = source.lines
    ? locateLines(source.file.path, ordinals, starts, source.lines)
    : { accepted: ordinals.map((ordinal) => ordinal + 1), malformed: [] }
  const rejects = [
    ...rows.map(({ reason, raw }, i) => ({ line: lines.accepted[i] ?? null, reason, row: raw })),
    ...malformed.map(({ reason, raw }, i) => ({ line: lines.malformed[i] ?? null, reason, row: raw })),
  ]
  return rejects
    .sort((a, b) => (a.line ?? 0) - (b.line ?? 0))
    .slice(0, limit)
    .map((reject) => ({ file: source.file.displayPath, ...reject }))
}

function tooMany(rejected: RejectedRows, nRows: number, maxRejects: number): RecsysError {
  const { count, path, reasons } = rejected
  const worst = reasons
    .slice(0, 3)
    .map(({ reason, count: n, example }) => `${reason} (${n}×, such as: ${example.slice(0, 80)})`)
  const share = `${percent(count / nRows)} of ${nRows.toLocaleString('en-US')} rows`
  return new RecsysError('RECSYS_IMPORT_REJECTED', {
    message: `${count.toLocaleString('en-US')} rows, ${share}, cannot be right, at most ${percent(maxRejects)} may be set aside: ${worst.join('; ')}. They are listed in ${path}`,
    data: { rowsRead: nRows, rowsRejected: count, maxRejects, rejectsFile: path, reasons },
  })
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`
}
