import { closeSync, openSync, readSync } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'
import { RecsysError } from '../errors.ts'

export interface Pair {
  readonly userId: string
  readonly itemId: string
  /** From 1. */
  readonly line: number
}

interface Row {
  readonly fields: readonly string[]
  readonly line: number
}

/** `::` first, for single characters occur beside it; spaces where the first line has none of these. */
const delimiters = ['::', '\t', ',', ';', '|'] as const

const idName = /^(user|item|movie|product)([_ ]?id)?$/i

/**
 * User and item ids of a ratings file: CSV, TSV, `::` or spaces, the user first and the item second; a header line is
 * passed over. Other columns are not looked at.
 * @throws RECSYS_PAIR_FILE when the file cannot be read, or a line has another number of fields than the first
 */
export function* readPairs(path: string): Generator<Pair> {
  const rows = readRows(path)
  const first = rows.next().value
  const second = rows.next().value
  if (first && !isHeader(first, second)) yield pairOf(first)
  if (second) yield pairOf(second)
  for (const row of rows) yield pairOf(row)
}

function pairOf({ fields, line }: Row): Pair {
  return { userId: fields[0], itemId: fields[1], line }
}

/** Names of ids, or a word above a column of numbers. */
function isHeader(first: Row, second: Row | undefined): boolean {
  if (first.fields.slice(0, 2).every((field) => idName.test(field))) return true
  return !isNumber(first.fields[2]) && isNumber(second?.fields[2])
}

function isNumber(field: string | undefined): boolean {
  return field !== undefined && field !== '' && Number.isFinite(Number(field))
}

function* readRows(path: string): Generator<Row, undefined> {
  let delimiter: string | undefined
  let nFields = 0
  let line = 0
  for (const whole of readLines(path)) {
    line++
    const text = line === 1 ? whole.replace(/^\uFEFF/, '') : whole
    if (text.trim() === '') continue
    delimiter ??= delimiters.find((candidate) => text.includes(candidate)) ?? ' '
    const fields = splitFields(text, delimiter)
    nFields ||= fields.length
    if (fields.length < 2 || fields.length !== nFields) throw raggedLine(path, line, fields.length, nFields)
    yield { fields, line }
  }
}

function splitFields(text: string, delimiter: string): string[] {
  if (delimiter === ' ') return text.trim().split(/ +/)
  const fields = text.includes('"') ? splitQuoted(text, delimiter) : text.split(delimiter)
  return fields.map((field) => field.trim())
}

/** Fields in double quotes may hold the delimiter, and quotes written twice. */
function splitQuoted(text: string, delimiter: string): string[] {
  const fields: string[] = []
  let start = 0
  let quoted = false
  for (let at = 0; at <= text.length; at++) {
    if (text[at] === '"') quoted = !quoted
    if (at < text.length && (quoted || !text.startsWith(delimiter, at))) continue
    fields.push(unquote(text.slice(start, at).trim()))
    start = at + delimiter.length
    at = start - 1
  }
  return fields
}

function unquote(field: string): string {
  const quoted = field.length >= 2 && field.startsWith('"') && field.endsWith('"')
  return quoted ? field.slice(1, -1).replaceAll('""', '"') : field
}

/** Line by line, so that the length of a string does not limit the size of the file. */
function* readLines(path: string): Generator<string> {
  const file = openFile(path)
  try {
    const decoder = new StringDecoder('utf8')
    const chunk = Buffer.alloc(1 << 18)
    let rest = ''
    for (let size = read(file, chunk, path); size > 0; size = read(file, chunk, path)) {
      const lines = (rest + decoder.write(chunk.subarray(0, size))).split(/\r?\n/)
      rest = lines.pop() ?? ''
      yield* lines
    }
    if (rest !== '') yield rest
  } finally {
    closeSync(file)
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, 'r')
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

function read(file: number, chunk: Buffer, path: string): number {
  try {
    return readSync(file, chunk)
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

function unreadable(path: string, cause: unknown): RecsysError {
  return new RecsysError('RECSYS_PAIR_FILE', {
    message: `${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
    cause,
  })
}

function raggedLine(path: string, line: number, got: number, nFields: number): RecsysError {
  const expected = nFields < 2 ? 'a user and an item' : `${nFields} as in the first line`
  return new RecsysError('RECSYS_PAIR_FILE', {
    message: `${path} has ${got} fields at line ${line}, expected ${expected}`,
  })
}
