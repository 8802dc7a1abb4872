import { meanRating } from '../../dataset/training-mean.ts'
import type { TrainingSet } from '../../dataset/types.ts'
import { type AlternatingPlan, fitAlternating } from '../alternating.ts'
import { factorModel } from '../factor-model.ts'
import { ridgeFrom, scaleOf } from '../ridge.ts'
import type { FitContext, Model, ModelState, Params } from '../types.ts'
import type { SvdParams } from './parameters.ts'

/** By grid search on MovieLens 100K and 1M. */
const damping = 5

/**
 * Alternating least squares with weighted λ (ALS-WR, Zhou et al. 2008). The biases are columns of the same exact solve;
 * rows with few ratings are damped (`Ridge`).
 */
export async function fitByAls(train: TrainingSet, params: Params, context: FitContext): Promise<Model> {
  const { factors, epochs, reg } = params as SvdParams
  const { nUsers, nItems, ratingRange } = train
  const deviation = 0.1 * Math.sqrt(scaleOf(ratingRange) / factors)
  const plan = {
    kernel: 'als_rows',
    nFactors: factors,
    nEpochs: epochs,
    ridge: ridgeFrom(reg, damping, ratingRange),
    mean: meanRating(train),
    initial: { mean: 0, deviation, nonNegative: false, itemBias: 0 },
    extra: [],
    modelOf: (tensors) => restoreAls({ algorithm: 'svd', params, nUsers, nItems, ratingRange, tensors }),
  } as const satisfies AlternatingPlan
  return fitAlternating(train, plan, context)
}

export function restoreAls(state: ModelState): Model {
  const ridge = ridgeFrom((state.params as SvdParams).reg, damping, state.ratingRange)
  return factorModel(state, { ridge, nonNegative: false })
}
