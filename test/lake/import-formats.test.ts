import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeEach, describe, expect, test } from 'vitest'
import { openDatabase } from '../../src/lake/duckdb.ts'
import { parseColumnChoice } from '../../src/lake/import/column-names.ts'
import { type ImportOptions, importRatings } from '../../src/lake/import/import-ratings.ts'
import { openLake } from '../../src/lake/lake.ts'
import type { ItemRow } from '../../src/lake/types.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'

let directory: string
let dataDir: string

beforeEach(() => {
  directory = temporaryDirectory()
  dataDir = join(directory, 'data')
})

function write(name: string, content: string | Buffer): string {
  const path = join(directory, name)
  writeFileSync(path, content)
  return path
}

/** The rows of the lake as texts, and its items, after an import. */
async function imported(from: string, options: Partial<ImportOptions> = {}) {
  await importRatings({ dataDir, from, mode: 'create', maxRejects: 0, ...options })
  return { rows: await rowsOf(dataDir), items: await itemsOf(dataDir) }
}

async function rowsOf(dataDirectory: string): Promise<string[]> {
  const lake = await openLake(dataDirectory)
  const { userIds, itemIds, userIndex, itemIndex, rating, timestamp } = await lake.readInteractions()
  lake.close()
  return Array.from(
    userIndex,
    (user, row) => `${userIds[user]} ${itemIds[itemIndex[row]!]} ${rating[row]} ${timestamp[row]}`,
  )
}

async function itemsOf(dataDirectory: string): Promise<ItemRow[]> {
  const lake = await openLake(dataDirectory)
  const items = await lake.readItems()
  lake.close()
  return items
}

const rows = ['u1 i1 3.5 100', 'u1 i2 4 200', 'u2 i1 1 NaN']

describe('a ratings file in any usual dress', () => {
  const dresses: Record<string, [name: string, content: string | Buffer, columns?: string]> = {
    'CSV with a header': ['a.csv', 'user,item,rating,timestamp\nu1,i1,3.5,100\nu1,i2,4,200\nu2,i1,1,\n'],
    'CSV of other names in another order': [
      'a.csv',
      'ts,Score,Movie ID,note,user_id\n100,3.5,i1,,u1\n200,4,i2,x,u1\n0,1,i1,"a, b",u2\n',
    ],
    'CSV without a header': ['a.csv', 'u1,i1,3.5,100\nu1,i2,4,200\nu2,i1,1,0\n'],
    'CSV with a byte order mark and CRLF': [
      'a.csv',
      '\ufeffuserId,itemId,rating,timestamp\r\nu1,i1,3.5,100\r\nu1,i2,4,200\r\nu2,i1,1,\r\n',
    ],
    'CSV without a header, with a byte order mark': [
      'a.csv',
      '\ufeffu1,i1,3.5,100\nu1,i2,4,200\nu2,i1,1,0\n',
    ],
    'CSV of mixed line ends': [
      'a.csv',
      'user,item,rating,timestamp\r\nu1,i1,3.5,100\nu1,i2,4,200\r\nu2,i1,1,\n',
    ],
    'CSV with quotes and milliseconds': [
      'a.csv',
      '"user","item","rating","timestamp"\n"u1","i1","3.5","1500000000000"\n',
    ],
    'CSV with ISO times': [
      'a.csv',
      'user,item,rating,date\nu1,i1,3.5,1970-01-01T00:01:40Z\nu1,i2,4,1970-01-01 01:03:20+01:00\nu2,i1,1,NULL\n',
    ],
    TSV: ['a.tsv', 'u1\ti1\t3.5\t100\nu1\ti2\t4\t200\nu2\ti1\t1\t0\n'],
    'text with semicolons': ['a.txt', 'user;item;rating;timestamp\nu1;i1;3.5;100\nu1;i2;4;200\nu2;i1;1;\n'],
    'text with double colons': ['ratings.dat', 'u1::i1::3.5::100\nu1::i2::4::200\nu2::i1::1::0\n'],
    'text with blanks': ['a.txt', 'u1 i1 3.5 100\nu1 i2 4 200\nu2 i1 1 0\n'],
    'JSON lines': [
      'a.jsonl',
      '{"user":"u1","item":"i1","rating":3.5,"timestamp":100}\n{"item":"i2","user":"u1","rating":"4","timestamp":200}\n{"user":"u2","item":"i1","rating":1}\n',
    ],
    'a JSON array': [
      'a.json',
      '[{"user":"u1","item":"i1","rating":3.5,"timestamp":100},\n{"item":"i2","user":"u1","rating":4,"timestamp":200},{"user":"u2","item":"i1","rating":1,"timestamp":null}]',
    ],
    'columns by name': [
      'a.csv',
      'who,what,how,when\nu1,i1,3.5,100\nu1,i2,4,200\nu2,i1,1,0\n',
      'user=who,item=what,rating=how,timestamp=when',
    ],
    'columns by position': [
      'a.csv',
      'x,3.5,i1,u1,100\ny,4,i2,u1,200\nz,1,i1,u2,0\n',
      'user=4,item=3,rating=2,timestamp=5',
    ],
    'JSON keys with odd characters': [
      'a.jsonl',
      `{"a/b~":"u1","'q\\"":"i1","r.s":3.5,"t":100}\n{"a/b~":"u1","'q\\"":"i2","r.s":4,"t":200}\n{"a/b~":"u2","'q\\"":"i1","r.s":1,"t":0}\n`,
      `user=a/b~,item='q",rating=r.s,timestamp=t`,
    ],
  }
  for (const [dress, [name, content, columns]] of Object.entries(dresses)) {
    const expected = dress.includes('milliseconds') ? ['u1 i1 3.5 1500000000'] : rows
    const options = columns === undefined ? {} : { columns: parseColumnChoice(columns) }
    test(`${dress} is read, and gzipped as well`, async () => {
      expect((await imported(write(name, content), options)).rows).toEqual(expected)
      const zipped = await imported(write(`${name}.gz`, gzipSync(content)), { ...options, mode: 'overwrite' })
      expect(zipped.rows).toEqual(expected)
    })
  }

  test('a delimiter of the user is taken', async () => {
    const from = write('a.txt', 'user#item#rating#timestamp\nu1#i1#3.5#100\nu1#i2#4#200\nu2#i1#1#\n')
    expect((await imported(from, { delimiter: '#' })).rows).toEqual(rows)
  })

  test('Latin-1 text is read as such', async () => {
    const from = write('a.csv', Buffer.from('user,item,rating\nRené,Smørrebrød,3\n', 'latin1'))
    expect((await imported(from)).rows).toEqual(['René Smørrebrød 3 NaN'])
  })
})

