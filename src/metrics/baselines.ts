import { oneOrder } from '../dataset/ranking.ts'
import { fitRatingBias, predictByBias } from '../dataset/rating-bias.ts'
import { meanRating } from '../dataset/training-mean.ts'
import type { TrainingSet } from '../dataset/types.ts'
import type { Scorer } from './types.ts'

/** Predicts the mean training rating for every pair; its lists are random. */
export function globalMeanBaseline(train: TrainingSet): Scorer {
  const mean = meanRating(train)
  return {
    predict: () => mean,
    ranking: () => oneOrder(train.nUsers, new Float32Array(train.nItems)),
  }
}

/** Predicts mean, user's and item's bias; items are ordered by their bias. */
export function biasBaseline(train: TrainingSet): Scorer {
  const bias = fitRatingBias(train)
  return {
    predict: predictByBias(bias, train.ratingRange),
    ranking: () => oneOrder(train.nUsers, bias.itemBias),
  }
}
