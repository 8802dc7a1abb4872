import { positiveRows } from '../dataset/dataset.ts'
import { hashId } from '../dataset/id-hash.ts'
import { uniformAt } from '../kernels/random.ts'
import { judgeList, type ListQuality } from './ranked-list.ts'
import { rowScorer } from './score-rows.ts'
import { historyRows, rankedUsers, seenRows } from './top-lists.ts'
import type { Metrics, RankingQuestion, SampledProtocol, Scorer } from './types.ts'

/**
 * The protocol of NCF (He et al. 2017), to reproduce its figures and for nothing else: a user's held-out items are ranked
 * among `nItems` items that the user has in no part, drawn alike without replacement. Such figures are far above those of the whole
 * catalogue and may even order models otherwise (Krichene & Rendle 2020), so they have names of their own: sampledNdcg@k,
 * sampledRecall@k, sampledMrr@k, sampledHitRate@k. The same candidates for every model; equal scores by a hash, never the
 * held-out item first.
 */
export function sampledMetrics(question: RankingQuestion, sampled: SampledProtocol, scorer: Scorer): Metrics {
  const { dataset, fold, ks } = question
  const known = seenRows(dataset, fold)
  const scoreOf = rowScorer(scorer, historyRows(dataset, fold), fold.isFoldIn !== undefined)
  const heldOut = positiveRows(dataset, fold.isTest)
  const [scores, taken] = [new Float32Array(dataset.items.size), new Uint8Array(dataset.items.size)]
  const { users, order } = rankedUsers(question)
  const placeOf = new Int32Array(order.length)
  order.forEach((item, place) => {
    placeOf[item] = place
  })
  const sums: Record<string, number> = {}
  let nUsers = 0
  for (const user of users) {
    const relevant = heldOut.columns.subarray(heldOut.rowStarts[user], heldOut.rowStarts[user + 1])
    if (relevant.length === 0) continue
    nUsers++
    scoreOf(user, scores)
    const seen = known.columns.subarray(known.rowStarts[user], known.rowStarts[user + 1])
    taken.fill(0)
    for (const item of [...relevant, ...seen]) taken[item] = 1
    const candidates = [...relevant, ...drawOthers(taken, sampled, dataset.users.ids[user])]
    candidates.sort((a, b) => scores[b] - scores[a] || placeOf[a] - placeOf[b])
    const isRelevant = candidates.map((item) => relevant.includes(item))
    for (const k of ks) add(sums, judgeList(isRelevant, relevant.length, k), k)
  }
  return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / nUsers]))
}

function add(sums: Record<string, number>, { ndcg, recall, mrr, hitRate }: ListQuality, k: number): void {
  const values = { sampledNdcg: ndcg, sampledRecall: recall, sampledMrr: mrr, sampledHitRate: hitRate }
  for (const [name, value] of Object.entries(values))
    sums[`${name}@${k}`] = (sums[`${name}@${k}`] ?? 0) + value
}

/** Distinct items that are not taken, marked as taken; fewer where the catalogue has no more. */
function drawOthers(taken: Uint8Array, { nItems, seed }: SampledProtocol, userId: string): number[] {
  const stream = (hashId(userId).high ^ seed) >>> 0
  const nFree = taken.reduce((sum, one) => sum + 1 - one, 0)
  const drawn: number[] = []
  for (let at = 0; drawn.length < Math.min(nItems, nFree); at++) {
    const item = Math.floor(uniformAt(stream, at) * taken.length)
    if (taken[item] === 1) continue
    taken[item] = 1
    drawn.push(item)
  }
  return drawn
}
