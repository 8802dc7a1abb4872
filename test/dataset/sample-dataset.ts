import { datasetFrom } from '../../src/dataset/dataset.ts'
import type { Dataset } from '../../src/dataset/types.ts'
import { uniformAt } from '../../src/kernels/random.ts'

/** The time is in unix seconds, unknown where it is left out. */
export type Entry = readonly [userId: string, itemId: string, rating: number, time?: number]

/** A dataset of the rows given, as the lake would read them: ids sorted, rows by user and item. */
export function datasetOf(entries: readonly Entry[], lakeVersion = 0): Dataset {
  const userIds = [...new Set(entries.map(([user]) => user))].sort()
  const itemIds = [...new Set(entries.map(([, item]) => item))].sort()
  const [userOf, itemOf] = [userIds, itemIds].map((ids) => new Map(ids.map((id, index) => [id, index])))
  const rows = entries
    .map(([user, item, rating, time = Number.NaN]) => ({
      ...{ user: userOf.get(user)!, item: itemOf.get(item)! },
      ...{ rating, time },
    }))
    .sort((a, b) => a.user - b.user || a.item - b.item)
  return datasetFrom({
    lakeVersion,
    userIds,
    itemIds,
    userIndex: Int32Array.from(rows, ({ user }) => user),
    itemIndex: Int32Array.from(rows, ({ item }) => item),
    rating: Float32Array.from(rows, ({ rating }) => rating),
    timestamp: Float64Array.from(rows, ({ time }) => time),
  })
}

/** About `share` of all pairs, rated 1 to 5 at random. */
export function randomEntries(nUsers: number, nItems: number, share: number, seed = 1): Entry[] {
  const entries: Entry[] = []
  for (let pair = 0; pair < nUsers * nItems; pair++) {
    if (uniformAt(seed, pair) >= share) continue
    const rating = 1 + Math.floor(5 * uniformAt(seed + 1, pair))
    entries.push([`u${Math.floor(pair / nItems)}`, `i${pair % nItems}`, rating])
  }
  return entries
}

/** `user item` of the rows that a mask selects. */
export function pairsOf({ users, items, interactions }: Dataset, mask: Uint8Array): string[] {
  const pairs: string[] = []
  for (const [r, selected] of mask.entries()) {
    if (selected)
      pairs.push(`${users.ids[interactions.userIndex[r]]} ${items.ids[interactions.itemIndex[r]]}`)
  }
  return pairs
}
