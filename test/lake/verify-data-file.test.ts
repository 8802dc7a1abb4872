import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openDatabase } from '../../src/lake/duckdb.ts'
import { tableSchemas } from '../../src/lake/tables.ts'
import { verifyDataFile } from '../../src/lake/verify-data-file.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'

test('a data file is committed only when a second reader finds its rows and columns', async () => {
  const path = join(temporaryDirectory(), 'a.parquet')
  using database = await openDatabase()
  await database.run(
    `COPY (SELECT 'a' AS item_id, 't' AS title, ['x'] AS categories, '{}' AS attributes FROM range(7)) TO '${path}'`,
  )
  const verify = (nRows: number, table: 'items' | 'users') => verifyDataFile(path, nRows, tableSchemas[table])
  await expect(verify(7, 'items')).resolves.toBe(undefined)
  const corrupt = (message: RegExp) => ({
    code: 'RECSYS_LAKE_CORRUPT',
    message: expect.stringMatching(message),
  })
  await expect(verify(8, 'items')).rejects.toMatchObject(corrupt(/has 7 rows .* expected 8/))
  await expect(verify(7, 'users')).rejects.toMatchObject(
    corrupt(/of item_id, title, categories, attributes; expected 7 of user_id/),
  )
  truncateSync(path, 100)
  await expect(verify(7, 'items')).rejects.toMatchObject(corrupt(/is not Parquet/))
  writeFileSync(path, '')
  await expect(verify(7, 'items')).rejects.toMatchObject(corrupt(/is not Parquet/))
})
