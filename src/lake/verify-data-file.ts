import parquet from 'parquetjs-lite'
import { RecsysError } from '../errors.ts'
import type { StructType } from './delta/schema.ts'

/**
 * A second opinion before a commit names a file: a reader that shares no code with its writer must open it and find the
 * same rows and columns. Reads only the footer.
 * @throws RECSYS_LAKE_CORRUPT
 */
export async function verifyDataFile(path: string, nRows: number, schema: StructType): Promise<void> {
  const reader = await open(path)
  try {
    const columns = Object.keys(reader.getSchema().fields)
    const expected = schema.fields.map(({ name }) => name)
    const got = Number(reader.getRowCount().valueOf())
    if (got === nRows && columns.join() === expected.join()) return
    throw new RecsysError('RECSYS_LAKE_CORRUPT', {
      message: `the file just written, ${path}, has ${got} rows of ${columns.join(', ')}; expected ${nRows} of ${expected.join(', ')}`,
      remedy: 'Nothing was committed. Check the disk, then run the command again.',
    })
  } finally {
    await reader.close()
  }
}

async function open(path: string) {
  try {
    return await parquet.ParquetReader.openFile(path)
  } catch (cause) {
    throw new RecsysError('RECSYS_LAKE_CORRUPT', {
      message: `the file just written, ${path}, is not Parquet: ${cause instanceof Error ? cause.message : String(cause)}`,
      remedy: 'Nothing was committed. Check the disk, then run the command again.',
      cause,
    })
  }
}
