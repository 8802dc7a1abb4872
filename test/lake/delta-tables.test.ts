import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import parquet from 'parquetjs-lite'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Action } from '../../src/lake/delta/actions.ts'
import { commit } from '../../src/lake/delta/commit.ts'
import { scanSql } from '../../src/lake/delta/scan.ts'
import { readSnapshot } from '../../src/lake/delta/snapshot.ts'
import { openDatabase } from '../../src/lake/duckdb.ts'
import { type ImportOptions, importRatings } from '../../src/lake/import/import-ratings.ts'
import { openLake } from '../../src/lake/lake.ts'
import { createSample } from '../../src/lake/sample/create-sample.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'
import { checkpointRows, loggedStatistics, replayedRows } from './independent-reader.ts'

let dataDir: string
let nFiles = 0

beforeEach(() => {
  dataDir = temporaryDirectory()
})

function importCsv(rows: string, options: Partial<ImportOptions> = {}) {
  nFiles += 1
  const from = join(dataDir, `${nFiles}.csv`)
  writeFileSync(from, `user,item,rating,timestamp\n${rows}\n`)
  return importRatings({ dataDir, from, mode: 'append', maxRejects: 0, ...options })
}

const table = (name: string) => join(dataDir, 'lake', name)

async function ownRows(name: string, version?: number): Promise<string[]> {
  using database = await openDatabase()
  const scan = await scanSql(database, await readSnapshot(database, table(name), version))
  const rows = await database.rows<{ row: string }>(
    `SELECT to_json(t)::VARCHAR AS row FROM (${scan}) AS t ORDER BY row`,
  )
  return rows.map(({ row }) => row)
}

async function ratings(version?: number): Promise<string[]> {
  const lake = await openLake(dataDir)
  const { userIds, itemIds, userIndex, itemIndex, rating } = await lake.readInteractions(version)
  lake.close()
  return Array.from(userIndex, (user, row) => `${userIds[user]}${itemIds[itemIndex[row]!]}${rating[row]}`)
}

describe('appending', () => {
  test('lets the row of the later time win, and the new one where times are equal or unknown', async () => {
    await importCsv('u,a,1,50\nu,b,1,50\nu,c,1,50\nu,d,1,\nu,e,1,50\nv,z,1,50')
    const report = await importCsv('u,a,2,40\nu,b,2,50\nu,c,2,60\nu,d,2,\nu,e,2,\nw,y,2,9')
    expect(await ratings()).toEqual(['ua1', 'ub2', 'uc2', 'ud2', 'ue2', 'vz1', 'wy2'])
    expect(report).toMatchObject({
      rowsRead: 6,
      rowsKept: 5,
      rowsDuplicate: 1,
      rowsReplaced: 4,
      interactions: 7,
      users: 3,
      items: 7,
    })
  })

  test('rewrites only the files that hold replaced rows', async () => {
    await importCsv('u,a,1,1')
    await importCsv('v,a,1,1')
    await importCsv('u,a,2,2')
    expect(readCommit('interactions', 2).filter((action) => 'remove' in action)).toHaveLength(1)
    expect(await ratings()).toEqual(['ua2', 'va1'])
  })

  test('keeps titles that the new source does not know, and takes those that it does', async () => {
    const items = join(dataDir, 'items.csv')
    writeFileSync(items, 'id,title,categories\na,Old A,x\nb,Old B,y\n')
    await importCsv('u,a,1,1\nu,b,1,1', { items })
    writeFileSync(items, 'id,title,categories\nb,New B,\nc,New C,z\n')
    await importCsv('u,c,1,1', { items })
    const lake = await openLake(dataDir)
    const describeItems = async (version?: number) =>
      (await lake.readItems(version)).map(
        ({ itemId, title, categories }) => `${itemId} ${title} ${categories}`,
      )
    expect(await describeItems()).toEqual(['a Old A x', 'b New B y', 'c New C z'])
    expect(await describeItems(0)).toEqual(['a Old A x', 'b Old B y'])
    lake.close()
  })
})

