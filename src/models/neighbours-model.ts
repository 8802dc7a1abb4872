import { type NeighbourRanking, startsOf } from '../dataset/ranking.ts'
import { RecsysError } from '../errors.ts'
import { tensorOf } from './model-state.ts'
import { ratingBiasPredictor } from './rating-bias.ts'
import type { HistoryEntry, Model, ModelState, Tensor } from './types.ts'

/** Weights from item j to item i as rows of j; each row ascending in i. */
export interface NeighbourRows {
  readonly starts: Int32Array
  readonly items: Int32Array
  readonly weights: Float32Array
}

/** Item indices are stored in single precision, which is exact up to here. */
const mostItems = 2 ** 24

export function neighbourTensors({
  starts,
  items,
  weights,
}: NeighbourRows): Readonly<Record<string, Tensor>> {
  const counts = Float32Array.from({ length: starts.length - 1 }, (_, row) => starts[row + 1] - starts[row])
  // A tensor has at least one number, also where no item has a neighbour.
  const width = Math.max(1, items.length)
  const [wideItems, wideWeights] = [new Float32Array(width), new Float32Array(width)]
  wideItems.set(items)
  wideWeights.set(weights)
  return {
    neighbourCounts: { axis: 'item', width: 1, data: counts },
    neighbourItems: { axis: 'model', width, data: wideItems },
    neighbourWeights: { axis: 'model', width, data: wideWeights },
  }
}

/**
 * A user is the set of items in the history: score(i) = Σ over them of the weight that leads from them to i. Whether and
 * how an item was rated makes no difference; a rating is predicted by the biases.
 */
export function neighboursModel(state: ModelState): Model {
  const ranking = rankingOf(state)
  const starts = startsOf(ranking.counts)
  const addRow = (item: number, scores: Float32Array) => {
    for (let entry = starts[item]; entry < starts[item + 1]; entry++) {
      scores[ranking.items[entry]] += ranking.weights[entry]
    }
  }
  const scoreHistory = (history: readonly HistoryEntry[], scores: Float32Array) => {
    scores.fill(0)
    for (const { itemIndex } of history) addRow(itemIndex, scores)
  }
  return {
    ...state,
    predict: ratingBiasPredictor(state),
    scoreUser: (_user, history, scores) => scoreHistory(history, scores),
    scoreHistory,
    scoreSimilar: (itemIndex, similarity) => scoreHistory([{ itemIndex, rating: 0 }], similarity),
    explain: (history, itemIndex, contributions) => {
      history.forEach((entry, at) => {
        contributions[at] = weightTo(itemIndex, ranking, starts[entry.itemIndex], starts[entry.itemIndex + 1])
      })
    },
    ranking: () => ranking,
  }
}

/** Binary search among the entries [low, high), which ascend. */
function weightTo(item: number, { items, weights }: NeighbourRanking, start: number, end: number): number {
  let [low, high] = [start, end]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (items[middle] < item) low = middle + 1
    else high = middle
  }
  return low < end && items[low] === item ? weights[low] : 0
}

function rankingOf(state: ModelState): NeighbourRanking {
  const width = state.tensors.neighbourItems?.width ?? 0
  const counts = tensorOf(state, 'neighbourCounts', 'item', 1)
  const items = tensorOf(state, 'neighbourItems', 'model', width)
  const weights = tensorOf(state, 'neighbourWeights', 'model', width)
  const nEntries = counts.reduce((sum, count) => sum + count, 0)
  if (nEntries > width || !counts.every((count) => count >= 0 && Number.isInteger(count))) {
    throw misshapen(
      state,
      `neighbourCounts add up to ${nEntries}, expected whole numbers up to ${width} in all`,
    )
  }
  if (!items.every((item) => item >= 0 && item < state.nItems && Number.isInteger(item))) {
    throw misshapen(state, `neighbourItems names an item that is none of the ${state.nItems}`)
  }
  return { kind: 'neighbours', counts, items, weights }
}

function misshapen({ algorithm }: ModelState, what: string): RecsysError {
  return new RecsysError('RECSYS_MODEL_SHAPE', { message: `in a model of ${algorithm}, ${what}` })
}

/**
 * Rows by source from the neighbours of each target.
 * @param best     k indices a target, −1 where there are fewer
 * @param weights  k weights a target
 */
export function rowsBySource(best: Int32Array, weights: Float32Array, nItems: number): NeighbourRows {
  if (nItems > mostItems) {
    throw new RecsysError('RECSYS_MEMORY', { message: `${nItems} items, expected at most ${mostItems}` })
  }
  const k = best.length / Math.max(1, nItems)
  const starts = new Int32Array(nItems + 1)
  for (const source of best) if (source >= 0) starts[source + 1]++
  for (let item = 0; item < nItems; item++) starts[item + 1] += starts[item]
  const next = starts.slice()
  const [items, own] = [new Int32Array(starts[nItems]), new Float32Array(starts[nItems])]
  for (let at = 0; at < best.length; at++) {
    if (best[at] < 0) continue
    const place = next[best[at]]++
    items[place] = Math.floor(at / k)
    own[place] = weights[at]
  }
  return { starts, items, weights: own }
}
