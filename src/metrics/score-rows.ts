import { type Ranking, startsOf } from '../dataset/ranking.ts'
import type { Csr } from '../dataset/types.ts'
import type { Scorer } from './types.ts'

/** Fills scores[i] of every item for one user. */
export type RowScorer = (user: number, scores: Float32Array) => void

/**
 * Scores of whole rows on this thread, for what the kernels do not do: somebody folded in, and sampled candidates.
 * @param history    what each user is known by: items with their ratings
 * @param isFoldedIn whether the users are unknown to the model, which then goes by the history alone
 */
export function rowScorer(scorer: Scorer, history: Csr, isFoldedIn: boolean): RowScorer {
  const ranking = scorer.ranking()
  const byHistory = scorer.scoreHistory?.bind(scorer)
  if (isFoldedIn && byHistory) return (user, scores) => byHistory(historyOf(history, user), scores)
  return ranking.kind === 'factors' ? byFactors(ranking) : byNeighbours(ranking, history)
}

function historyOf({ rowStarts, columns, values }: Csr, user: number) {
  const [start, end] = [rowStarts[user], rowStarts[user + 1]]
  return Array.from(columns.subarray(start, end), (itemIndex, at) => ({
    itemIndex,
    rating: values[start + at],
  }))
}

function byFactors({ width, userRows, itemRows }: Extract<Ranking, { kind: 'factors' }>): RowScorer {
  return (user, scores) => {
    const query = userRows.subarray(user * width, (user + 1) * width)
    for (let item = 0; item < scores.length; item++) {
      const start = item * width
      let [s0, s1, s2, s3] = [0, 0, 0, 0]
      for (let f = 0; f < width; f += 4) {
        s0 += itemRows[start + f] * query[f]
        s1 += itemRows[start + f + 1] * query[f + 1]
        s2 += itemRows[start + f + 2] * query[f + 2]
        s3 += itemRows[start + f + 3] * query[f + 3]
      }
      scores[item] = s0 + s1 + (s2 + s3)
    }
  }
}

function byNeighbours(
  { counts, items, weights }: Extract<Ranking, { kind: 'neighbours' }>,
  history: Csr,
): RowScorer {
  const starts = startsOf(counts)
  return (user, scores) => {
    scores.fill(0)
    for (let at = history.rowStarts[user]; at < history.rowStarts[user + 1]; at++) {
      const source = history.columns[at]
      for (let entry = starts[source]; entry < starts[source + 1]; entry++)
        scores[items[entry]] += weights[entry]
    }
  }
}
