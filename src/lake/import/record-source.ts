import { isUtf8 } from 'node:buffer'
import type { Database } from '../duckdb.ts'
import { identifier, literal, pathLiteral } from '../duckdb.ts'
import { type ColumnChoice, isHeader } from './column-names.ts'
import { type Dialect, guessDialect, splitFields } from './delimiter.ts'
import type { LineCount } from './line-numbers.ts'
import { type PlainFile, unusable } from './plain-file.ts'

/** A file as DuckDB reads it: a table function, and an SQL expression for each column of the file. */
export interface RecordSource {
  readonly file: PlainFile
  readonly format: 'delimited' | 'json lines' | 'json array' | 'parquet'
  readonly from: string
  readonly columns: readonly SourceColumn[]
  /** SQL of the record as the user knows it, for the rejects file. */
  readonly raw: string
  /** SQL that says what is wrong with the record as a whole, NULL when nothing is. */
  readonly flaw: string
  readonly firstLine: string
  /** Where lines are numbered by counting them in the text: how to count. Other formats number their records. */
  readonly lines?: LineCount
}

export interface SourceColumn {
  /** Empty where the file has no names. */
  readonly name: string
  readonly expression: string
  /** DuckDB's type; VARCHAR in text formats. */
  readonly type: string
}

export interface ReadingOptions {
  readonly delimiter?: string | undefined
  readonly columns?: ColumnChoice
  /** Overrides what the first line looks like. */
  readonly header?: boolean
}

