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
  await collectMalformed(database, fileIndex, source)
  return { source, firstSeq }
}

/**
 * Layers, so that each column is cast once and nothing dear is done for a good row: casts, the instant, the reason, and
 * the record as text only for those that have a reason.
 */
function stageSql(
  fileIndex: number,
  source: RecordSource,
  mapping: ColumnMapping,
  range: RatingRange | undefined,
): string {
  const column = (position: number) => source.columns[position]!
  const time: SourceColumn =
    mapping.timestamp === undefined
      ? { name: '', expression: 'CAST(NULL AS VARCHAR)', type: 'VARCHAR' }
      : column(mapping.timestamp)
  return `
    SELECT ${fileIndex}, s$user, s$item, s$rating, s$instant, s$reason,
      CASE WHEN s$reason IS NOT NULL THEN left(${source.raw}, 500) END
    FROM (SELECT *, ${reasonSql(source, column(mapping.rating), time, range)} AS s$reason
      FROM (SELECT *, ${instantSql(time)} AS s$instant
        FROM (SELECT *, ${idSql(column(mapping.user))} AS s$user, ${idSql(column(mapping.item))} AS s$item,
            ${ratingSql(column(mapping.rating))} AS s$rating, ${numberSql(time)} AS s$number
          FROM ${source.from})))`
}

/**
 * Text that stands for "nothing here" in exports. A list, not IN (…): DuckDB makes a join of a long IN, and the rows would
 * no longer come in the order of the file.
 */
const nothing = "['', 'null', 'none', 'nan', 'na', 'n/a', '\\n']"

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
function instantSql({ expression, type }: SourceColumn): string {
  if (isInstant(type)) return `CAST(${expression} AS TIMESTAMPTZ)`
  return `CASE WHEN s$number IS NULL THEN ${type === 'VARCHAR' ? `TRY_CAST(${expression} AS TIMESTAMPTZ)` : 'NULL'}
    WHEN s$number = 0 THEN NULL
    WHEN abs(s$number) < 1e11 THEN to_timestamp(s$number)
    WHEN abs(s$number) < 1e14 THEN to_timestamp(s$number / 1000) END`
}

function numberSql({ expression, type }: SourceColumn): string {
  return isInstant(type) ? 'NULL' : `TRY_CAST(${expression} AS DOUBLE)`
}

function isInstant(type: string): boolean {
  return /^(TIMESTAMP|DATE)/.test(type)
}

/**
 * Why a record cannot be right; NULL when nothing speaks against it. Nearly all rows pass the first, cheap condition.
 * Ids are looked at once each, later.
 */
function reasonSql(
  source: RecordSource,
  rating: SourceColumn,
  time: SourceColumn,
  range: RatingRange | undefined,
): string {
  const inside = range ? `s$rating BETWEEN ${range.min} AND ${range.max}` : 'isfinite(s$rating)'
  const ratingText = `CAST(${rating.expression} AS VARCHAR)`
  const timeText = `CAST(${time.expression} AS VARCHAR)`
  return `CASE
    WHEN s$user IS NOT NULL AND s$item IS NOT NULL AND ${inside} AND isfinite(s$rating) AND isfinite(s$instant) THEN NULL
    WHEN ${source.flaw} IS NOT NULL THEN ${source.flaw}
    WHEN s$user IS NULL THEN 'the user id is missing'
    WHEN s$item IS NULL THEN 'the item id is missing'
    WHEN ${ratingText} IS NULL OR trim(${ratingText}) = '' THEN 'the rating is missing'
    WHEN s$rating IS NULL THEN 'the rating is not a number'
    WHEN NOT isfinite(s$rating) THEN 'the rating is not a finite number'
    WHEN NOT (${inside}) THEN ${literal(`the rating is outside ${range?.min}..${range?.max}`)}
    WHEN s$instant IS NOT NULL AND NOT isfinite(s$instant) THEN 'the timestamp is not readable'
    WHEN s$instant IS NULL AND NOT list_contains(${nothing}, lower(trim(${timeText}))) AND coalesce(s$number <> 0, true)
      THEN 'the timestamp is not readable'
  END`
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

const maxIdBytes = 1024

/**
 * Codes the ids of good rows as integers in the order of the ids, in the tables `user_codes` and `item_codes`, and sets
 * aside the rows of ids that cannot be right. Looking at each id once is far cheaper than at each row.
 */
export async function codeIds(database: Database): Promise<void> {
  await createCodes(database)
  const nBad = (await rejectBadIds(database, 'user')) + (await rejectBadIds(database, 'item'))
  if (nBad > 0) await createCodes(database)
}

async function createCodes(database: Database): Promise<void> {
  for (const side of ['user', 'item']) {
    await database.run(`CREATE OR REPLACE TABLE ${side}_codes AS
      SELECT ${side}_id, CAST(row_number() OVER (ORDER BY ${side}_id) - 1 AS INTEGER) AS code
      FROM (SELECT DISTINCT ${side}_id FROM staged WHERE reason IS NULL)`)
  }
}

async function rejectBadIds(database: Database, side: 'user' | 'item'): Promise<number> {
  const id = `${side}_id`
  await database.run(`CREATE OR REPLACE TEMP TABLE bad_ids AS
    SELECT ${id}, CASE WHEN strlen(${id}) > ${maxIdBytes}
      THEN ${literal(`the ${side} id is longer than ${maxIdBytes} bytes`)}
      ELSE ${literal(`the ${side} id has control characters`)} END AS reason
    FROM ${side}_codes WHERE strlen(${id}) > ${maxIdBytes} OR regexp_matches(${id}, '[\\x00-\\x1f\\x7f]')`)
  const nBad = await database.value<number>('SELECT count(*) FROM bad_ids')
  if (nBad === 0) return 0
  await database.run(`UPDATE staged
    SET reason = bad_ids.reason, raw = left(concat_ws(' | ', staged.user_id, staged.item_id, rating), 500)
    FROM bad_ids WHERE staged.${id} = bad_ids.${id} AND staged.reason IS NULL`)
  return nBad
}
