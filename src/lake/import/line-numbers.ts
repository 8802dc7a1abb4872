import { closeSync, openSync, readSync } from 'node:fs'

export interface LineCount {
  readonly header: boolean
  /** Inside these, a line end belongs to the field; empty where the file does not quote. */
  readonly quote: string
  readonly delimiter: string
}

const newline = 10
const carriageReturn = 13
const chunkBytes = 1 << 20

/**
 * Line numbers (from 1) of records that DuckDB has accepted. Blank lines are no records, and neither are the malformed
 * ones it has set aside. Runs only when there is something to report, over the whole file once.
 * @param ordinals   ascending, from 0
 * @param malformed  line numbers
 */
export function lineNumbers(
  path: string,
  ordinals: readonly number[],
  malformed: ReadonlySet<number>,
  { header, quote, delimiter }: LineCount,
): number[] {
  const found: number[] = []
  let [record, skip] = [0, header ? 1 : 0]
  forEachRecord(path, quote, delimiter, (line, blank) => {
    if (blank) return true
    if (skip > 0) skip -= 1
    else if (!malformed.has(line)) {
      if (record === ordinals[found.length]) found.push(line)
      record += 1
    }
    return found.length < ordinals.length
  })
  return found
}

/**
 * Calls back with the number of the line in which each record starts, until the callback returns false. A quote opens
 * a quoted field only where a field begins; inside one, a doubled quote closes and opens it again.
 */
function forEachRecord(
  path: string,
  quote: string,
  delimiter: string,
  callback: (line: number, blank: boolean) => boolean,
): void {
  const quoteByte = quote === '' ? -1 : quote.charCodeAt(0)
  const delimiterByte = delimiter.charCodeAt(delimiter.length - 1)
  const chunk = Buffer.alloc(chunkBytes)
  const descriptor = openSync(path, 'r')
  try {
    let [line, start, quoted, length, previous] = [1, 1, false, 0, newline]
    for (let n = readSync(descriptor, chunk); n > 0; n = readSync(descriptor, chunk)) {
      for (let at = 0; at < n; at += 1) {
        const byte = chunk[at]!
        if (byte === quoteByte) {
          const opens = previous === newline || previous === delimiterByte || previous === quoteByte
          quoted = !quoted && opens
        }
        previous = byte
        if (byte !== newline) length += byte === carriageReturn ? 0 : 1
        else {
          line += 1
          if (quoted) continue
          if (!callback(start, length === 0)) return
          start = line
          length = 0
        }
      }
    }
    if (length > 0) callback(start, false)
  } finally {
    closeSync(descriptor)
  }
}
