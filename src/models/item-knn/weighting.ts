import type { Csr, TrainingSet } from '../../dataset/types.ts'
import type { ItemKnnParams } from './parameters.ts'

/** The weight of an entry as a product of what the user and what the item contribute. */
export interface Weighting {
  /** nUsers */
  readonly users: Float32Array
  /** nItems */
  readonly items: Float32Array
}

/**
 * cosine: n_u^(−β/2), so that a product of two counts n_u^−β. tfidf: ln(|I|/n_u), the rarer the user the more. bm25
 * (Robertson & Zaragoza 2009): the same idf times (k1 + 1)/(1 + k1·(1 − b + b·n_i/mean)), an interaction being one term.
 */
export function weightingOf(train: TrainingSet, params: ItemKnnParams): Weighting {
  const ofUser = userWeight(params, train.nItems)
  const ofItem = itemWeight(params, train)
  return {
    users: Float32Array.from({ length: train.nUsers }, (_, user) => ofUser(lengthOf(train.byUser, user))),
    items: Float32Array.from({ length: train.nItems }, (_, item) => ofItem(lengthOf(train.byItem, item))),
  }
}

function userWeight({ similarity, activityExponent }: ItemKnnParams, nItems: number): (n: number) => number {
  if (similarity === 'cosine') return (n) => (n > 0 ? n ** (-activityExponent / 2) : 0)
  return (n) => (n > 0 ? Math.log(1 + nItems / n) : 0)
}

function itemWeight(
  { similarity, k1, b }: ItemKnnParams,
  { nItems, byItem }: TrainingSet,
): (n: number) => number {
  if (similarity !== 'bm25') return () => 1
  const mean = byItem.columns.length / Math.max(1, nItems)
  return (n) => (k1 + 1) / (1 + k1 * (1 - b + (b * n) / Math.max(1e-9, mean)))
}

function lengthOf({ rowStarts }: Csr, row: number): number {
  return rowStarts[row + 1] - rowStarts[row]
}
