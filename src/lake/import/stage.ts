import type { Database } from '../duckdb.ts'
import { literal } from '../duckdb.ts'
import type { ColumnMapping } from './column-names.ts'
import { locateLines } from './line-numbers.ts'
import { unusable } from './plain-file.ts'
import { firstSentence, type RecordSource, type SourceColumn } from './record-source.ts'

/** Ratings outside are set aside. */
export interface RatingRange {
  readonly min: number
  readonly max: number
}

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
    await database.run(`INSERT INTO staged ${stageSql(fileIndex, source, mapping, range)}`)
  } catch (cause) {
    throw unusable(source.file.displayPath, `cannot be read: ${firstSentence(cause)}`, undefined, cause)
  }
  if (source.lines) await collectMalformed(database, fileIndex, source)
  return { source, firstSeq }
}

function stageSql(
  fileIndex: number,
  source: RecordSource,
  mapping: ColumnMapping,
  range: RatingRange | undefined,
): string {
  const column = (position: number) => source.columns[position]!
  const timestamp = mapping.timestamp === undefined ? 'NULL' : column(mapping.timestamp).expression
  return `
    SELECT ${fileIndex} AS file, user_id, item_id, rating, timestamp, reason,
      CASE WHEN reason IS NOT NULL THEN left(raw, 500) END AS raw
    FROM (
      SELECT *, ${reasonSql(range)} AS reason
      FROM (
        SELECT ${idSql(column(mapping.user))} AS user_id, ${idSql(column(mapping.item))} AS item_id,
          ${ratingSql(column(mapping.rating))} AS rating,
          ${mapping.timestamp === undefined ? 'CAST(NULL AS TIMESTAMPTZ)' : timestampSql(column(mapping.timestamp))} AS timestamp,
          CAST(${column(mapping.rating).expression} AS VARCHAR) AS rating_text,
          CAST(${timestamp} AS VARCHAR) AS timestamp_text,
          ${source.raw} AS raw, ${source.flaw} AS flaw
        FROM ${source.from}
      )
    )`
}

/** Text that stands for "nothing here" in exports. */
const nothing = "('', 'null', 'none', 'nan', 'na', 'n/a', '\\N')"

/** A whole number that a data frame stored as float is still a whole number. */
function idSql({ expression, type }: SourceColumn): string {
  const float = type === 'DOUBLE' || type === 'FLOAT'
  const text = float
    ? `CASE WHEN isfinite(${expression}) THEN coalesce(CAST(TRY_CAST(CASE WHEN ${expression} = trunc(${expression}) THEN ${expression} END AS BIGINT) AS VARCHAR), CAST(${expression} AS VARCHAR)) END`
    : `CAST(${expression} AS VARCHAR)`
  return `nullif(trim(${text}), '')`
}

function ratingSql({ expression, type }: SourceColumn): string {
  return type === 'VARCHAR' ? `TRY_CAST(trim(${expression}) AS FLOAT)` : `TRY_CAST(${expression} AS FLOAT)`
}

/**
 * Instants as TIMESTAMPTZ: unix seconds, milliseconds (from 1e11 on: as seconds that would be after the year 5100) or
 * ISO 8601, UTC where no offset is given. 0 is what exports write for "unknown", and is NULL.
 */
function timestampSql({ expression, type }: SourceColumn): string {
  if (/^(TIMESTAMP|DATE)/.test(type)) return `CAST(${expression} AS TIMESTAMPTZ)`
  const number = `TRY_CAST(${expression} AS DOUBLE)`
  const instant = `CASE WHEN ${number} IS NULL THEN ${type === 'VARCHAR' ? `TRY_CAST(${expression} AS TIMESTAMPTZ)` : 'NULL'}
    WHEN ${number} = 0 THEN NULL
    WHEN abs(${number}) < 1e11 THEN to_timestamp(${number})
    WHEN abs(${number}) < 1e14 THEN to_timestamp(${number} / 1000) END`
  return `(${instant})`
}

/** Why a record cannot be right; NULL when nothing speaks against it. Ids are looked at once each, later. */
function reasonSql(range: RatingRange | undefined): string {
  const outside = range
    ? `WHEN rating NOT BETWEEN ${range.min} AND ${range.max} THEN 'the rating is outside ${range.min}..${range.max}'`
    : ''
  return `CASE
    WHEN flaw IS NOT NULL THEN flaw
    WHEN user_id IS NULL THEN 'the user id is missing'
    WHEN item_id IS NULL THEN 'the item id is missing'
    WHEN rating_text IS NULL OR trim(rating_text) = '' THEN 'the rating is missing'
    WHEN rating IS NULL THEN 'the rating is not a number'
    WHEN NOT isfinite(rating) THEN 'the rating is not a finite number'
    ${outside}
    WHEN timestamp IS NULL AND timestamp_text IS NOT NULL AND lower(trim(timestamp_text)) NOT IN ${nothing}
      AND coalesce(TRY_CAST(timestamp_text AS DOUBLE) <> 0, true) THEN 'the timestamp is not readable'
    WHEN timestamp IS NOT NULL AND NOT isfinite(timestamp) THEN 'the timestamp is not readable'
  END`
}

/**
 * DuckDB may name several errors of one line; the first stands for it. Its line numbers do not count line ends inside
 * quotes, so the byte where the line starts is kept. A line that it cannot find the end of is fatal.
 */
async function collectMalformed(database: Database, fileIndex: number, source: RecordSource): Promise<void> {
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

/**
 * Sets aside the rows of ids that cannot be right. Looking at each id once is far cheaper than at each row.
 */
export async function rejectBadIds(database: Database): Promise<void> {
  for (const [column, what] of [
    ['user_id', 'user id'],
    ['item_id', 'item id'],
  ]) {
    await database.run(`CREATE OR REPLACE TEMP TABLE bad_ids AS
      SELECT id, CASE WHEN strlen(id) > ${maxIdBytes} THEN ${literal(`the ${what} is longer than ${maxIdBytes} bytes`)}
        ELSE ${literal(`the ${what} has control characters`)} END AS reason
      FROM (SELECT DISTINCT ${column} AS id FROM staged WHERE reason IS NULL)
      WHERE strlen(id) > ${maxIdBytes} OR regexp_matches(id, '[\\x00-\\x1f\\x7f]')`)
    if ((await database.value<number>('SELECT count(*) FROM bad_ids')) === 0) continue
    await database.run(`UPDATE staged SET reason = bad_ids.reason, raw = left(concat_ws(' | ', user_id, item_id, rating), 500)
      FROM bad_ids WHERE staged.${column} = bad_ids.id AND staged.reason IS NULL`)
  }
}

const maxIdBytes = 1024
