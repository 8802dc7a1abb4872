import type { FactorRanking } from '../../dataset/ranking.ts'
import { averageRow } from '../average-row.ts'
import { cosinesTo, dotAt, normsOf } from '../dot-product.ts'
import { dotRanking, paddedRow } from '../dot-ranking.ts'
import { tensorOf } from '../model-state.ts'
import { ratingBiasPredictor } from '../rating-bias.ts'
import type { HistoryEntry, Model, ModelState } from '../types.ts'
import type { BprParams } from './parameters.ts'

/**
 * Items are ordered by ⟨p_u, q_i⟩ + b_i, b_i being a further factor that all users have at 1; a rating is predicted by the
 * biases. A pairwise loss has no closed form for a new user: somebody with a history is the mean of the items in it, at the
 * length that users have on average.
 */
export function bprModel(state: ModelState): Model {
  const { factors } = state.params as BprParams
  const width = factors + 1
  const users = tensorOf(state, 'userFactors', 'user', width)
  const items = tensorOf(state, 'itemFactors', 'item', width)
  const userLength = tensorOf(state, 'userLength', 'model', 1)[0]
  const averageUser = averageRow(users, width)
  averageUser[factors] = 1
  let norms: Float32Array | undefined
  const scoreRow = (rows: Float32Array, row: number, scores: Float32Array) => {
    for (let item = 0; item < state.nItems; item++) scores[item] = dotAt(rows, row, items, item, width)
  }
  const foldIn = (history: readonly HistoryEntry[]) => meanDirection(history, { items, factors, userLength })
  return {
    ...state,
    predict: ratingBiasPredictor(state),
    scoreUser: (user, _history, scores) => {
      if (user < 0) scoreRow(averageUser, 0, scores)
      else scoreRow(users, user, scores)
    },
    scoreHistory: (history, scores) => scoreRow(foldIn(history).row, 0, scores),
    foldRow: (history) => paddedRow(foldIn(history).row),
    explain: (history, item, contributions) => {
      const { scale } = foldIn(history)
      history.forEach(({ itemIndex }, at) => {
        let product = 0
        for (let f = 0; f < factors; f++) product += items[itemIndex * width + f] * items[item * width + f]
        contributions[at] = scale * product
      })
    },
    scoreSimilar: (item, similarity) => {
      norms ??= normsOf(items, state.nItems, width)
      cosinesTo(items, norms, item, width, similarity)
    },
    ranking: (): FactorRanking => dotRanking(state, width),
  }
}

interface Items {
  readonly items: Float32Array
  readonly factors: number
  readonly userLength: number
}

/** scale · Σ q_j, of the length that users have, and 1 for the bias. */
function meanDirection(history: readonly HistoryEntry[], { items, factors, userLength }: Items) {
  const row = new Float32Array(factors + 1)
  for (const { itemIndex } of history) {
    for (let f = 0; f < factors; f++) row[f] += items[itemIndex * (factors + 1) + f]
  }
  const length = Math.sqrt(dotAt(row, 0, row, 0, factors))
  const scale = length > 0 ? userLength / length : 0
  for (let f = 0; f < factors; f++) row[f] *= scale
  row[factors] = 1
  return { row, scale }
}