/** @throws RECSYS_IMPORT_SOURCE for bytes that are no table, RECSYS_IMPORT_COLUMNS for a text that has no columns */
export async function recordSource(
  database: Database,
  file: PlainFile,
  options: ReadingOptions,
): Promise<RecordSource> {
  if (file.head.subarray(0, 4).toString('latin1') === 'PAR1') return parquetSource(database, file)
  if (/\.parquet(\.gz)?$/i.test(file.displayPath))
    throw unusable(file.displayPath, 'is not a Parquet file: its first bytes are not PAR1')
  if (isUtf16(file.head))
    throw unusable(file.displayPath, 'is UTF-16', 'Convert it to UTF-8 first, for example with iconv.')
  if (file.head.includes(0)) throw unusable(file.displayPath, 'looks like a binary file: it has zero bytes')
  const lines = sampleLines(file)
  if (lines.length === 0) throw unusable(file.displayPath, 'has no rows, only blank lines')
  if (/^\s*[{[]/.test(lines[0]!)) return jsonSource(file, lines)
  return delimitedSource(file, lines, options)
}

function isUtf16(head: Buffer): boolean {
  return (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)
}

/** Lines of the beginning, at most 200, without a byte order mark and without blank ones. */
function sampleLines(file: PlainFile): string[] {
  const bytes = completeLines(file)
  const text = bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1').replace(/^\ufeff/, '')
  const lines = text.split(/\r?\n/)
  return lines.filter((line) => line.trim() !== '').slice(0, 200)
}

/** The beginning of the file up to its last line end, so that no line and no character is cut in two. */
function completeLines({ head, sizeBytes }: PlainFile): Buffer {
  const end = head.lastIndexOf(10)
  return head.length < sizeBytes && end > 0 ? head.subarray(0, end + 1) : head
}

async function parquetSource(database: Database, file: PlainFile): Promise<RecordSource> {
  const from = `read_parquet(${pathLiteral(file.path)}, hive_partitioning = false)`
  const described = await describeParquet(database, from, file)
  const columns = described.map(({ column_name: name, column_type: type }) => ({
    name,
    type,
    expression: identifier(name),
  }))
  return {
    file,
    format: 'parquet',
    from,
    columns,
    raw: `to_json({${columns.map(({ name, expression }) => `${literal(name)}: ${expression}`).join(', ')}})`,
    flaw: 'NULL',
    firstLine: `(Parquet) ${columns.map(({ name, type }) => `${name} ${type}`).join(', ')}`,
  }
}

async function describeParquet(database: Database, from: string, file: PlainFile) {
  try {
    return await database.rows<{ column_name: string; column_type: string }>(`DESCRIBE SELECT * FROM ${from}`)
  } catch (cause) {
    throw unusable(
      file.displayPath,
      `is a damaged or truncated Parquet file (${firstSentence(cause)})`,
      undefined,
      cause,
    )
  }
}

/** DuckDB's messages go on with hints about its own options; the first line is the finding. */
export function firstSentence(error: unknown): string {
  return (error as Error).message.split('\n')[0]!.replace(/^[A-Za-z ]*Error: /, '')
}

function jsonSource(file: PlainFile, lines: readonly string[]): RecordSource {
  const array = lines[0]!.trimStart().startsWith('[')
  const record = array ? 'json' : 'line'
  const valid = `(CASE WHEN json_valid(${record}) THEN ${record} END)`
  const names = array ? arrayKeys(file) : [...new Set(lines.flatMap(objectKeys))]
  return {
    file,
    format: array ? 'json array' : 'json lines',
    from: array ? `read_json_objects(${pathLiteral(file.path)}, format = 'array')` : wholeLines(file),
    columns: names.map((name) => ({
      name,
      type: 'VARCHAR',
      expression: `json_extract_string(${valid}, ${literal(jsonPointer(name))})`,
    })),
    raw: record,
    flaw: array ? 'NULL' : `CASE WHEN NOT json_valid(line) THEN 'the line is not JSON' END`,
    firstLine: lines[0]!,
    ...(array ? {} : { lines: { header: false, quote: '', delimiter: '' } }),
  }
}

/** Lines that are not blank. JSON has no raw control characters, so U+001F cuts no valid line. */
function wholeLines(file: PlainFile): string {
  const dialect = { delimiter: '\u001f', quote: '' }
  return `(SELECT line FROM ${csvFunction(file, ['line'], dialect, { header: false, encoding: 'utf-8' })} WHERE trim(line) <> '')`
}

function jsonPointer(key: string): string {
  return `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
}

function objectKeys(line: string): string[] {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : []
  } catch (error) {
    // A broken line shows no keys; it is set aside later with its number.
    if (error instanceof SyntaxError) return []
    throw error
  }
}

/** Keys of the flat objects that the beginning of a JSON array shows. */
function arrayKeys(file: PlainFile): string[] {
  const objects = file.head.toString('utf8').match(/\{[^{}]*\}/g) ?? []
  return [...new Set(objects.slice(0, 200).flatMap(objectKeys))]
}

function delimitedSource(file: PlainFile, lines: readonly string[], options: ReadingOptions): RecordSource {
  const dialect = guessDialect(lines, options.delimiter)
  const { delimiter, quote, nFields } = dialect ?? { delimiter: '\u001f', quote: '', nFields: 1 }
  const first = splitFields(lines[0]!, { delimiter, quote })
  const header = options.header ?? isHeader(first, options.columns ?? {})
  const width = header ? first.length : nFields
  const encoding = isUtf8(completeLines(file)) ? 'utf-8' : 'latin-1'
  const names = Array.from({ length: width }, (_, index) => `c${index + 1}`)
  return {
    file,
    format: 'delimited',
    from: csvFunction(file, names, { delimiter, quote }, { header, encoding }),
    columns: names.map((name, index) => ({
      name: header ? first[index]!.trim() : '',
      type: 'VARCHAR',
      expression: name,
    })),
    raw: `concat_ws(${literal(delimiter)}, ${names.join(', ')})`,
    flaw: 'NULL',
    firstLine: lines[0]!,
    lines: { header, quote, delimiter },
  }
}

/**
 * DuckDB's CSV reader with everything said and nothing guessed; lines that have too few or too many fields or are not
 * valid text go to its table `reject_errors`. Strict mode knows one kind of line end, so mixed ones need the lax mode.
 */
function csvFunction(
  file: PlainFile,
  names: readonly string[],
  { delimiter, quote }: Dialect,
  { header, encoding }: { header: boolean; encoding: string },
): string {
  const columns = names.map((name) => `${literal(name)}: 'VARCHAR'`).join(', ')
  const strict = !hasMixedLineEnds(file.head)
  return `read_csv(${pathLiteral(file.path)}, columns = {${columns}}, auto_detect = false, header = ${header}, delim = ${literal(delimiter)}, quote = ${literal(quote)}, escape = ${literal(quote)}, encoding = ${literal(encoding)}, strict_mode = ${strict}, store_rejects = true, rejects_limit = 0)`
}

function hasMixedLineEnds(head: Buffer): boolean {
  const text = head.toString('latin1')
  return text.includes('\r\n') && /[^\r]\n/.test(text)
}
