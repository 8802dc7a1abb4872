import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeEach, describe, expect, test } from 'vitest'
import { openDatabase } from '../../src/lake/duckdb.ts'
import { type ImportOptions, importRatings } from '../../src/lake/import/import-ratings.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'

let directory: string
let dataDir: string

beforeEach(() => {
  directory = temporaryDirectory()
  dataDir = join(directory, 'data')
})

/** Imports a file of this name and content. */
function importing(name: string, content: string | Buffer, options: Partial<ImportOptions> = {}) {
  const from = join(directory, name)
  writeFileSync(from, content)
  return importRatings({ dataDir, from, mode: 'create', maxRejects: 0.01, ...options })
}

function tableNames(): string[] {
  return ['interactions', 'items', 'users'].filter((table) => existsSync(join(dataDir, 'lake', table)))
}

const lines = (n: number, line: (i: number) => string) =>
  Array.from({ length: n }, (_, i) => line(i)).join('\n')

describe('a source that cannot be imported', () => {
  const refusals: [what: string, name: string, content: string | Buffer, code: string, message: RegExp][] = [
    ['an empty file', 'a.csv', '', 'RECSYS_IMPORT_SOURCE', /is empty/],
    ['a file of blank lines', 'a.csv', '\n\n \n', 'RECSYS_IMPORT_SOURCE', /only blank lines/],
    ['a header without rows', 'a.csv', 'user,item,rating\n', 'RECSYS_IMPORT_SOURCE', /no rows/],
    ['a zip archive', 'ml.zip', Buffer.from('PK\x03\x04rest'), 'RECSYS_IMPORT_SOURCE', /is a zip archive/],
    [
      'a truncated gzip file',
      'a.csv.gz',
      gzipSync(lines(9999, (i) => `${i},${i * 7},3`)).subarray(0, 9000),
      'RECSYS_IMPORT_SOURCE',
      /truncated gzip/,
    ],
    [
      'a gzip file of nothing',
      'a.csv.gz',
      gzipSync(''),
      'RECSYS_IMPORT_SOURCE',
      /nothing once it is unpacked/,
    ],
    [
      'something else named Parquet',
      'a.parquet',
      'user,item,rating\n1,2,3\n',
      'RECSYS_IMPORT_SOURCE',
      /not a Parquet file/,
    ],
    ['a binary file', 'a.csv', Buffer.from([1, 2, 0, 4, 10]), 'RECSYS_IMPORT_SOURCE', /binary/],
    [
      'UTF-16',
      'a.csv',
      Buffer.from('\ufeffuser,item,rating\n1,2,3\n', 'utf16le'),
      'RECSYS_IMPORT_SOURCE',
      /UTF-16/,
    ],
    [
      'a delimiter that is not known',
      'a.csv',
      'user#item#rating\n1#2#3\n',
      'RECSYS_IMPORT_COLUMNS',
      /its first line is: user#item#rating/,
    ],
    [
      'a missing column',
      'a.csv',
      'user,film,rating\n1,2,3\n',
      'RECSYS_IMPORT_COLUMNS',
      /known as item; its columns are user, film, rating/,
    ],
    ['two unnamed columns', 'a.csv', '1,2\n3,4\n', 'RECSYS_IMPORT_COLUMNS', /it has 2 unnamed columns/],
    [
      'five unnamed columns',
      'a.csv',
      '1,2,3,4,5\n3,4,5,6,7\n',
      'RECSYS_IMPORT_COLUMNS',
      /it has 5 unnamed columns/,
    ],
    [
      'lines of many lengths',
      'a.txt',
      '0 1 2 3\n1 2\n3 4 5 6 7 8\n1\n',
      'RECSYS_IMPORT_COLUMNS',
      /its first line is: 0 1 2 3/,
    ],
    [
      'a quote that never closes',
      'a.csv',
      `user,item,rating\n1,2,3\n1,"x,3\n${lines(500, (i) => `${i},2,3`)}\n`,
      'RECSYS_IMPORT_SOURCE',
      /line 3 that is not closed/,
    ],
    [
      'a JSON text that is no table',
      'a.json',
      '[1, 2, 3]',
      'RECSYS_IMPORT_COLUMNS',
      /known as user, item, rating/,
    ],
    [
      'a broken JSON array',
      'a.json',
      '[{"user":1,"item":2,"rating":3},{"user":',
      'RECSYS_IMPORT_SOURCE',
      /cannot be read/,
    ],
  ]
  for (const [what, name, content, code, message] of refusals) {
    test(`${what} is refused with exit code 4, and no table appears`, async () => {
      await expect(importing(name, content)).rejects.toMatchObject({
        code,
        exitCode: 4,
        message: expect.stringMatching(message),
      })
      expect(tableNames()).toEqual([])
    })
  }

  test('a truncated Parquet file is refused', async () => {
    using database = await openDatabase()
    const path = join(directory, 'a.parquet')
    await database.run(`COPY (SELECT i AS user, i AS item, 3 AS rating FROM range(9999) t(i)) TO '${path}'`)
    truncateSync(path, 5000)
    await expect(importing('b.parquet', readFileSync(path))).rejects.toMatchObject({
      code: 'RECSYS_IMPORT_SOURCE',
      message: expect.stringMatching(/damaged or truncated Parquet/),
    })
  })

  test('a path that is not there, and a glob that matches nothing, are named', async () => {
    const missing = (from: string) => importRatings({ dataDir, from, mode: 'create', maxRejects: 0 })
    await expect(async () => missing(join(directory, 'no.csv'))).rejects.toMatchObject({
      code: 'RECSYS_IMPORT_SOURCE',
    })
    await expect(async () => missing(join(directory, '*.csv'))).rejects.toMatchObject({
      code: 'RECSYS_IMPORT_SOURCE',
    })
  })

  test('a folder without data says what it could hold', async () => {
    mkdirSync(join(directory, 'empty'))
    await expect(async () =>
      importRatings({ dataDir, from: join(directory, 'empty'), mode: 'create', maxRejects: 0 }),
    ).rejects.toThrow(/neither a MovieLens data set/)
  })
})

