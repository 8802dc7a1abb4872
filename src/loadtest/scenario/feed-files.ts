import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { CsvError, parse } from 'csv-parse'
import type { FeedTable } from './feeds.ts'

/** More rows than this add nothing to a load test; the rest of a file is not read. */
export const mostFeedRows = 1_000_000

/** A feed that cannot be read, in words. */
export class FeedError extends Error {}

/** The first row of the file has the names of its columns. @throws FeedError */
export async function readCsvFeed(path: string): Promise<FeedTable> {
  const rows: string[][] = []
  const parser = parse({ bom: true, skip_empty_lines: true, to: mostFeedRows + 1 })
  try {
    await pipeline(createReadStream(path), parser, async (records: AsyncIterable<string[]>) => {
      for await (const record of records) rows.push(record)
    })
  } catch (cause) {
    throw new FeedError(reasonOf(cause), { cause })
  }
  const [columns = [], ...cells] = rows
  return requireRows({ columns, rows: cells })
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  if ('code' in cause && cause.code === 'ENOENT') return 'there is no such file'
  return cause instanceof CsvError ? `line ${cause.lines} is not CSV: ${cause.message}` : cause.message
}

/** @throws FeedError for a table that no row can be drawn from, or whose columns cannot be told apart */
export function requireRows(table: FeedTable): FeedTable {
  const double = table.columns.find((column, i) => table.columns.indexOf(column) !== i)
  if (double !== undefined) throw new FeedError(`it has the column ${JSON.stringify(double)} twice`)
  if (table.columns.some((column) => column.trim() === ''))
    throw new FeedError('it has a column without a name')
  if (table.rows.length === 0) throw new FeedError('it has no rows')
  return table
}
