import { byUser } from '../../dataset/dataset.ts'
import { hashId } from '../../dataset/id-hash.ts'
import type { Csr } from '../../dataset/types.ts'
import type { Evaluation } from '../../metrics/types.ts'
import { userSegments } from '../../metrics/user-segments.ts'
import type { PreparedData } from '../prepare.ts'
import type { ExampleItem, ExampleUser } from './types.ts'

const historyLength = 5
const listLength = 10

/**
 * One user of each quartile of activity, the one whose id hashes lowest: the same from report to report, and nobody's choice.
 */
export function exampleUsers(data: PreparedData, { lists }: Evaluation): ExampleUser[] {
  const { dataset, folds } = data
  const [train, heldOut] = [byUser(dataset, folds[0].isTrain), byUser(dataset, folds[0].isTest)]
  const quartiles = userSegments({ dataset, fold: folds[0] }).filter(({ name }) =>
    name.startsWith('activity'),
  )
  const itemOf = itemReader(data)
  return quartiles.map(({ name, places }) => {
    const place = lowestHash(places, (at) => dataset.users.ids[lists.users[at]])
    const user = lists.users[place]
    const items = lists.items.subarray(place * lists.length, (place + 1) * lists.length)
    const held = ratingsOf(heldOut, user)
    return {
      userId: dataset.users.ids[user],
      segment: name,
      nTrainRows: train.rowStarts[user + 1] - train.rowStarts[user],
      nHeldOutRows: held.size,
      history: bestRated(ratingsOf(train, user)).map(([item, rating]) => itemOf(item, rating)),
      recommendations: [...items.filter((item) => item >= 0).subarray(0, listLength)].map((item) => ({
        ...itemOf(item, held.get(item) ?? null),
        isHit: held.has(item),
      })),
    }
  })
}

function lowestHash(places: Int32Array, idAt: (place: number) => string): number {
  const keyOf = (place: number) => hashId(`example ${idAt(place)}`).high >>> 0
  return places.reduce((lowest, place) => (keyOf(place) < keyOf(lowest) ? place : lowest))
}

function ratingsOf({ rowStarts, columns, values }: Csr, user: number): Map<number, number> {
  const ratings = new Map<number, number>()
  for (let entry = rowStarts[user]; entry < rowStarts[user + 1]; entry++)
    ratings.set(columns[entry], values[entry])
  return ratings
}

function bestRated(ratings: ReadonlyMap<number, number>): [item: number, rating: number][] {
  return [...ratings].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, historyLength)
}

function itemReader({ dataset, items }: PreparedData): (item: number, rating: number | null) => ExampleItem {
  const rows = new Map(items.map((row) => [row.itemId, row]))
  return (item, rating) => {
    const itemId = dataset.items.ids[item]
    const row = rows.get(itemId)
    return { itemId, title: row?.title ?? null, categories: row?.categories ?? [], rating }
  }
}
