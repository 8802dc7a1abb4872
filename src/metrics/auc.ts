import { positiveRows } from '../dataset/dataset.ts'
import type { Ranking } from '../dataset/ranking.ts'
import type { Csr } from '../dataset/types.ts'
import type { Compute } from '../kernels/compute.ts'
import { aucRowsScratchBytes } from '../kernels/scratch.ts'
import { foldedPairs } from './folded-lists.ts'
import { type RankedUsers, shareCsr, shareRanking } from './shared-ranking.ts'
import { historyRows, isFoldedIn, rankedUsers, seenRows } from './top-lists.ts'
import type { RankingQuestion, Scorer } from './types.ts'

/**
 * Of each user with held-out rows: the share of pairs (held-out item, item of neither part) in which the held-out one has the
 * higher score, a tie counting ½; NaN for a user without such pairs.
 */
export async function aucOf(
  compute: Compute,
  question: RankingQuestion,
  scorer: Scorer,
): Promise<Float64Array> {
  const { dataset, fold } = question
  const ranking = scorer.ranking()
  const ranked = rankedUsers(question)
  const parts = [seenRows(dataset, fold), positiveRows(dataset, fold.isTest)] as const
  const history = historyRows(dataset, fold)
  const inOrder = isFoldedIn(fold, scorer)
    ? foldedPairs({ ...ranked, scorer, history, seen: parts[0] }, parts[1])
    : await compute.scoped(async () => {
        const [seen, relevant] = parts.map((part) => shareCsr(compute, part, ranked))
        const out = compute.float64(ranked.users.length)
        await countPairs(compute, question, { ranking, ranked, history, seen, relevant, out })
        return out.slice()
      })
  return Float64Array.from(ranked.users, (user, at) => {
    const [nSeen, nRelevant] = parts.map((part) => lengthOf(part, user))
    return inOrder[at] / (nRelevant * (dataset.items.size - nSeen - nRelevant))
  })
}

interface Counting {
  readonly ranking: Ranking
  readonly ranked: RankedUsers
  readonly history: Csr
  readonly seen: [Int32Array, Int32Array]
  readonly relevant: [Int32Array, Int32Array]
  readonly out: Float64Array
}

async function countPairs(
  compute: Compute,
  { dataset, signal }: RankingQuestion,
  { ranking, ranked, history, seen, relevant, out }: Counting,
): Promise<void> {
  const rows = shareRanking(compute, ranking, ranked)
  const nItems = dataset.items.size
  const job = { nRows: out.length, rowsPerRange: 16, scratchBytes: aucRowsScratchBytes(nItems), signal }
  if (ranking.kind === 'factors') {
    await compute.run({ ...job, kernel: 'auc_rows', args: [...rows, nItems, ...seen, ...relevant, out] })
  } else {
    const args = [...shareCsr(compute, history, ranked), ...seen, nItems, ...rows, ...relevant, out]
    await compute.run({ ...job, kernel: 'auc_neighbour_rows', args })
  }
}

function lengthOf({ rowStarts }: Csr, user: number): number {
  return rowStarts[user + 1] - rowStarts[user]
}