describe('a Parquet file of another writer', () => {
  const select = `SELECT * FROM (VALUES ('u1', 'i1', 3.5, 100), ('u1', 'i2', 4, 200), ('u2', 'i1', 1, NULL)) AS t("user", item, rating, ts)`
  const variants: Record<string, [options: string, select: string]> = {
    'with pages v2 and zstd': ['COMPRESSION zstd, PARQUET_VERSION v2', select],
    'with gzip': ['COMPRESSION gzip', select],
    'without compression': ['COMPRESSION uncompressed', select],
    'with instants': [
      'COMPRESSION snappy',
      `SELECT "user", item, rating, to_timestamp(ts) AS ts FROM (${select})`,
    ],
    'with instants without a zone': [
      'COMPRESSION snappy',
      `SELECT "user", item, rating, make_timestamp(ts * 1000000) AS ts FROM (${select})`,
    ],
    'with decimals': [
      'COMPRESSION snappy',
      `SELECT "user", item, rating::DECIMAL(9, 2) AS rating, ts::DOUBLE AS ts FROM (${select})`,
    ],
  }
  for (const [variant, [options, rowsSql]] of Object.entries(variants)) {
    test(`${variant} is read, and gzipped as well`, async () => {
      using database = await openDatabase()
      const path = join(directory, 'a.parquet')
      await database.run(`COPY (${rowsSql}) TO '${path}' (FORMAT parquet, ${options})`)
      expect((await imported(path)).rows).toEqual(rows)
      const zipped = write('a.parquet.gz', gzipSync(readFileSync(path)))
      expect((await imported(zipped, { mode: 'overwrite' })).rows).toEqual(rows)
    })
  }

  test('keeps whole ids whole when a data frame has made floats of them', async () => {
    using database = await openDatabase()
    const path = join(directory, 'a.parquet')
    await database.run(
      `COPY (SELECT 12::DOUBLE AS user_id, 7::BIGINT AS item_id, 3::TINYINT AS rating) TO '${path}'`,
    )
    expect((await imported(path)).rows).toEqual(['12 7 3 NaN'])
  })

  test('with NaN for ids and ratings has these rows set aside by row number', async () => {
    using database = await openDatabase()
    const path = join(directory, 'a.parquet')
    await database.run(
      `COPY (SELECT * FROM (VALUES (1e0, 1, 2e0), ('nan', 1, 3e0), (2e0, 1, 'nan'), (NULL, 1, 2e0), (3e0, 1, 4e0)) t("user", item, rating)) TO '${path}'`,
    )
    const report = await importRatings({ dataDir, from: path, mode: 'create', maxRejects: 0.9 })
    expect(report.rejectReasons.map(({ reason, count }) => [reason, count])).toEqual([
      ['the user id is missing', 2],
      ['the rating is not a finite number', 1],
    ])
  })
})

