import { oneOrder } from '../dataset/one-order.ts'
import { meanRating } from '../dataset/training-mean.ts'
import type { TrainingSet } from '../dataset/types.ts'
import type { Scorer } from './types.ts'

/**
 * Ratings of average height that each item and each user starts with, and passes over both until the biases settle. Mean
 * RMSE on 5 random folds of MovieLens 100K is .940; one pass of 25 and 10 (Koren 2010, section 2.1) stops at .952, and a
 * weak baseline flatters every model that stands beside it.
 */
const itemDamping = 2
const userDamping = 5
const nPasses = 10

/** Predicts the mean training rating for every pair; its lists are random. */
export function globalMeanBaseline(train: TrainingSet): Scorer {
  const mean = meanRating(train)
  return {
    predict: () => mean,
    rankingFactors: () => oneOrder(train.nUsers, new Float32Array(train.nItems)),
  }
}

/**
 * r̂ = μ + b_i + b_u, clipped, with b_i = Σ(r − μ − b_u)/(2 + n_i) and b_u = Σ(r − μ − b_i)/(5 + n_u) in turn; items are
 * ordered by b_i.
 */
export function biasBaseline(train: TrainingSet): Scorer {
  const mean = meanRating(train)
  let itemBias = new Float32Array(train.nItems)
  let userBias = new Float32Array(train.nUsers)
  for (let pass = 0; pass < nPasses; pass++) {
    itemBias = dampedBias(train.byItem, mean, userBias, itemDamping)
    userBias = dampedBias(train.byUser, mean, itemBias, userDamping)
  }
  const [min, max] = train.ratingRange
  return {
    predict: (user, item) => {
      const bias = (user < 0 ? 0 : userBias[user]) + (item < 0 ? 0 : itemBias[item])
      return Math.min(max, Math.max(min, mean + bias))
    },
    rankingFactors: () => oneOrder(train.nUsers, itemBias),
  }
}

function dampedBias(
  rows: TrainingSet['byUser'],
  mean: number,
  otherBias: Float32Array,
  damping: number,
): Float32Array<ArrayBuffer> {
  const bias = new Float32Array(rows.nRows)
  for (let row = 0; row < rows.nRows; row++) {
    let sum = 0
    for (let entry = rows.rowStarts[row]; entry < rows.rowStarts[row + 1]; entry++) {
      sum += rows.values[entry] - mean - otherBias[rows.columns[entry]]
    }
    bias[row] = sum / (damping + rows.rowStarts[row + 1] - rows.rowStarts[row])
  }
  return bias
}
