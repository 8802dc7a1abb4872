import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { importRatings } from '../../src/lake/import/import-ratings.ts'
import { openLake } from '../../src/lake/lake.ts'
import { datasetPath } from '../helpers/datasets.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'

const ml100k = datasetPath('ml-100k')
const ml1m = datasetPath('ml-1m')
const latest = datasetPath('ml-latest-small')

describe('importing a MovieLens folder', () => {
  test.skipIf(!ml100k)('takes ratings, titles, genres and users of 100K', async () => {
    const dataDir = temporaryDirectory()
    const report = await importRatings({ dataDir, from: ml100k!, mode: 'create', maxRejects: 0 })
    expect(report).toMatchObject({
      rowsRead: 100_000,
      rowsKept: 100_000,
      users: 943,
      items: 1682,
      layout: 'movielens-100k',
    })
    const lake = await openLake(dataDir)
    const columns = await lake.readInteractions()
    expect(columns.userIds).toHaveLength(943)
    expect(columns.rating.reduce((sum, rating) => sum + rating, 0)).toBe(352_986)
    const items = new Map((await lake.readItems()).map((item) => [item.itemId, item]))
    expect(items.get('1')).toEqual({
      itemId: '1',
      title: 'Toy Story (1995)',
      attributes: '{"year":"1995"}',
      categories: ['Animation', "Children's", 'Comedy'],
    })
    expect(items.get('543')!.title).toBe('Misérables, Les (1995)')
    lake.close()
  })

  test.skipIf(!ml1m)('takes the double colons and Latin-1 titles of 1M', async () => {
    const dataDir = temporaryDirectory()
    const report = await importRatings({ dataDir, from: ml1m!, mode: 'create', maxRejects: 0 })
    expect(report).toMatchObject({ rowsRead: 1_000_209, rowsKept: 1_000_209, users: 6040, items: 3706 })
    const lake = await openLake(dataDir)
    const { timestamp } = await lake.readInteractions()
    expect(timestamp.filter(Number.isNaN)).toHaveLength(198_417)
    const titles = (await lake.readItems()).map((item) => item.title)
    expect(titles).toContain('Misérables, Les (1995)')
    lake.close()
  })

  test.skipIf(!latest)('takes the quoted titles of the latest CSV files', async () => {
    const dataDir = temporaryDirectory()
    const report = await importRatings({ dataDir, from: latest!, mode: 'create', maxRejects: 0 })
    expect(report).toMatchObject({ rowsRead: 100_836, users: 610, items: 9724, layout: 'movielens-csv' })
    const lake = await openLake(dataDir)
    const american = (await lake.readItems()).find((item) => item.itemId === '11')
    expect(american).toEqual({
      itemId: '11',
      title: 'American President, The (1995)',
      attributes: '{"year":"1995"}',
      categories: ['Comedy', 'Drama', 'Romance'],
    })
    lake.close()
  })
})

test('the lake gives dense columns sorted by user and item, ids sorted by code unit', async () => {
  const dataDir = temporaryDirectory()
  const from = join(dataDir, 'ratings.csv')
  writeFileSync(
    from,
    'user,item,rating,timestamp\nb,y,4,20\na,z,2,\nb,x,5,0\n\u{1f600},x,1,1600000000000\n\uffee,x,3,2020-09-13T14:26:40+02:00\n',
  )
  await importRatings({ dataDir, from, mode: 'create', maxRejects: 0 })
  const lake = await openLake(dataDir)
  expect(await lake.readInteractions()).toEqual({
    lakeVersion: 0,
    userIds: ['a', 'b', '\u{1f600}', '\uffee'],
    itemIds: ['x', 'y', 'z'],
    userIndex: Int32Array.of(0, 1, 1, 2, 3),
    itemIndex: Int32Array.of(2, 0, 1, 0, 0),
    rating: Float32Array.of(2, 5, 4, 1, 3),
    weight: new Float32Array(5).fill(1),
    count: new Int32Array(5).fill(1),
    timestamp: Float64Array.of(Number.NaN, Number.NaN, 20, 1_600_000_000, 1_600_000_000),
  })
  lake.close()
})