describe('many files', () => {
  test('of a folder or a glob become one lake, each in its own dress', async () => {
    mkdirSync(join(directory, 'in'))
    write('in/1.csv', 'user,item,rating,timestamp\nu1,i1,3.5,100\n')
    write('in/2.tsv', 'u1\ti2\t4\t200\n')
    write('in/3.jsonl.gz', gzipSync('{"user":"u2","item":"i1","rating":1}\n'))
    write('in/notes.md', '# not data')
    write('in/.hidden.csv', 'x')
    expect((await imported(join(directory, 'in'))).rows).toEqual(rows)
    const two = await imported(join(directory, 'in/[12].?sv'), { mode: 'overwrite' })
    expect(two.rows).toEqual(rows.slice(0, 2))
  })

  test('keep their order: of equal times the row of the later file wins', async () => {
    mkdirSync(join(directory, 'in'))
    write('in/1.csv', 'user,item,rating\nu,i,1\nu,j,1\n')
    write('in/2.csv', 'user,item,rating\nu,i,2\n')
    expect((await imported(join(directory, 'in'))).rows).toEqual(['u i 2 NaN', 'u j 1 NaN'])
  })
})

describe('repeated pairs', () => {
  test('leave the latest row, of equal times the later one, and known times beat unknown ones', async () => {
    const from = write(
      'a.csv',
      'user,item,rating,timestamp\nu,a,1,50\nu,a,2,90\nu,a,3,60\nu,b,1,7\nu,b,2,7\nu,c,1,5\nu,c,2,\nu,d,1,\nu,d,2,0\n',
    )
    expect((await imported(from)).rows).toEqual(['u a 2 90', 'u b 2 7', 'u c 1 5', 'u d 2 NaN'])
  })

  test('leave the last row also in a file that is read in parallel', async () => {
    const line = (pair: number, rating: number) => `user-number-${pair},item,${rating}\n`
    const pairs = Array.from({ length: 120_000 }, (_, pair) => pair)
    const content = [1, 2, 3, 4].map((rating) => pairs.map((pair) => line(pair, rating)).join('')).join('')
    const report = await importRatings({
      dataDir,
      from: write('a.csv', `user,item,rating\n${content}`),
      mode: 'create',
      maxRejects: 0,
    })
    expect(report).toMatchObject({ rowsRead: 480_000, rowsKept: 120_000, rowsDuplicate: 360_000 })
    const lake = await openLake(dataDir)
    expect((await lake.readInteractions()).rating.every((rating) => rating === 4)).toBe(true)
    lake.close()
  })
})

