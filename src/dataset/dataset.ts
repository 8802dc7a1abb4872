import { csrFrom, transposed } from './csr.ts'
import type { Csr, Dataset, Masks, Ratings, TrainingSet } from './types.ts'
import { vocabularyOf } from './vocabulary.ts'

/** Dictionary-coded ratings as the lake reads them: sorted by (user, item), a pair once. */
export interface DatasetColumns extends Ratings {
  readonly lakeVersion: number
  readonly userIds: readonly string[]
  readonly itemIds: readonly string[]
}

export function datasetFrom(columns: DatasetColumns): Dataset {
  const { lakeVersion, userIds, itemIds, userIndex, itemIndex, rating, timestamp } = columns
  return {
    lakeVersion,
    users: vocabularyOf(userIds),
    items: vocabularyOf(itemIds),
    ratings: { userIndex, itemIndex, rating, timestamp },
    ratingRange: rangeOf(rating),
  }
}

/** [0, 0] when there is none. */
function rangeOf(rating: Float32Array): [min: number, max: number] {
  let [min, max] = rating.length > 0 ? [rating[0], rating[0]] : [0, 0]
  for (let row = 1; row < rating.length; row++) {
    if (rating[row] < min) min = rating[row]
    if (rating[row] > max) max = rating[row]
  }
  return [min, max]
}

/** The training rows of a fold, by user and by item. */
export function trainingSet(dataset: Dataset, fold: Masks): TrainingSet {
  const { users, items, ratings, ratingRange } = dataset
  const rows = byUser(dataset, fold.isTrain)
  return {
    nUsers: users.size,
    nItems: items.size,
    byUser: rows,
    byItem: transposed(rows),
    ratingRange,
    // The rows of the dataset lie in the order of `byUser`.
    timestamps: () => ratings.timestamp.filter((_, row) => fold.isTrain[row] === 1),
  }
}

/** The chosen rows by user: `fold.isTest` gives what is held out, `fold.isTrain` what a model has seen. */
export function byUser({ users, items, ratings }: Dataset, chosen: Uint8Array): Csr {
  return csrFrom(
    { nRows: users.size, nColumns: items.size },
    { row: ratings.userIndex, column: ratings.itemIndex, value: ratings.rating },
    chosen,
  )
}
