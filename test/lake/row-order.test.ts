import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openDatabase, pathLiteral } from '../../src/lake/duckdb.ts'
import { importRatings } from '../../src/lake/import/import-ratings.ts'
import { inOrder, noUser, withoutGaps, withoutUnused } from '../../src/lake/row-order.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'

const counts = { nUsers: 6, nItems: 5 }
type Row = readonly [user: number, item: number, rating: number, timestamp: number]

function columnsOf(rows: readonly Row[]) {
  return {
    userIndex: Int32Array.from(rows, ([user]) => user),
    itemIndex: Int32Array.from(rows, ([, item]) => item),
    rating: Float32Array.from(rows, ([, , rating]) => rating),
    weight: Float32Array.from(rows, ([, , rating]) => rating / 2),
    count: Int32Array.from(rows, ([, , rating]) => 10 * rating),
    timestamp: Float64Array.from(rows, ([, , , timestamp]) => timestamp),
  }
}

test('rows in order stay where they are, without a copy', () => {
  const columns = columnsOf([
    [0, 1, 5, 10],
    [0, 3, 4, Number.NaN],
    [2, 0, 1, 30],
  ])
  expect(inOrder(columns, counts)).toBe(columns)
})

test('rows come out by user and item, the latest of a pair, whatever order they came in', () => {
  const row = fc.tuple(
    fc.nat(5),
    fc.nat(4),
    fc.integer({ min: 1, max: 5 }),
    fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constant(Number.NaN)),
  )
  fc.assert(
    fc.property(fc.array(row, { maxLength: 60 }), (rows) => {
      const better = ([, , rating, time]: Row, [, , other, otherTime]: Row) => {
        const [at, before] = [time, otherTime].map((t) => (Number.isNaN(t) ? -1 : t))
        return at > before || (at === before && rating > other)
      }
      const best = new Map<number, Row>()
      for (const each of rows) {
        const pair = each[0] * 10 + each[1]
        const held = best.get(pair)
        if (held === undefined || better(each, held)) best.set(pair, each)
      }
      const expected = [...best.keys()].sort((a, b) => a - b).map((pair) => best.get(pair) as Row)
      expect(inOrder(columnsOf(rows), counts)).toEqual(columnsOf(expected))
    }),
  )
})

test('places of rows that were left out close up', () => {
  const columns = columnsOf([
    [noUser, 0, 0, 0],
    [1, 2, 3, 4],
    [noUser, 0, 0, 0],
    [2, 1, 5, 6],
  ])
  expect(withoutGaps(columns, 2)).toEqual(
    columnsOf([
      [1, 2, 3, 4],
      [2, 1, 5, 6],
    ]),
  )
})

test('ids that occur in no row are dropped and the others counted anew', () => {
  const codes = Int32Array.of(0, 2, 2, 4)
  expect(withoutUnused(['a', 'b', 'c', 'd', 'e'], codes)).toEqual(['a', 'c', 'e'])
  expect(codes).toEqual(Int32Array.of(0, 1, 1, 2))
})

test('an import writes its rows in the order in which they are read', async () => {
  const dataDir = temporaryDirectory()
  const from = join(dataDir, 'ratings.csv')
  const pairs = Array.from(
    { length: 250_000 },
    (_, n) => `u${(n * 7919) % 20_000},i${(n * 104_729) % 2999},1`,
  )
  writeFileSync(from, `user,item,rating\n${pairs.join('\n')}\n`)
  await importRatings({ dataDir, from, mode: 'create', maxRejects: 0 })
  const table = join(dataDir, 'lake/interactions')
  const file = readdirSync(table).find((name) => name.endsWith('.parquet')) as string
  using database = await openDatabase()
  const rows = await database.rows<{ user_id: string; item_id: string }>(
    `SELECT user_id, item_id FROM read_parquet(${pathLiteral(join(table, file))})`,
  )
  const keys = rows.map(({ user_id, item_id }) => `${user_id} ${item_id}`)
  expect(keys).toHaveLength(250_000)
  expect(keys.findIndex((key, at) => at > 0 && keys[at - 1]! >= key)).toBe(-1)
})
