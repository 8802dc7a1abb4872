import { existsSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { scanSql } from '../../src/lake/delta/scan.ts'
import { readSnapshot, type Snapshot } from '../../src/lake/delta/snapshot.ts'
import { type Database, literal, openDatabase } from '../../src/lake/duckdb.ts'
import { goldenTables } from '../helpers/datasets.ts'

const root = goldenTables()

/** Tables that are refused: the code, and the words that name the reason. */
const refused: Readonly<Record<string, readonly [code: string, reason: RegExp]>> = {
  'data-reader-absolute-paths-escaped-chars': ['RECSYS_LAKE_CORRUPT', /no metaData action/],
  'data-reader-partition-values': ['RECSYS_LAKE_FEATURE', /as_timestamp has the timestamp .* without a zone/],
  'data-reader-timestamp_ntz-id-mode': ['RECSYS_LAKE_FEATURE', /columnMapping/],
  'data-reader-timestamp_ntz-name-mode': ['RECSYS_LAKE_FEATURE', /columnMapping/],
  'data-skipping-basic-stats-all-types-columnmapping-id': [
    'RECSYS_LAKE_FEATURE',
    /columnMapping \(mode id\)/,
  ],
  'data-skipping-basic-stats-all-types-columnmapping-name': [
    'RECSYS_LAKE_FEATURE',
    /columnMapping \(mode name\)/,
  ],
  'deltalog-commit-info': ['RECSYS_LAKE_CORRUPT', /metaData action without a schema/],
  'deltalog-invalid-protocol-version': ['RECSYS_LAKE_FEATURE', /reader version 99/],
  'deltalog-state-reconstruction-from-checkpoint-missing-metadata': ['RECSYS_LAKE_CORRUPT', /no metaData/],
  'deltalog-state-reconstruction-from-checkpoint-missing-protocol': ['RECSYS_LAKE_CORRUPT', /no protocol/],
  'deltalog-state-reconstruction-without-metadata': ['RECSYS_LAKE_CORRUPT', /no metaData/],
  'deltalog-state-reconstruction-without-protocol': ['RECSYS_LAKE_CORRUPT', /no protocol/],
  'dv-partitioned-with-checkpoint': ['RECSYS_LAKE_FEATURE', /deletionVectors/],
  'dv-with-columnmapping': ['RECSYS_LAKE_FEATURE', /deletionVectors, columnMapping/],
  'kernel-timestamp-int96': ['RECSYS_LAKE_FEATURE', /without a zone/],
  'kernel-timestamp-pst': ['RECSYS_LAKE_FEATURE', /without a zone/],
  'kernel-timestamp-timestamp_micros': ['RECSYS_LAKE_FEATURE', /without a zone/],
  'kernel-timestamp-timestamp_millis': ['RECSYS_LAKE_FEATURE', /without a zone/],
  'log-replay-dv-key-cases': ['RECSYS_LAKE_FEATURE', /deletionVectors/],
  'no-delta-log-folder': ['RECSYS_LAKE_MISSING', /has no Delta log/],
  'table-with-columnmapping-mode-id': ['RECSYS_LAKE_FEATURE', /columnMapping \(mode id\)/],
  'table-with-columnmapping-mode-name': ['RECSYS_LAKE_FEATURE', /columnMapping \(mode name\)/],
  'update-deleted-directory': ['RECSYS_LAKE_CORRUPT', /metaData action without a schema/],
  'v2-checkpoint-json': ['RECSYS_LAKE_FEATURE', /v2Checkpoint/],
  'v2-checkpoint-parquet': ['RECSYS_LAKE_FEATURE', /v2Checkpoint/],
  'versions-not-contiguous': ['RECSYS_LAKE_CORRUPT', /no commit 1, .*not contiguous/],
}

/** Logs whose data files were never published; their state can be replayed and their rows cannot be read. */
const withoutDataFiles = [
  'checkpoint',
  'delete-re-add-same-file-different-transactions',
  'log-replay-special-characters-b',
]

describe.skipIf(!root)('a Delta table written by Spark', () => {
  for (const directory of root ? goldenDirectories(root) : []) {
    const name = relative(root!, directory).replace(/\/delta$/, '')
    test(`${name} is ${refused[name] ? 'refused with its reason' : 'read as its writer saw it'}`, async () => {
      using database = await openDatabase()
      const [code, message] = refused[name] ?? missingFile(name)
      if (code)
        await expect(difference(database, directory)).rejects.toMatchObject({
          code,
          message: expect.stringMatching(message!),
        })
      else expect(await difference(database, directory)).toEqual({ surplus: [], missing: [] })
    })
  }
})

function missingFile(name: string): readonly [code?: string, reason?: RegExp] {
  return withoutDataFiles.includes(name) ? ['RECSYS_LAKE_CORRUPT', /names a data file that is gone/] : []
}

/** Every folder that holds a table, and the two that must be refused for lack of a log. */
function goldenDirectories(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter(
      (entry) =>
        entry.isDirectory() &&
        (entry.name === '_delta_log' || entry.parentPath.endsWith('no-delta-log-folder')),
    )
    .map((entry) => (entry.name === '_delta_log' ? entry.parentPath : join(entry.parentPath, entry.name)))
}

/** Rows that we read too much and too little. */
async function difference(database: Database, directory: string) {
  const snapshot = await readSnapshot(database, directory)
  const got = await scanSql(database, snapshot)
  const expected = join(directory, '..', 'expected')
  if (!existsSync(expected)) return countDifference(database, got, snapshot)
  const columns = await database.rows<{ column_name: string; column_type: string }>(`DESCRIBE ${got}`)
  const casts = columns.map(({ column_name, column_type }) => `CAST("${column_name}" AS ${column_type})`)
  const want = `SELECT ${casts.join(', ')} FROM read_parquet(${literal(join(expected, '**/*.parquet'))}, union_by_name = true, hive_partitioning = false)`
  return {
    surplus: await database.rows(`(${got}) EXCEPT ALL (${want})`),
    missing: await database.rows(`(${want}) EXCEPT ALL (${got})`),
  }
}

/** Where nobody wrote down the rows, the statistics of the log still say how many there are. */
async function countDifference(database: Database, got: string, snapshot: Snapshot) {
  const counts = snapshot.files.map(
    (file) => (JSON.parse(file.stats ?? '{}') as { numRecords?: number }).numRecords,
  )
  const nRows = await database.value<number>(`SELECT count(*) FROM (${got})`)
  const known = counts.every((count) => count !== undefined)
  const nExpected = known ? counts.reduce((sum, count) => sum + count!, 0) : nRows
  return { surplus: nRows > nExpected ? [nRows] : [], missing: nRows < nExpected ? [nExpected] : [] }
}
