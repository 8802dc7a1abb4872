import { readFileSync } from 'node:fs'
import { datasetFrom } from '../../src/dataset/dataset.ts'
import type { Dataset, Fold } from '../../src/dataset/types.ts'

interface Row {
  readonly user: number
  readonly item: number
  readonly rating: number
  /** Unix seconds; NaN where unknown. */
  readonly time: number
}

/** MovieLens 1M as the lake reads it: a timestamp of 0 is unknown. */
export function readMovieLens1m(folder: string): Dataset {
  const lines = readFileSync(`${folder}/ratings.dat`, 'latin1').trimEnd().split('\n')
  return datasetOfRows(
    lines.map((line) => {
      const [user, item, rating, time] = line.split('::').map(Number)
      return { user, item, rating, time: time === 0 ? Number.NaN : time }
    }),
  )
}

export function movieLens100kDataset(folder: string): Dataset {
  const lines = readFileSync(`${folder}/u.data`, 'latin1').trimEnd().split('\n')
  return datasetOfRows(
    lines.map((line) => {
      const [user, item, rating, time] = line.split('\t').map(Number)
      return { user, item, rating, time }
    }),
  )
}

/** Gowalla in the split of LightGCN, every interaction a rating of 1. */
export function readGowalla(folder: string): { readonly dataset: Dataset; readonly fold: Fold } {
  const [train, test] = ['train', 'test'].map((part) => readLists(`${folder}/${part}.txt`))
  const dataset = datasetOfRows([...train, ...test])
  const held = new Set(test.map(({ user, item }) => `${user} ${item}`))
  const { users, items, interactions } = dataset
  const isTest = Uint8Array.from(interactions.userIndex, (user, row) =>
    held.has(`${users.ids[user]} ${items.ids[interactions.itemIndex[row]]}`) ? 1 : 0,
  )
  return { dataset, fold: { isTest, isTrain: isTest.map((one) => 1 - one), fingerprint: '' } }
}

/** `user item item …`; an item twice counts once. */
function readLists(path: string): Row[] {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  return lines.flatMap((line) => {
    const [user, ...items] = line.trim().split(' ').map(Number)
    return [...new Set(items)].map((item) => ({ user, item, rating: 1, time: Number.NaN }))
  })
}

function datasetOfRows(rows: Row[]): Dataset {
  const idsOf = (numbers: number[]) => [...new Set(numbers)].sort((a, b) => a - b)
  const [users, items] = [idsOf(rows.map(({ user }) => user)), idsOf(rows.map(({ item }) => item))]
  const [userAt, itemAt] = [users, items].map((ids) => new Map(ids.map((id, index) => [id, index])))
  rows.sort((a, b) => a.user - b.user || a.item - b.item)
  return datasetFrom({
    lakeVersion: 0,
    userIds: users.map(String),
    itemIds: items.map(String),
    userIndex: Int32Array.from(rows, ({ user }) => userAt.get(user) as number),
    itemIndex: Int32Array.from(rows, ({ item }) => itemAt.get(item) as number),
    rating: Float32Array.from(rows, ({ rating }) => rating),
    timestamp: Float64Array.from(rows, ({ time }) => time),
  })
}

/** Ratings of `least` and more, of users who have `nRows` of them: what the Mult-VAE protocol calls a click. */
export function liked(dataset: Dataset, least: number, nRows: number): Dataset {
  const { userIndex, itemIndex, rating, timestamp } = dataset.interactions
  const counts = new Int32Array(dataset.users.size)
  for (let row = 0; row < rating.length; row++) if (rating[row] >= least) counts[userIndex[row]]++
  const rows: Row[] = []
  for (let row = 0; row < rating.length; row++) {
    if (rating[row] < least || counts[userIndex[row]] < nRows) continue
    const [user, item] = [dataset.users.ids[userIndex[row]], dataset.items.ids[itemIndex[row]]].map(Number)
    rows.push({ user, item, rating: rating[row], time: timestamp[row] })
  }
  return datasetOfRows(rows)
}
