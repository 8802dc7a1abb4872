/** What one ranked list says about one user's held-out items; every value lies in [0, 1]. */
export interface ListQuality {
  readonly ndcg: number
  readonly recall: number
  readonly precision: number
  readonly map: number
  readonly mrr: number
  readonly hitRate: number
}

/**
 * Binary relevance: an item that the user has a held-out rating for is relevant, whatever the rating. Ranks from 1.
 *
 * - ndcg = Σ 1/log2(rank + 1) over relevant ranks ÷ the same for the best possible list of k (Järvelin & Kekäläinen 2002)
 * - recall = hits ÷ all relevant; precision = hits ÷ k
 * - map: average precision, Σ precision at each relevant rank ÷ min(k, all relevant)
 * - mrr = 1 ÷ the first relevant rank, 0 without one; hitRate = 1 with a hit, else 0
 * @param isRelevant  at rank r: isRelevant[r − 1]; may be shorter than k, when the catalogue ends
 * @param nRelevant   all relevant items of the user, at least 1
 */
export function judgeList(isRelevant: readonly boolean[], nRelevant: number, k: number): ListQuality {
  let [hits, gain, precisions, first] = [0, 0, 0, 0]
  for (let rank = 1; rank <= isRelevant.length; rank++) {
    if (!isRelevant[rank - 1]) continue
    hits++
    gain += 1 / Math.log2(rank + 1)
    precisions += hits / rank
    if (first === 0) first = rank
  }
  return {
    ndcg: gain / idealGain(Math.min(k, nRelevant)),
    recall: hits / nRelevant,
    precision: hits / k,
    map: precisions / Math.min(k, nRelevant),
    mrr: first === 0 ? 0 : 1 / first,
    hitRate: hits > 0 ? 1 : 0,
  }
}

function idealGain(nRelevant: number): number {
  let gain = 0
  for (let rank = 1; rank <= nRelevant; rank++) gain += 1 / Math.log2(rank + 1)
  return gain
}
