import { byUser, positiveRows } from '../dataset/dataset.ts'
import { hashId } from '../dataset/id-hash.ts'
import type { Ranking } from '../dataset/ranking.ts'
import type { Csr, Dataset, Masks } from '../dataset/types.ts'
import type { Compute } from '../kernels/compute.ts'
import { rankRowsScratchBytes } from '../kernels/scratch.ts'
import { foldedLists } from './folded-lists.ts'
import { type RankedUsers, shareCsr, shareRanking } from './shared-ranking.ts'
import type { RankingQuestion, Scorer, TopLists } from './types.ts'

/**
 * Every user with held-out rows gets the best items of the whole catalogue, as many as the largest k; what the user has in
 * the training part is left out. Equal scores are ordered by a hash of the item's id, never by catalogue order, so that a
 * model with constant scores measures as random.
 */
export async function topLists(
  compute: Compute,
  question: RankingQuestion,
  scorer: Scorer,
): Promise<TopLists> {
  const ranked = rankedUsers(question)
  const length = Math.max(...question.ks)
  const { dataset, fold } = question
  if (isFoldedIn(fold, scorer)) {
    const rows = { seen: seenRows(dataset, fold), history: historyRows(dataset, fold) }
    return { users: ranked.users, length, items: foldedLists({ ...ranked, scorer, ...rows }, length) }
  }
  const items = await compute.scoped(() => rank(compute, question, scorer.ranking(), ranked, length))
  return { users: ranked.users, length, items }
}

/** What is known of each user, and not recommended: what is learnt from and what is folded in. */
export function seenRows(dataset: Dataset, fold: Masks): Csr {
  return byUser(dataset, knownRows(fold))
}

/** Of `seenRows` what each user is known by: rows that say what the user wants. */
export function historyRows(dataset: Dataset, fold: Masks): Csr {
  return positiveRows(dataset, knownRows(fold))
}

function knownRows({ isTrain, isFoldIn }: Masks): Uint8Array {
  return isFoldIn ? isTrain.map((one, row) => one | isFoldIn[row]) : isTrain
}

/**
 * Whether lists have to come from histories, since the model has not learnt from the users. Models of items always go by the
 * history, and do so in the kernels.
 */
export function isFoldedIn({ isFoldIn }: Masks, scorer: Scorer): boolean {
  return isFoldIn !== undefined && scorer.scoreHistory !== undefined && scorer.ranking().kind === 'factors'
}

/** Users with held-out rows, and the order of items by a hash of their ids. */
export function rankedUsers({ dataset, fold }: Pick<RankingQuestion, 'dataset' | 'fold'>): RankedUsers {
  const { nRows, rowStarts } = byUser(dataset, fold.isTest)
  const users = Int32Array.from({ length: nRows }, (_, user) => user)
  return {
    users: users.filter((user) => rowStarts[user + 1] > rowStarts[user]),
    order: tieOrder(dataset.items.ids),
  }
}

function tieOrder(ids: readonly string[]): Int32Array {
  const hashes = ids.map(hashId)
  const order = Int32Array.from(ids, (_, item) => item)
  return order.sort((a, b) => hashes[a].high - hashes[b].high || hashes[a].low - hashes[b].low || a - b)
}

async function rank(
  compute: Compute,
  { dataset, fold, signal }: RankingQuestion,
  ranking: Ranking,
  ranked: RankedUsers,
  length: number,
): Promise<Int32Array> {
  const { users, order } = ranked
  const nItems = dataset.items.size
  const seen = shareCsr(compute, seenRows(dataset, fold), ranked)
  const rows = shareRanking(compute, ranking, ranked)
  const best = compute.int32(users.length * length)
  const out = [length, best, compute.float32(users.length * length)]
  const job = { nRows: users.length, signal }
  if (ranking.kind === 'factors') {
    const args = [...rows, nItems, ...seen, ...out]
    await compute.run({ ...job, kernel: 'rank_rows', args, scratchBytes: rankRowsScratchBytes })
  } else {
    const history = shareCsr(compute, historyRows(dataset, fold), ranked)
    const args = [...history, ...seen, nItems, ...rows, ...out]
    await compute.run({ ...job, kernel: 'top_k_neighbour_rows', args, scratchBytes: 4 * nItems })
  }
  return Int32Array.from(best, (place) => (place < 0 ? -1 : order[place]))
}