describe('items', () => {
  test('keep what else a file says about them, and what it said before', async () => {
    const from = write('ratings.csv', 'user,item,rating\nu1,i1,5\nu1,i2,4\n')
    const items = write(
      'items.csv',
      `id,title,price,brand,blurb\ni1,One,12.5,Acme,${'x'.repeat(300)}\ni2,Two,,"O, Neill",\n`,
    )
    const { items: got } = await imported(from, { items })
    expect(got.map(({ attributes }) => JSON.parse(attributes!))).toEqual([
      { price: '12.5', brand: 'Acme', blurb: null },
      { price: null, brand: 'O, Neill', blurb: null },
    ])
  })

  test('of a lake that an older program made, without attributes, get those of an append', async () => {
    const { items: before } = await imported(write('ratings.csv', 'user,item,rating\nu1,i1,5\n'))
    expect(before).toMatchObject([{ attributes: null }])
    const log = join(dataDir, 'lake/items/_delta_log/00000000000000000000.json')
    const field =
      ',{\\"name\\":\\"attributes\\",\\"type\\":\\"string\\",\\"nullable\\":true,\\"metadata\\":{}}'
    const text = readFileSync(log, 'utf8')
    expect(text).toContain(field)
    writeFileSync(log, text.replace(field, ''))
    expect(await itemsOf(dataDir)).toEqual(before)
    const items = write('items.csv', 'id,title,price\ni2,Two,3\n')
    const { items: after } = await imported(write('more.csv', 'user,item,rating\nu1,i2,4\n'), {
      items,
      mode: 'append',
    })
    expect(after.map(({ attributes }) => attributes)).toEqual([null, '{"price":"3"}'])
  })

  test('keep numbers and lists of a file of JSON lines as texts', async () => {
    const from = write('ratings.csv', 'user,item,rating\nu1,i1,5\n')
    const items = write('items.jsonl', '{"id":"i1","title":"One","price":3,"sizes":["a","b"],"isNew":true}\n')
    const [item] = (await imported(from, { items })).items
    expect(JSON.parse(item!.attributes!)).toEqual({ price: '3', sizes: '["a","b"]', isNew: 'true' })
  })

  test('of a 10M folder have titles in UTF-8, genres and half stars', async () => {
    mkdirSync(join(directory, 'ml-10M100K'))
    write('ml-10M100K/ratings.dat', '1::122::5::838985046\n1::185::0.5::838983525\n')
    write(
      'ml-10M100K/movies.dat',
      '122::Amélie "Poulain" (2001)::Comedy|Romance\n185::Net, The (1995)::(no genres listed)\n',
    )
    const { rows: got, items } = await imported(join(directory, 'ml-10M100K'))
    expect(got).toEqual(['1 122 5 838985046', '1 185 0.5 838983525'])
    expect(items).toEqual([
      {
        itemId: '122',
        title: 'Amélie "Poulain" (2001)',
        categories: ['Comedy', 'Romance'],
        attributes: '{"year":"2001"}',
      },
      { itemId: '185', title: 'Net, The (1995)', categories: [], attributes: '{"year":"1995"}' },
    ])
  })

  test('come from a file of their own, with what it does not know left empty', async () => {
    const from = write('a.csv', 'user,item,rating\nu,i1,1\nu,i2,2\n')
    const items = write('items.csv', 'sku,name,genres\ni1,"One, two",a|b\ni3,Three,\n')
    expect((await imported(from, { items })).items).toEqual([
      { itemId: 'i1', title: 'One, two', categories: ['a', 'b'], attributes: null },
      { itemId: 'i2', title: null, categories: [], attributes: null },
      { itemId: 'i3', title: 'Three', categories: [], attributes: null },
    ])
  })

  test('as JSON lines may have lists of categories', async () => {
    const from = write('a.csv', 'user,item,rating\nu,i1,1\n')
    const items = write('items.jsonl', '{"id":"i1","title":"One","categories":["a","b, c"]}\n')
    expect((await imported(from, { items })).items).toEqual([
      { itemId: 'i1', title: 'One', categories: ['a', 'b, c'], attributes: null },
    ])
  })

  test('without an id column are refused', async () => {
    const from = write('a.csv', 'user,item,rating\nu,i1,1\n')
    const items = write('items.csv', 'x,y\n1,2\n')
    await expect(imported(from, { items })).rejects.toMatchObject({
      code: 'RECSYS_IMPORT_COLUMNS',
      field: 'items',
    })
  })

  test('that cannot be cut into fields are set aside like ratings', async () => {
    mkdirSync(join(directory, 'ml'))
    write(
      'ml/ratings.csv',
      `userId,movieId,rating,timestamp\n${Array.from({ length: 200 }, (_, i) => `${i},1,3,9`).join('\n')}\n`,
    )
    write('ml/movies.csv', 'movieId,title,genres\n1,One,A\n2,Two\n')
    const report = await importRatings({
      dataDir,
      from: join(directory, 'ml'),
      mode: 'create',
      maxRejects: 0.01,
    })
    expect(report).toMatchObject({ rowsRejected: 1, rowsKept: 200 })
    expect(report.rejectReasons[0]).toMatchObject({ reason: 'the line has too few fields', example: '2,Two' })
  })
})

test('users of a 1M folder have their codes spelled out', async () => {
  mkdirSync(join(directory, 'ml-1m'))
  write('ml-1m/ratings.dat', '1::1::5::978300760\n')
  write('ml-1m/users.dat', '1::F::1::10::48067\n')
  copyFileSync(join(directory, 'ml-1m/ratings.dat'), join(directory, 'ml-1m/movies.dat'))
  const report = await importRatings({
    dataDir,
    from: join(directory, 'ml-1m'),
    mode: 'create',
    maxRejects: 0,
  }).catch((error) => error)
  expect(report).toMatchObject({ layout: 'movielens-1m', rowsKept: 1 })
  using database = await openDatabase()
  expect(
    await database.rows(`SELECT * FROM read_parquet('${join(dataDir, 'lake/users/*.parquet')}')`),
  ).toEqual([{ user_id: '1', gender: 'F', age: 'under 18', occupation: 'K-12 student', zip_code: '48067' }])
})
