import type { FeedDocument, FeedValue } from './document.ts'

/** By name, in the order of the scenario. */
export type Feeds = Readonly<Record<string, Feed>>

/** The rows of a feed, in memory that all threads share. */
export interface Feed {
  readonly nRows: number
  readonly columns: Readonly<Record<string, FeedColumn>>
  readonly order: FeedDocument['order']
  readonly exponent: number
  readonly cursor: FeedDocument['cursor']
  readonly hold: FeedDocument['hold']
  /** How many rows the users of a shared cursor have drawn; one element. */
  readonly drawn: Int32Array<SharedArrayBuffer>
}

export interface FeedColumn {
  /** `text`: each cell as it is. `json`: each cell is the JSON of its value. */
  readonly kind: 'text' | 'json'
  /** UTF-8 of all cells, one after another. */
  readonly bytes: Uint8Array<SharedArrayBuffer>
  /** nRows + 1: where the cells begin, and the end. */
  readonly starts: Uint32Array<SharedArrayBuffer>
}

/** A table as readers give it. */
export interface FeedTable {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly FeedValue[])[]
}

/** @param table  one row at least */
export function packFeed(
  table: FeedTable,
  { order, exponent, cursor, hold }: Omit<FeedDocument, 'source'>,
): Feed {
  const columns = table.columns.map((name, c) => [name, packColumn(table.rows.map((row) => row[c] ?? null))])
  return {
    nRows: table.rows.length,
    columns: Object.fromEntries(columns),
    ...{ order, exponent, cursor, hold },
    drawn: new Int32Array(new SharedArrayBuffer(4)),
  }
}

function packColumn(values: readonly FeedValue[]): FeedColumn {
  const kind = values.every((value) => typeof value === 'string') ? 'text' : 'json'
  const cells = values.map((value) => (kind === 'text' ? String(value) : JSON.stringify(value)))
  const starts = new Uint32Array(new SharedArrayBuffer(4 * (cells.length + 1)))
  for (const [i, cell] of cells.entries()) starts[i + 1] = starts[i]! + Buffer.byteLength(cell)
  const bytes = new Uint8Array(new SharedArrayBuffer(starts[cells.length]!))
  const buffer = Buffer.from(bytes.buffer)
  for (const [i, cell] of cells.entries()) buffer.write(cell, starts[i]!)
  return { kind, bytes, starts }
}

/** Reads one column of a feed. */
export function cellReader({ kind, bytes, starts }: FeedColumn): (row: number) => FeedValue {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const text = (row: number) => buffer.toString('utf8', starts[row], starts[row + 1])
  return kind === 'text' ? text : (row) => JSON.parse(text(row)) as FeedValue
}
