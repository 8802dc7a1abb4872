import { csrFrom, transposed } from './csr.ts'
import type { Csr, Dataset, FeedbackKind, Interactions, Masks, TrainingSet } from './types.ts'
import { vocabularyOf } from './vocabulary.ts'

/** Dictionary-coded rows as the lake reads them: sorted by (user, item), a pair once. */
export interface DatasetColumns extends Omit<Interactions, 'weight' | 'count'> {
  readonly lakeVersion: number
  readonly userIds: readonly string[]
  readonly itemIds: readonly string[]
  /** Left out: 1 for every row. */
  readonly weight?: Float32Array
  readonly count?: Int32Array
}

export function datasetFrom(columns: DatasetColumns): Dataset {
  const { lakeVersion, userIds, itemIds, userIndex, itemIndex, rating, timestamp } = columns
  const { weight = new Float32Array(rating.length).fill(1), count = new Int32Array(rating.length).fill(1) } =
    columns
  return {
    lakeVersion,
    users: vocabularyOf(userIds),
    items: vocabularyOf(itemIds),
    interactions: { userIndex, itemIndex, rating, weight, count, timestamp },
    ...ratingFacts(rating),
  }
}

/** The range is [0, 0] when there is no rating. */
function ratingFacts(rating: Float32Array): Pick<Dataset, 'kind' | 'ratingRange'> {
  let [min, max, nRated] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0]
  for (let row = 0; row < rating.length; row++) {
    const value = rating[row]
    if (Number.isNaN(value)) continue
    nRated++
    if (value < min) min = value
    if (value > max) max = value
  }
  const kind: FeedbackKind = !(min < max) ? 'implicit' : nRated === rating.length ? 'explicit' : 'both'
  return { kind, ratingRange: nRated === 0 ? [0, 0] : [min, max] }
}

/** The training rows of a fold, by user and by item. */
export function trainingSet(dataset: Dataset, fold: Masks): TrainingSet {
  const { rating, weight } = dataset.interactions
  const chosen = fold.isTrain.map((one, row) => (one === 1 && weight[row] > 0 ? 1 : 0))
  const rated = fold.isTrain.map((one, row) => (one === 1 && !Number.isNaN(rating[row]) ? 1 : 0))
  const isAllRated = chosen.every((one, row) => one === rated[row])
  let ratings: TrainingSet | undefined
  const set: TrainingSet = {
    ...setOf(dataset, chosen),
    get ratings() {
      ratings ??= isAllRated ? set : ratedSet(dataset, rated)
      return ratings
    },
  }
  return set
}

function ratedSet(dataset: Dataset, rated: Uint8Array): TrainingSet {
  const set: TrainingSet = {
    ...setOf(dataset, rated),
    weights: () => undefined,
    get ratings() {
      return set
    },
  }
  return set
}

function setOf(dataset: Dataset, chosen: Uint8Array): Omit<TrainingSet, 'ratings'> {
  const { users, items, interactions, ratingRange, kind } = dataset
  const rows = byUser(dataset, chosen)
  return {
    nUsers: users.size,
    nItems: items.size,
    kind,
    byUser: rows,
    byItem: transposed(rows),
    ratingRange,
    // The rows of the dataset lie in the order of `byUser`.
    weights: () => relativeWeights(interactions.weight.filter((_, row) => chosen[row] === 1)),
    timestamps: () => interactions.timestamp.filter((_, row) => chosen[row] === 1),
  }
}

/** Divided by their mean, so that what is learnt does not depend on the unit; undefined where all are equal. */
function relativeWeights(weights: Float32Array): Float32Array | undefined {
  const [first] = weights
  if (weights.every((weight) => weight === first)) return undefined
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length
  return weights.map((weight) => weight / mean)
}

/**
 * The chosen rows by user: `fold.isTest` gives what is held out, `fold.isTrain` what a model has seen. Values are ratings, or
 * counts where there is no rating.
 */
export function byUser({ users, items, interactions, kind }: Dataset, chosen: Uint8Array): Csr {
  const { userIndex, itemIndex, rating, count } = interactions
  const value =
    kind === 'explicit' ? rating : rating.map((one, row) => (Number.isNaN(one) ? count[row] : one))
  return csrFrom(
    { nRows: users.size, nColumns: items.size },
    { row: userIndex, column: itemIndex, value },
    chosen,
  )
}

/** Of the chosen rows by user those that say what the user wants: with a weight above 0. */
export function positiveRows(dataset: Dataset, chosen: Uint8Array): Csr {
  const { weight } = dataset.interactions
  return byUser(
    dataset,
    chosen.map((one, row) => (weight[row] > 0 ? one : 0)),
  )
}
