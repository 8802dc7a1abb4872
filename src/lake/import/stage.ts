import type { Database } from '../duckdb.ts'
import type { ColumnMapping } from './column-names.ts'
import { locateLines } from './line-numbers.ts'
import { unusable } from './plain-file.ts'
import { firstSentence, type RecordSource } from './record-source.ts'
import { checkedRowsSql, type RatingRange } from './row-checks.ts'

/** Rows of one source file in the tables `staged` and `malformed`. */
export interface StagedFile {
  readonly source: RecordSource
  /** `seq` of its first row. */
  readonly firstSeq: number
}

/**
 * Every record of a source becomes a row of `staged`, good ones and those to be set aside alike, in the order of the
 * files: `rowid` counts them. `reason` is NULL for a good one. `malformed` has the lines that DuckDB could
 * not even cut into fields.
 */
export async function createStage(database: Database): Promise<void> {
  await database.run(
    'CREATE TABLE staged (file INTEGER, user_id VARCHAR, item_id VARCHAR, rating FLOAT, timestamp TIMESTAMPTZ, reason VARCHAR, raw VARCHAR)',
  )
  await database.run('CREATE TABLE malformed (file INTEGER, start BIGINT, reason VARCHAR, raw VARCHAR)')
}

/** @throws RECSYS_IMPORT_SOURCE when the file is damaged */
export async function stageFile(
  database: Database,
  fileIndex: number,
  source: RecordSource,
  mapping: ColumnMapping,
  range: RatingRange | undefined,
): Promise<StagedFile> {
  const firstSeq = await database.value<number>('SELECT count(*) FROM staged')
  try {
    await database.run(`INSERT INTO staged ${checkedRowsSql(fileIndex, source, mapping, range)}`)
  } catch (cause) {
    throw unusable(source.file.displayPath, `cannot be read: ${firstSentence(cause)}`, undefined, cause)
  }
  await collectMalformed(database, fileIndex, source)
  return { source, firstSeq }
}

/**
 * DuckDB may name several errors of one line; the first stands for it. Its line numbers do not count line ends inside
 * quotes, so the byte where the line starts is kept. A line that it cannot find the end of is fatal.
 */
export async function collectMalformed(
  database: Database,
  fileIndex: number,
  source: RecordSource,
): Promise<void> {
  if (!source.lines) return
  const swallowed = await database.rows<{ start: number }>(
    `SELECT line_byte_position::BIGINT - 1 AS start FROM reject_errors WHERE csv_line LIKE '%\n_%' ORDER BY start LIMIT 1`,
  )
  if (swallowed.length > 0) throw unclosedQuote(source, swallowed[0]!.start)
  await database.run(
    `INSERT INTO malformed SELECT ${fileIndex}, line_byte_position - 1, first(${malformedReason} ORDER BY column_idx),
       left(first(csv_line), 500) FROM reject_errors GROUP BY line_byte_position`,
  )
  await database.run('DROP TABLE reject_errors')
  await database.run('DROP TABLE reject_scans')
}

function unclosedQuote({ file, lines }: RecordSource, start: number) {
  const [line] = locateLines(file.path, [], [start], lines!).malformed
  return unusable(file.displayPath, `opens a quoted field in line ${line ?? '?'} that is not closed properly`)
}

const malformedReason = `CASE error_type
  WHEN 'MISSING COLUMNS' THEN 'the line has too few fields'
  WHEN 'TOO MANY COLUMNS' THEN 'the line has too many fields'
  WHEN 'INVALID ENCODING' THEN 'the line is not valid UTF-8'
  WHEN 'LINE SIZE OVER MAXIMUM' THEN 'the line is too long'
  ELSE 'the line is malformed: ' || error_message END`
