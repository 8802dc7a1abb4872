import { oneOrder } from '../dataset/one-order.ts'
import { meanRating } from '../dataset/training-mean.ts'
import type { TrainingSet } from '../dataset/types.ts'
import type { Scorer } from './types.ts'

/** Ratings of average height that each item and each user starts with (Koren 2010, section 2.1). */
const itemDamping = 25
const userDamping = 10

/** Predicts the mean training rating for every pair; its lists are random. */
export function globalMeanBaseline(train: TrainingSet): Scorer {
  const mean = meanRating(train)
  return {
    predict: () => mean,
    rankingFactors: () => oneOrder(train.nUsers, new Float32Array(train.nItems)),
  }
}

/**
 * r̂ = μ + b_i + b_u, clipped, with b_i = Σ(r − μ)/(25 + n_i) and then b_u = Σ(r − μ − b_i)/(10 + n_u); items are ordered
 * by b_i.
 */
export function biasBaseline(train: TrainingSet): Scorer {
  const mean = meanRating(train)
  const noBias = new Float32Array(train.nUsers)
  const itemBias = dampedBias(train.byItem, mean, noBias, itemDamping)
  const userBias = dampedBias(train.byUser, mean, itemBias, userDamping)
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
): Float32Array {
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
