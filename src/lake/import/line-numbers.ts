import { closeSync, openSync, readSync } from 'node:fs'

export interface LineCount {
  readonly header: boolean
  /** Inside these, a line end belongs to the field; empty where the file does not quote. */
  readonly quote: string
  /** Empty where a line is one field: then white space alone is a blank line. */
  readonly delimiter: string
}

const newline = 10
const carriageReturn = 13
const chunkBytes = 1 << 20

export interface LocatedLines {
  /** Line numbers, from 1, of the accepted records that were asked for. */
  readonly accepted: readonly number[]
  /** Line numbers of the malformed records. */
  readonly malformed: readonly number[]
}

/**
 * Finds the lines of records. Blank lines are no records; the malformed ones do not count among the accepted. Runs
 * only when there is something to report, over the whole file once.
 * @param ordinals         of accepted records, ascending, from 0
 * @param malformedStarts  where malformed records start, bytes from 0, ascending
 */
export function locateLines(
  path: string,
  ordinals: readonly number[],
  malformedStarts: readonly number[],
  count: LineCount,
): LocatedLines {
  const [accepted, malformed]: [number[], number[]] = [[], []]
  let [record, skip] = [0, count.header ? 1 : 0]
  forEachRecord(path, count, (line, start, blank) => {
    if (blank) return true
    if (skip > 0) skip -= 1
    else if (start === malformedStarts[malformed.length]) malformed.push(line)
    else {
      if (record === ordinals[accepted.length]) accepted.push(line)
      record += 1
    }
    return accepted.length < ordinals.length || malformed.length < malformedStarts.length
  })
  return { accepted, malformed }
}

/**
 * Calls back with the line and the byte at which each record starts, until the callback returns false. A quote opens
 * a quoted field only where a field begins; inside one, a doubled quote closes and opens it again.
 */
function forEachRecord(
  path: string,
  { quote, delimiter }: LineCount,
  callback: (line: number, start: number, blank: boolean) => boolean,
): void {
  const quoteByte = quote === '' ? -1 : quote.charCodeAt(0)
  const delimiterByte = delimiter.charCodeAt(delimiter.length - 1)
  const isNothing = (byte: number) =>
    byte === carriageReturn || (delimiter === '' && (byte === 32 || byte === 9))
  const chunk = Buffer.alloc(chunkBytes)
  const descriptor = openSync(path, 'r')
  try {
    let [line, firstLine, start, position, length, previous] = [1, 1, 0, 0, 0, newline]
    let quoted = false
    for (let n = readSync(descriptor, chunk); n > 0; n = readSync(descriptor, chunk)) {
      for (let at = 0; at < n; at += 1, position += 1) {
        const byte = chunk[at]!
        if (byte === quoteByte) {
          const opens = previous === newline || previous === delimiterByte || previous === quoteByte
          quoted = !quoted && opens
        }
        previous = byte
        if (byte !== newline) length += isNothing(byte) ? 0 : 1
        else {
          line += 1
          if (quoted) continue
          if (!callback(firstLine, start, length === 0)) return
          firstLine = line
          start = position + 1
          length = 0
        }
      }
    }
    if (length > 0) callback(firstLine, start, false)
  } finally {
    closeSync(descriptor)
  }
}
