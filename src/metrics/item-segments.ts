import type { Dataset, Masks } from '../dataset/types.ts'
import { trainingCounts } from './beyond-accuracy.ts'
import type { ItemCategories, RankingQuestion } from './types.ts'

/** A part of the catalogue. */
export interface ItemSegment {
  /** `head items`, `mid items`, `tail items`, `cold items`, or `category …`. */
  readonly name: string
  /** 1 for an item of the segment. */
  readonly has: Uint8Array
}

/** So many categories are shown, those with the most held-out rows. */
const mostCategories = 20

/**
 * By popularity: the items with the most training rows that together hold a third of them are the head, those of the second
 * third the middle, all others the tail, so that each third has much the same weight of evidence; cold items have no training
 * row. By category: an item may be in several.
 */
export function itemSegments({ dataset, fold, categories }: RankingQuestion): readonly ItemSegment[] {
  const counts = trainingCounts(dataset, fold)
  const third = thirdsOf(counts)
  const popularity = ['head items', 'mid items', 'tail items'].map((name, part) => ({
    name,
    has: third.map((own) => (own === part ? 1 : 0)),
  }))
  const cold = { name: 'cold items', has: Uint8Array.from(counts, (count) => (count === 0 ? 1 : 0)) }
  return [...popularity, cold, ...(categories ? byCategory(dataset, fold, categories) : [])]
}

/** 0, 1 or 2 an item: in which third of the training rows its place in the order of popularity lies. */
function thirdsOf(counts: Float64Array): Uint8Array {
  const total = counts.reduce((sum, count) => sum + count, 0)
  const order = Int32Array.from(counts.keys()).sort((a, b) => counts[b] - counts[a] || a - b)
  const third = new Uint8Array(counts.length)
  let before = 0
  for (const item of order) {
    third[item] = Math.min(2, Math.floor((3 * before) / Math.max(1, total)))
    before += counts[item]
  }
  return third
}

function byCategory({ interactions }: Dataset, { isTest }: Masks, categories: ItemCategories): ItemSegment[] {
  const nRows = new Map<string, number>()
  for (let row = 0; row < isTest.length; row++) {
    if (isTest[row] === 0) continue
    for (const name of categories[interactions.itemIndex[row]]) nRows.set(name, (nRows.get(name) ?? 0) + 1)
  }
  const names = [...nRows].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([name]) => name)
  return names.slice(0, mostCategories).map((name) => ({
    name: `category ${name}`,
    has: Uint8Array.from(categories, (own) => (own.includes(name) ? 1 : 0)),
  }))
}
