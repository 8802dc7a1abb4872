/** What one ranked list says about one user's held-out items; every value lies in [0, 1]. */
export interface ListQuality {
  readonly ndcg: number
  readonly recall: number
  readonly recall_min: number
  readonly precision: number
  readonly map: number
  readonly mrr: number
  readonly hitRate: number
}

/**
 * The first k places of a list, under the formulas of `metricCatalogue`. Binary relevance: an item that the user has a
 * held-out rating for is relevant, whatever the rating. Ranks from 1.
 * @param isRelevant  at rank r: isRelevant[r − 1]; may be longer than k, or shorter, when the catalogue ends
 * @param nRelevant   all relevant items of the user, at least 1
 */
export function judgeList(
  isRelevant: ArrayLike<boolean | number>,
  nRelevant: number,
  k: number,
): ListQuality {
  let [hits, gain, precisions, first] = [0, 0, 0, 0]
  const end = Math.min(k, isRelevant.length)
  for (let rank = 1; rank <= end; rank++) {
    if (!isRelevant[rank - 1]) continue
    hits++
    gain += discountAt(rank)
    precisions += hits / rank
    if (first === 0) first = rank
  }
  const most = Math.min(k, nRelevant)
  return {
    ndcg: gain / idealGain(most),
    recall: hits / nRelevant,
    recall_min: hits / most,
    precision: hits / k,
    map: precisions / most,
    mrr: first === 0 ? 0 : 1 / first,
    hitRate: hits > 0 ? 1 : 0,
  }
}

const discounts: number[] = [0]
const idealGains: number[] = [0]

/** 1/log2(rank + 1) */
function discountAt(rank: number): number {
  for (let next = discounts.length; next <= rank; next++) discounts.push(1 / Math.log2(next + 1))
  return discounts[rank]
}

/** Σ of the discounts of the ranks 1 to n. */
function idealGain(n: number): number {
  for (let next = idealGains.length; next <= n; next++)
    idealGains.push(idealGains[next - 1] + discountAt(next))
  return idealGains[n]
}
