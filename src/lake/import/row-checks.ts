import { literal } from '../duckdb.ts'
import type { ColumnMapping } from './column-names.ts'
import type { RecordSource, SourceColumn } from './record-source.ts'

/** Ratings outside are set aside. */
export interface RatingRange {
  readonly min: number
  readonly max: number
}

/**
 * A SELECT of the columns of `staged`. Layers, so that each column is cast once and nothing dear is done for a good row: casts, the instant, the reason, and
 * the record as text only for those that have a reason.
 */
export function checkedRowsSql(
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
