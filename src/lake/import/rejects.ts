import { closeSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { RecsysError } from '../../errors.ts'
import type { Database } from '../duckdb.ts'
import { syncDirectory, syncFile, temporaryName } from '../durable-file.ts'
import { lakeDirectory } from '../tables.ts'
import { lineNumbers } from './line-numbers.ts'
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
  readonly file: number
  /** Position in `staged`; null for a malformed line. */
  readonly seq: number | null
  readonly line: number | null
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
  SELECT file, rowid AS seq, NULL AS line, reason, raw FROM staged WHERE reason IS NOT NULL
  UNION ALL SELECT file, NULL, line, reason, raw FROM malformed`

async function writeRejects(
  database: Database,
  dataDir: string,
  files: readonly StagedFile[],
  limit: number,
): Promise<string> {
  const directory = join(lakeDirectory(dataDir), 'rejects')
  mkdirSync(directory, { recursive: true })
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

async function fileRejects(
  database: Database,
  index: number,
  { source, firstSeq }: StagedFile,
  limit: number,
) {
  const rows = await database.rows<Reject>(
    `SELECT file, seq::BIGINT AS seq, line::BIGINT AS line, reason, raw FROM (${rejectsSql}) WHERE file = ${index}
     ORDER BY seq NULLS FIRST, line LIMIT ${limit}`,
  )
  const ordinals = rows.flatMap(({ seq }) => (seq === null ? [] : [seq - firstSeq]))
  const malformed = await database.rows<{ line: number }>(`SELECT line FROM malformed WHERE file = ${index}`)
  const { lines: counting, file } = source
  const lines = counting
    ? lineNumbers(file.path, ordinals, new Set(malformed.map(({ line }) => line)), counting)
    : ordinals.map((ordinal) => ordinal + 1)
  let next = 0
  const rejects = rows.map(({ line, reason, raw }) => ({
    file: file.displayPath,
    line: line ?? lines[next++] ?? null,
    reason,
    row: raw,
  }))
  return rejects.sort((a, b) => (a.line ?? 0) - (b.line ?? 0))
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
