import type { Dataset, Masks } from '../dataset/types.ts'
import type { ItemCategories, Metrics, RankingQuestion, TopLists } from './types.ts'

/**
 * Of each user's list at each k: popularity (mean training interactions of its items), novelty (mean of −log2 of the share
 * of training users who have the item; one who would be the first counts as half a user) and, where items have categories,
 * diversity (mean over its pairs of 1 − Jaccard of their categories; 0 for a list of one).
 */
export function perUserOfLists(lists: TopLists, question: RankingQuestion): Record<string, Float64Array> {
  const { dataset, fold, ks, categories } = question
  const popularity = trainingCounts(dataset, fold)
  const novelty = noveltyOf(popularity, countTrainingUsers(dataset, fold))
  const columns: Record<string, Float64Array> = {}
  for (const k of ks) {
    columns[`novelty@${k}`] = overLists(lists, k, (items) => meanAt(novelty, items))
    columns[`popularity@${k}`] = overLists(lists, k, (items) => meanAt(popularity, items))
  }
  if (categories === undefined || categories.every((names) => names.length === 0)) return columns
  const distance = categoryDistance(categories)
  for (const k of ks) columns[`diversity@${k}`] = overLists(lists, k, (items) => pairMean(items, distance))
  return columns
}

/**
 * Of all lists together at each k: coverage (share of the catalogue in any of them) and gini (of how often each item of the
 * catalogue is recommended: 0 all alike, towards 1 a few items get everything).
 */
export function catalogueMetrics(lists: TopLists, { dataset, ks }: RankingQuestion): Metrics {
  const metrics: Record<string, number> = {}
  for (const k of ks) {
    const counts = recommendationCounts(lists, k, dataset.items.size)
    metrics[`coverage@${k}`] = counts.filter((count) => count > 0).length / counts.length
    metrics[`gini@${k}`] = giniOf(counts)
  }
  return metrics
}

/** G = Σ(2r − n − 1)·x_r ÷ (n·Σx) over counts in ascending order, ranks r from 1; NaN where all are 0. */
export function giniOf(counts: Float64Array): number {
  const ascending = counts.toSorted()
  const n = ascending.length
  let [weighted, sum] = [0, 0]
  ascending.forEach((count, at) => {
    weighted += (2 * (at + 1) - n - 1) * count
    sum += count
  })
  return weighted / (n * sum)
}

/** Training rows of each item that say somebody wants it. */
export function trainingCounts({ items, interactions }: Dataset, { isTrain }: Masks): Float64Array {
  const counts = new Float64Array(items.size)
  const { itemIndex, weight } = interactions
  for (let row = 0; row < isTrain.length; row++) if (weight[row] > 0) counts[itemIndex[row]] += isTrain[row]
  return counts
}

function countTrainingUsers({ users, interactions }: Dataset, { isTrain }: Masks): number {
  const has = new Uint8Array(users.size)
  for (let row = 0; row < isTrain.length; row++) if (isTrain[row] === 1) has[interactions.userIndex[row]] = 1
  return has.reduce((sum, one) => sum + one, 0)
}

function noveltyOf(popularity: Float64Array, nUsers: number): Float64Array {
  return popularity.map((count) => -Math.log2(Math.max(0.5, count) / Math.max(1, nUsers)))
}

function overLists({ users, length, items }: TopLists, k: number, measure: (items: Int32Array) => number) {
  return Float64Array.from(users, (_, at) => {
    const list = items.subarray(at * length, at * length + Math.min(k, length))
    const end = list.indexOf(-1)
    return measure(end < 0 ? list : list.subarray(0, end))
  })
}

/** 0 of an empty list. */
function meanAt(values: Float64Array, items: Int32Array): number {
  let sum = 0
  for (const item of items) sum += values[item]
  return items.length === 0 ? 0 : sum / items.length
}

function pairMean(items: Int32Array, distance: (a: number, b: number) => number): number {
  const nPairs = (items.length * (items.length - 1)) / 2
  let sum = 0
  for (let a = 1; a < items.length; a++) for (let b = 0; b < a; b++) sum += distance(items[a], items[b])
  return nPairs === 0 ? 0 : sum / nPairs
}

/** 1 − |A ∩ B| ÷ |A ∪ B|, over bit sets; 1 where neither item has a category. */
function categoryDistance(categories: ItemCategories): (a: number, b: number) => number {
  const bitOf = new Map([...new Set(categories.flat())].map((name, bit) => [name, bit]))
  const nWords = Math.ceil(bitOf.size / 32)
  const words = new Int32Array(categories.length * nWords)
  categories.forEach((names, item) => {
    for (const bit of names.map((name) => bitOf.get(name) as number))
      words[item * nWords + (bit >>> 5)] |= 1 << (bit & 31)
  })
  return (a, b) => {
    let [shared, union] = [0, 0]
    for (let word = 0; word < nWords; word++) {
      const [left, right] = [words[a * nWords + word], words[b * nWords + word]]
      shared += countBits(left & right)
      union += countBits(left | right)
    }
    return union === 0 ? 1 : 1 - shared / union
  }
}

/** Of 32, by adding neighbouring groups (Warren, Hacker's Delight). */
function countBits(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555)
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333)
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}

function recommendationCounts({ users, length, items }: TopLists, k: number, nItems: number): Float64Array {
  const counts = new Float64Array(nItems)
  for (let at = 0; at < users.length; at++) {
    for (let rank = 0; rank < Math.min(k, length); rank++) {
      const item = items[at * length + rank]
      if (item >= 0) counts[item]++
    }
  }
  return counts
}