describe('rows that cannot be right', () => {
  const bad = [
    ',i,3,1',
    'u,,3,1',
    'u,i,,1',
    'u,i,abc,1',
    'u,i,NaN,1',
    'u,i,inf,1',
    'u,i,1e99,1',
    'u,i,9,1',
    'u,i,3,yesterday',
    'u,i,3,1e300',
    `${'x'.repeat(1025)},i,3,1`,
    'u\u0007,i,3,1',
    'u,i',
    'u,i,3,1,5',
  ]
  const reasons = [
    'the user id is missing',
    'the item id is missing',
    'the rating is missing',
    'the rating is not a number',
    'the rating is not a finite number',
    'the rating is not a finite number',
    'the rating is not a finite number',
    'the rating is outside 1..5',
    'the timestamp is not readable',
    'the timestamp is not readable',
    'the user id is longer than 1024 bytes',
    'the user id has control characters',
    'the line has too few fields',
    'the line has too many fields',
  ]

  test('are set aside with file, line number and reason, and the others are kept', async () => {
    const good = (i: number) => (i % 10 === 0 ? '\n' : '') + (i % 7 === 0 ? `u${i},b,2,"\n1"` : `u${i},i,3,1`)
    const content = `user,item,rating,timestamp\n${bad.map((line, i) => `${good(i)}\n${line}`).join('\n')}\n${lines(2000, (i) => good(i + 100))}\n`
    const report = await importing('ratings.csv', content, { ratingRange: { min: 1, max: 5 } })
    expect(report).toMatchObject({
      rowsRead: 2000 + 2 * bad.length,
      rowsRejected: bad.length,
      rowsKept: 2000 + bad.length,
    })
    const rejects = readFileSync(report.rejectsFile!, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(rejects.map((reject) => reject.reason)).toEqual(reasons)
    const all = content.split('\n')
    for (const [i, { line, file }] of rejects.entries()) {
      expect(file).toBe(join(directory, 'ratings.csv'))
      expect(all[line - 1], reasons[i]).toBe(bad[i])
    }
  })

  test('keep their line numbers in a file that is large enough to be read in parallel', async () => {
    const padding = 'x'.repeat(1000)
    const rating = (i: number) => (i % 5000 === 4999 ? 'bad' : '3')
    const content = `user,item,rating,timestamp,note\n${lines(80_000, (i) => `u${i},i,${rating(i)},1,${padding}`)}\n`
    const report = await importing('large.csv', content)
    const rejects = readFileSync(report.rejectsFile!, 'utf8').trim().split('\n')
    const expected = Array.from({ length: 16 }, (_, i) => ({
      line: 5001 + 5000 * i,
      row: expect.stringMatching(`^u${4999 + 5000 * i},`),
    }))
    expect(rejects.map((line) => JSON.parse(line))).toMatchObject(expected)
  })

  test('stop the import above the allowed share, say why, and leave a lake as it was', async () => {
    const first = await importing('good.csv', 'user,item,rating\nu,i,3\n')
    const content = `user,item,rating\n${lines(90, (i) => `u${i},i,3`)}\n${lines(10, (i) => `u${i},j,bad`)}\n`
    const second = importing('bad.csv', content, { mode: 'overwrite', maxRejects: 0.09 })
    await expect(second).rejects.toMatchObject({
      code: 'RECSYS_IMPORT_REJECTED',
      exitCode: 4,
      message: expect.stringMatching(
        /10 rows, 10 % of 100 rows, .*at most 9 %.*not a number \(10×, such as: u0,j,bad\)/,
      ),
    })
    const log = readdirSync(join(dataDir, 'lake/interactions/_delta_log'))
    expect([first.versions.interactions, log]).toEqual([0, ['00000000000000000000.json']])
    const [rejects] = readdirSync(join(dataDir, 'lake/rejects'))
    expect(readFileSync(join(dataDir, 'lake/rejects', rejects!), 'utf8').split('\n')).toHaveLength(11)
  })

  test('are refused at any allowed share when there are no others', async () => {
    await expect(importing('bad.csv', 'user,item,rating\nu,i,x\n', { maxRejects: 1 })).rejects.toMatchObject({
      code: 'RECSYS_IMPORT_REJECTED',
    })
  })

  test('of JSON lines keep their line numbers, broken lines and blank ones included', async () => {
    const content = `{"user":"a","item":"b","rating":3}\n\n{"user":"a","item":\n{"user":"a","item":"c","rating":"x"}\n{"user":"a","item":"d","rating":4}\n[1]\n`
    const report = await importing('ratings.jsonl', content, { maxRejects: 0.9 })
    const rejects = readFileSync(report.rejectsFile!, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(rejects.map(({ line, reason }) => [line, reason])).toEqual([
      [3, 'the line is not JSON'],
      [4, 'the rating is not a number'],
      [6, 'the user id is missing'],
    ])
  })

  test('with bytes that are not UTF-8 are set aside', async () => {
    const good = Buffer.from(`user,item,rating\n${lines(200_000, (i) => `u${i},i,3`)}\n`)
    const report = await importing(
      'a.csv',
      Buffer.concat([good, Buffer.from([0x75, 0xe9, 0x2c, 0x69, 0x2c, 0x33, 10])]),
    )
    expect(report).toMatchObject({ rowsRejected: 1, rowsKept: 200_000 })
  })
})

test('a data directory that cannot be written to is named', async () => {
  writeFileSync(dataDir, 'a file, not a directory')
  await expect(importing('a.csv', '1,2,3\n')).rejects.toMatchObject({
    code: 'RECSYS_DATA_DIR_UNWRITABLE',
    exitCode: 6,
  })
})

test('names with quotes, glob characters and path tricks are just names', async () => {
  const folder = join(directory, "o'brien [1] *? {a,b} ; DROP TABLE staged --")
  mkdirSync(folder)
  writeFileSync(join(folder, "x'*.csv"), '__proto__,../../etc,3\nconstructor,"; SELECT 1",4\n')
  const report = await importRatings({
    dataDir: join(folder, "d'[0-9]*"),
    from: join(folder, "x'*.csv"),
    mode: 'create',
    maxRejects: 0,
  })
  expect(report).toMatchObject({ rowsKept: 2, users: 2, items: 2 })
})
