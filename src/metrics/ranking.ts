import { byUser } from '../dataset/dataset.ts'
import { hashId } from '../dataset/id-hash.ts'
import { type FactorRanking, type NeighbourRanking, startsOf } from '../dataset/ranking.ts'
import type { Csr, Dataset, Masks } from '../dataset/types.ts'
import type { Compute } from '../kernels/compute.ts'
import { judgeList, type ListQuality } from './ranked-list.ts'
import type { Metrics, Scorer } from './types.ts'

export interface RankingQuestion {
  readonly dataset: Dataset
  readonly fold: Masks
  /** Length of the lists, 1 or more. */
  readonly k: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Every user with held-out rows gets the k best items of the whole catalogue, training items left out; the lists are
 * judged by `judgeList` and averaged over these users. coverage@k is the share of the catalogue that is in any list.
 * Equal scores are ordered by a hash of the item's id, never by catalogue order, so that a model with constant scores
 * measures as random. All NaN when no user has held-out rows.
 */
export async function rankingMetrics(
  compute: Compute,
  question: RankingQuestion,
  scorer: Scorer,
): Promise<Metrics> {
  const { dataset, fold, k } = question
  const heldOut = byUser(dataset, fold.isTest)
  const users = usersWithRows(heldOut)
  const order = tieOrder(dataset.items.ids)
  const lists = await compute.scoped(() => topLists(compute, question, { scorer, users, order }))
  const qualities = users.map((user, at) => judgeUser(lists.subarray(at * k, (at + 1) * k), heldOut, user, k))
  const recommended = new Set(lists)
  recommended.delete(-1)
  return { ...averages(qualities, k), [`coverage@${k}`]: recommended.size / dataset.items.size }
}

function usersWithRows({ nRows, rowStarts }: Csr): number[] {
  const users: number[] = []
  for (let user = 0; user < nRows; user++) if (rowStarts[user + 1] > rowStarts[user]) users.push(user)
  return users
}

/** Item indices ordered by a hash of their ids: the place in this order decides between equal scores. */
function tieOrder(ids: readonly string[]): Int32Array {
  const hashes = ids.map(hashId)
  const order = Int32Array.from(ids, (_, item) => item)
  return order.sort((a, b) => hashes[a].high - hashes[b].high || hashes[a].low - hashes[b].low || a - b)
}

interface Ranked {
  readonly scorer: Scorer
  /** Whose lists are wanted. */
  readonly users: readonly number[]
  readonly order: Int32Array
}

/** k item indices a user of `users`, best first, −1 where the catalogue ends. */
async function topLists(compute: Compute, question: RankingQuestion, ranked: Ranked): Promise<Int32Array> {
  const { dataset, fold, k, signal } = question
  const { users, order } = ranked
  const nItems = dataset.items.size
  const seen = shareSeen(compute, byUser(dataset, fold.isTrain), users, order)
  const best = compute.int32(users.length * k)
  const out = [k, best, compute.float32(users.length * k)]
  const job = { nRows: users.length, scratchBytes: 4 * nItems, signal }
  const ranking = ranked.scorer.ranking()
  if (ranking.kind === 'factors') {
    const rows = shareFactors(compute, ranking, ranked)
    await compute.run({ ...job, kernel: 'top_k_rows', args: [...rows, nItems, ...seen, ...out] })
  } else {
    const rows = shareNeighbours(compute, ranking, order)
    await compute.run({ ...job, kernel: 'top_k_neighbour_rows', args: [...seen, nItems, ...rows, ...out] })
  }
  return Int32Array.from(best, (place) => (place < 0 ? -1 : order[place]))
}

function shareFactors(compute: Compute, { width, userRows, itemRows }: FactorRanking, ranked: Ranked) {
  const rowsOf = (rows: Float32Array, chosen: ArrayLike<number>) => shareRows(compute, rows, chosen, width)
  return [rowsOf(userRows, ranked.users), rowsOf(itemRows, ranked.order), width]
}

/** The rows of the items in `order`, the items in them as places in `order`. */
function shareNeighbours(compute: Compute, { counts, items, weights }: NeighbourRanking, order: Int32Array) {
  const placeOf = placesIn(order)
  const firsts = startsOf(counts)
  const starts = compute.int32(order.length + 1)
  const [places, sharedWeights] = [compute.int32(items.length), compute.float32(items.length)]
  for (let place = 0; place < order.length; place++) {
    const first = firsts[order[place]]
    const count = counts[order[place]]
    const start = starts[place]
    for (let at = 0; at < count; at++) places[start + at] = placeOf[items[first + at]]
    sharedWeights.set(weights.subarray(first, first + count), start)
    starts[place + 1] = start + count
  }
  return [starts, places, sharedWeights]
}

function placesIn(order: Int32Array): Int32Array {
  const placeOf = new Int32Array(order.length)
  for (let place = 0; place < order.length; place++) placeOf[order[place]] = place
  return placeOf
}

function shareRows(
  compute: Compute,
  rows: Float32Array,
  chosen: ArrayLike<number>,
  width: number,
): Float32Array {
  const shared = compute.float32(chosen.length * width)
  for (let at = 0; at < chosen.length; at++) {
    const start = chosen[at] * width
    shared.set(rows.subarray(start, start + width), at * width)
  }
  return shared
}

/** The training items of the users, as places in `order`. */
function shareSeen(compute: Compute, train: Csr, users: readonly number[], order: Int32Array) {
  const placeOf = placesIn(order)
  const starts = compute.int32(users.length + 1)
  const lengthOf = (user: number) => train.rowStarts[user + 1] - train.rowStarts[user]
  users.forEach((user, at) => {
    starts[at + 1] = starts[at] + lengthOf(user)
  })
  const columns = compute.int32(starts[users.length])
  users.forEach((user, at) => {
    const from = train.rowStarts[user]
    for (let entry = 0; entry < lengthOf(user); entry++) {
      columns[starts[at] + entry] = placeOf[train.columns[from + entry]]
    }
  })
  return [starts, columns]
}

function judgeUser(list: Int32Array, heldOut: Csr, user: number, k: number): ListQuality {
  const relevant = heldOut.columns.subarray(heldOut.rowStarts[user], heldOut.rowStarts[user + 1])
  const isRelevant = Array.from(list, (item) => item >= 0 && contains(relevant, item))
  return judgeList(isRelevant, relevant.length, k)
}

/** Binary search in ascending columns. */
function contains(columns: Int32Array, wanted: number): boolean {
  let [low, high] = [0, columns.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (columns[middle] < wanted) low = middle + 1
    else high = middle
  }
  return columns[low] === wanted
}

function averages(qualities: readonly ListQuality[], k: number): Metrics {
  const names = ['ndcg', 'recall', 'precision', 'map', 'mrr', 'hitRate'] as const
  const mean = (name: keyof ListQuality) =>
    qualities.reduce((sum, quality) => sum + quality[name], 0) / qualities.length
  return Object.fromEntries(names.map((name) => [`${name}@${k}`, mean(name)]))
}
