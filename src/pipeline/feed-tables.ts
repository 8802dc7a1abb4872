import { RecsysError } from '../errors.ts'
import { type ParquetTable, readParquetTable } from '../lake/parquet-table.ts'
import { readPopulation } from './population.ts'

/** What the feeds of a load test read: Parquet files, and the users, items and categories of the lake in `dataDir`. */
export function feedTables(dataDir: string) {
  return {
    parquet: readParquet,
    lake: async (table: 'users' | 'items' | 'categories', mostRows: number): Promise<ParquetTable> => {
      const { userIds, itemIds, categories } = await readPopulation(dataDir, mostRows)
      if (table === 'users') return { columns: ['id'], rows: userIds.map((id) => [id]) }
      if (table === 'items') return { columns: ['id'], rows: itemIds.slice(0, mostRows).map((id) => [id]) }
      return { columns: ['name'], rows: categories.map((name) => [name]) }
    },
  }
}

async function readParquet(path: string, mostRows: number): Promise<ParquetTable> {
  try {
    return await readParquetTable(path, mostRows)
  } catch (cause) {
    throw new RecsysError('RECSYS_FEED_UNREADABLE', {
      message: cause instanceof Error ? cause.message.split('\n')[0]! : String(cause),
      cause,
    })
  }
}
