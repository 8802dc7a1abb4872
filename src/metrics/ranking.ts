import { positiveRows } from '../dataset/dataset.ts'
import type { Csr } from '../dataset/types.ts'
import type { Compute } from '../kernels/compute.ts'
import { aucOf } from './auc.ts'
import { catalogueMetrics, perUserOfLists } from './beyond-accuracy.ts'
import { judgeList, type ListQuality } from './ranked-list.ts'
import { topLists } from './top-lists.ts'
import type { Metrics, PerUserMetrics, RankingQuestion, Scorer, TopLists } from './types.ts'

export interface RankingOutcome {
  readonly metrics: Metrics
  readonly values: PerUserMetrics['values']
  readonly lists: TopLists
}

/**
 * The lists of every user with held-out rows, judged under the formulas of `metricCatalogue`. A metric of users is the mean
 * over them, users without relevant held-out items left out; all are NaN when there is no such user.
 */
export async function evaluateRanking(
  compute: Compute,
  question: RankingQuestion,
  scorer: Scorer,
): Promise<RankingOutcome> {
  const lists = await topLists(compute, question, scorer)
  const values = {
    ...(question.auc ? { auc: await aucOf(compute, question, scorer) } : {}),
    ...judgeLists(lists, question),
    ...perUserOfLists(lists, question),
  }
  const means = Object.entries(values).map(([name, perUser]) => [name, meanOf(perUser.filter(isNumber))])
  return { values, lists, metrics: { ...Object.fromEntries(means), ...catalogueMetrics(lists, question) } }
}

/** `evaluateRanking` where nothing is wanted but the means. */
export async function rankingMetrics(
  compute: Compute,
  question: RankingQuestion,
  scorer: Scorer,
): Promise<Metrics> {
  return (await evaluateRanking(compute, question, scorer)).metrics
}

const listMetrics = ['ndcg', 'recall', 'recall_min', 'precision', 'map', 'mrr', 'hitRate'] as const

function judgeLists(lists: TopLists, { dataset, fold, ks }: RankingQuestion): Record<string, Float64Array> {
  const heldOut = positiveRows(dataset, fold.isTest)
  const { users, length, items } = lists
  const columns = ks.map((k) => columnsFor(users.length, k))
  const isRelevant = new Uint8Array(length)
  users.forEach((user, at) => {
    const relevant = heldOut.columns.subarray(heldOut.rowStarts[user], heldOut.rowStarts[user + 1])
    for (let rank = 0; rank < length; rank++)
      isRelevant[rank] = isAmong(relevant, items[at * length + rank]) ? 1 : 0
    ks.forEach((k, n) => {
      const quality = judgeList(isRelevant, relevant.length, k)
      for (const name of listMetrics)
        columns[n][`${name}@${k}`][at] = relevant.length > 0 ? quality[name] : Number.NaN
    })
  })
  return Object.assign({}, ...columns)
}

function columnsFor(nUsers: number, k: number): Record<`${keyof ListQuality}@${number}`, Float64Array> {
  return Object.fromEntries(listMetrics.map((name) => [`${name}@${k}`, new Float64Array(nUsers)]))
}

/** Binary search in ascending columns. */
export function isAmong(columns: Csr['columns'], wanted: number): boolean {
  let [low, high] = [0, columns.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (columns[middle] < wanted) low = middle + 1
    else high = middle
  }
  return columns[low] === wanted
}

function isNumber(value: number): boolean {
  return !Number.isNaN(value)
}

/** NaN of none. */
export function meanOf(values: ArrayLike<number>): number {
  let sum = 0
  for (let at = 0; at < values.length; at++) sum += values[at]
  return sum / values.length
}