function readCommit(name: string, version: number): Action[] {
  const path = join(table(name), '_delta_log', `${String(version).padStart(20, '0')}.json`)
  return readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

describe('a lake of two dozen versions', () => {
  const appendMany = async () => {
    for (let n = 0; n < 24; n += 1) await importCsv(`u${n % 7},i${n % 5},${n},${n}\nnew${n},it's %20 &,1,1`)
  }

  test('reads the same with our reader, with a replay of the log in SQL, and from checkpoints alone', async () => {
    await appendMany()
    for (const name of ['interactions', 'items', 'users']) {
      expect(
        readdirSync(join(table(name), '_delta_log')).filter((file) => file.includes('checkpoint')),
      ).toEqual([
        '00000000000000000010.checkpoint.parquet',
        '00000000000000000020.checkpoint.parquet',
        '_last_checkpoint',
      ])
      for (const version of [0, 9, 10, 11, 20, 23]) {
        expect(await ownRows(name, version), `${name} ${version}`).toEqual(
          await replayedRows(table(name), version),
        )
      }
      for (const version of [10, 20])
        expect(await checkpointRows(table(name), version)).toEqual(await ownRows(name, version))
    }
    const last = JSON.parse(readFileSync(join(table('users'), '_delta_log/_last_checkpoint'), 'utf8'))
    expect(last).toMatchObject({ version: 20, size: expect.any(Number) })
  })

  test('goes on when older commits are cleaned away, and names the versions that are left', async () => {
    await appendMany()
    const before = await ratings()
    for (let version = 0; version < 20; version += 1) {
      rmSync(join(table('interactions'), '_delta_log', `${String(version).padStart(20, '0')}.json`))
    }
    expect(await ratings()).toEqual(before)
    rmSync(join(table('interactions'), '_delta_log/00000000000000000010.checkpoint.parquet'))
    await expect(ratings(5)).rejects.toMatchObject({
      code: 'RECSYS_LAKE_VERSION',
      message: expect.stringMatching(/versions 20 to 23/),
    })
    await expect(ratings(24)).rejects.toMatchObject({
      code: 'RECSYS_LAKE_VERSION',
      data: { versions: [20, 21, 22, 23] },
    })
    await importCsv('u,i,1,1')
    expect(await ratings()).toHaveLength(before.length + 1)
  })

  test('ignores a checkpoint of which a part is missing, and temporary files', async () => {
    await appendMany()
    const before = await ratings()
    const log = join(table('interactions'), '_delta_log')
    writeFileSync(join(log, '00000000000000000022.checkpoint.0000000001.0000000002.parquet'), 'half')
    writeFileSync(join(log, '.00000000000000000024.json.tmp'), '{"remove":')
    writeFileSync(join(log, '_last_checkpoint'), 'not json')
    expect(await ratings()).toEqual(before)
  })
})

test('time travel reads each version as it was, items and users with it', async () => {
  await importCsv('u,a,1,1')
  await importCsv('u,b,2,2', { mode: 'overwrite' })
  await importCsv('u,c,3,3')
  expect([await ratings(0), await ratings(1), await ratings(2)]).toEqual([['ua1'], ['ub2'], ['ub2', 'uc3']])
  for (const version of [-1, 3, 0.5])
    await expect(ratings(version)).rejects.toMatchObject({ code: 'RECSYS_LAKE_VERSION' })
})

test('parquetjs-lite reads a data file row by row', async () => {
  await importCsv('u,a,1.5,1600000000\nu,b,2,\nv,ü,3,1')
  const [file] = readdirSync(table('interactions')).filter((name) => name.endsWith('.parquet'))
  const reader = await parquet.ParquetReader.openFile(join(table('interactions'), file!))
  const cursor = reader.getCursor()
  const rows = [await cursor.next(), await cursor.next(), await cursor.next(), await cursor.next()]
  await reader.close()
  expect(rows).toEqual([
    { user_id: 'u', item_id: 'a', rating: 1.5, timestamp: new Date(1_600_000_000_000) },
    { user_id: 'u', item_id: 'b', rating: 2 },
    { user_id: 'v', item_id: 'ü', rating: 3, timestamp: new Date(1000) },
    null,
  ])
})

test('the statistics of the log are those of the files', async () => {
  await createSample({ dataDir, mode: 'create', users: 30, items: 20, interactions: 200, seed: 1 })
  await importCsv('u1,i1,0.5,\nzzz,a,7,4102444800.5')
  using database = await openDatabase()
  for (const { path, stats } of ['interactions', 'items', 'users'].flatMap((name) =>
    loggedStatistics(table(name)),
  )) {
    const columns = Object.keys(stats.nullCount as object)
    const [row] = await database.rows<Record<string, unknown>>(
      `SELECT count(*) AS n, ${columns.map((c) => `count(*) - count(${c}) AS "nulls ${c}", min(${c}) AS "min ${c}", max(${c}) AS "max ${c}"`).join(', ')} FROM read_parquet('${path}')`,
    )
    expect(row!.n).toBe(stats.numRecords)
    for (const column of columns) {
      expect((stats.nullCount as Record<string, number>)[column]).toBe(row![`nulls ${column}`])
      for (const bound of ['min', 'max']) {
        const logged = (stats[`${bound}Values`] as Record<string, unknown>)[column]
        if (logged === undefined) continue
        expect(plain(logged), `${bound} of ${column}`).toBe(plain(row![`${bound} ${column}`]))
      }
    }
  }
})

/** Instants to the millisecond, as the protocol truncates them. */
function plain(value: unknown): unknown {
  const instant = /^\d{4}-\d\d-\d\d[ T]/.test(String(value))
    ? new Date(String(value).replace(/\+00$/, 'Z'))
    : undefined
  return instant ? instant.getTime() : value
}

describe('two writers at once', () => {
  test('of a commit of the same version exactly one succeeds', () => {
    const directory = table('t')
    commit(directory, 0, [{ txn: { appId: 'a', version: 1 } }])
    expect(() => commit(directory, 0, [{ txn: { appId: 'b', version: 1 } }])).toThrow(
      expect.objectContaining({ code: 'RECSYS_LAKE_CONFLICT', exitCode: 5 }),
    )
    expect(readdirSync(join(directory, '_delta_log'))).toEqual(['00000000000000000000.json'])
  })

  test('of imports at least one gets through, the others are told, and no row of a success is lost', async () => {
    await importCsv('u,first,1,1')
    const outcomes = await Promise.allSettled([1, 2, 3, 4].map((n) => importCsv(`u${n},i${n},${n},${n}`)))
    const won = outcomes.flatMap(({ status }, n) =>
      status === 'fulfilled' ? [`u${n + 1}i${n + 1}${n + 1}`] : [],
    )
    const lost = outcomes.filter((outcome) => outcome.status === 'rejected')
    expect(won.length).toBeGreaterThan(0)
    for (const { reason } of lost) expect(reason).toMatchObject({ code: 'RECSYS_LAKE_CONFLICT', exitCode: 5 })
    expect(await ratings()).toEqual(['ufirst1', ...won])
  })
})

describe('what a killed import leaves behind', () => {
  test('a version of items that no interactions name is neither read nor in the way', async () => {
    await importCsv('u,a,1,1')
    const before = await ownRows('items')
    commit(
      table('items'),
      1,
      readCommit('items', 0).filter((action) => 'commitInfo' in action),
    )
    commit(table('items'), 2, [
      {
        remove: {
          path: readdirSync(table('items')).find((name) => name.startsWith('part'))!,
          dataChange: true,
        },
      },
    ])
    const lake = await openLake(dataDir)
    expect(await lake.readItems()).toHaveLength(1)
    await importCsv('u,b,1,1')
    expect(await lake.readItems()).toHaveLength(2)
    lake.close()
    expect(await ownRows('items', 0)).toEqual(before)
    expect(await ownRows('items')).toHaveLength(2)
  })

  test('its staging directory is removed by the next import, that of a running one is not', async () => {
    const staging = join(dataDir, 'lake/.staging')
    mkdirSync(join(staging, '999999999-abc'), { recursive: true })
    mkdirSync(join(staging, `${process.ppid}-abc`))
    await importCsv('u,a,1,1')
    expect(readdirSync(staging)).toEqual([`${process.ppid}-abc`])
  })
})

describe('a table that another program has touched', () => {
  test('is not written to once it needs more than writer version 2', async () => {
    await importCsv('u,a,1,1')
    commit(table('interactions'), 1, [
      { protocol: { minReaderVersion: 1, minWriterVersion: 7, writerFeatures: ['rowTracking'] } },
    ])
    await expect(importCsv('u,b,1,1')).rejects.toMatchObject({
      code: 'RECSYS_LAKE_FEATURE',
      message: expect.stringMatching(/rowTracking/),
    })
    expect(await ratings()).toEqual(['ua1'])
  })

  test('is not appended to while it has columns that would be lost', async () => {
    await importCsv('u,a,1,1')
    const { metaData } = readCommit('interactions', 0).find((action) => action.metaData)!
    const schema = JSON.parse(metaData!.schemaString)
    schema.fields.push({ name: 'device', type: 'string', nullable: true, metadata: {} })
    commit(table('interactions'), 1, [{ metaData: { ...metaData!, schemaString: JSON.stringify(schema) } }])
    await expect(importCsv('u,b,1,1')).rejects.toMatchObject({
      code: 'RECSYS_LAKE_FEATURE',
      message: expect.stringMatching(/device/),
    })
    await importCsv('u,b,1,1', { mode: 'overwrite' })
    expect(await ratings()).toEqual(['ub1'])
  })

  test('into partitions is put together again by the next append', async () => {
    await importCsv('u,a,1,1')
    using database = await openDatabase()
    const path = 'user_id=v%20w/part.parquet'
    mkdirSync(join(table('interactions'), 'user_id=v w'))
    await database.run(
      `COPY (SELECT 'b' AS item_id, 2::FLOAT AS rating, NULL::TIMESTAMPTZ AS timestamp) TO '${join(table('interactions'), decodeURIComponent(path))}'`,
    )
    const [own] = readCommit('interactions', 0).flatMap(({ add }) => (add ? [add] : []))
    const { metaData } = readCommit('interactions', 0).find((action) => action.metaData)!
    commit(table('interactions'), 1, [
      { metaData: { ...metaData!, partitionColumns: ['user_id'] } },
      { remove: { path: own!.path, dataChange: true } },
      { add: { path, partitionValues: { user_id: 'v w' }, size: 1, modificationTime: 1, dataChange: true } },
    ])
    expect(await ratings()).toEqual(['v wb2'])
    await importCsv('u,c,3,1')
    expect(await ratings()).toEqual(['uc3', 'v wb2'])
  })

  test('with a data file gone, a line broken or a column renamed is called corrupt', async () => {
    await importCsv('u,a,1,1')
    const [file] = readdirSync(table('interactions')).filter((name) => name.endsWith('.parquet'))
    rmSync(join(table('interactions'), file!))
    await expect(ratings()).rejects.toMatchObject({
      code: 'RECSYS_LAKE_CORRUPT',
      message: expect.stringMatching(/is gone/),
    })
    writeFileSync(join(table('interactions'), '_delta_log/00000000000000000001.json'), '{"add":\n')
    await expect(ratings()).rejects.toMatchObject({
      code: 'RECSYS_LAKE_CORRUPT',
      message: expect.stringMatching(/001.json:1 is not a line of JSON/),
    })
  })

  test('may have repeated pairs and rows without ids: the latest stays, the others go', async () => {
    await importCsv('u,a,1,5\nu,b,2,5')
    using database = await openDatabase()
    const path = join(table('interactions'), 'other writer.parquet')
    await database.run(
      `COPY (SELECT * FROM (VALUES ('u', 'a', 3::FLOAT, to_timestamp(9)), ('u', 'b', 4, to_timestamp(1)), (NULL, 'b', 4, NULL), ('u', 'c', NULL, NULL), ('u', 'd', 1, NULL)) t(user_id, item_id, rating, timestamp)) TO '${path}'`,
    )
    commit(table('interactions'), 1, [
      {
        add: {
          path: 'other%20writer.parquet',
          partitionValues: {},
          size: 1,
          modificationTime: 1,
          dataChange: true,
        },
      },
    ])
    expect(await ratings()).toEqual(['ua3', 'ub2', 'ud1'])
  })
})

test('a lake that is not there is called missing', async () => {
  await expect(openLake(join(dataDir, 'nowhere'))).rejects.toMatchObject({
    code: 'RECSYS_LAKE_MISSING',
    exitCode: 4,
  })
  expect(existsSync(join(dataDir, 'nowhere'))).toBe(false)
})

test('user ids come in order and at most as many as asked for', async () => {
  await importCsv('u2,a,1,1\nu1,a,1,1\nu3,a,1,1')
  const lake = await openLake(dataDir)
  expect([await lake.readUserIds(), await lake.readUserIds(2), await lake.latestVersion()]).toEqual([
    ['u1', 'u2', 'u3'],
    ['u1', 'u2'],
    0,
  ])
  lake.close()
})
