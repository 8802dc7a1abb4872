import { meanRating } from '../../dataset/training-mean.ts'
import type { TrainingSet } from '../../dataset/types.ts'
import { alternatingBytes, fitAlternating } from '../alternating.ts'
import { factorModel } from '../factor-model.ts'
import { type Ridge, ridgeFrom } from '../ridge.ts'
import type { Algorithm, FitContext, Model, ModelState, Params } from '../types.ts'

/**
 * Biased matrix factorisation on observed ratings (Koren, Bell & Volinsky 2009) by alternating least squares with
 * weighted λ (ALS-WR, Zhou et al. 2008). The biases are columns of the same exact solve; rows
 * with few ratings are damped (`Ridge`).
 */
export const svd: Algorithm = {
  name: 'svd',
  summary: 'biased matrix factorisation by ALS-WR',
  parameters: {
    factors: { description: 'latent factors', default: 50, min: 1, max: 1024, integer: true },
    epochs: { description: 'passes over users and items', default: 15, min: 1, max: 1000, integer: true },
    reg: {
      description: 'λ, times the number of ratings of a row',
      default: 0.06,
      min: 0,
      max: 10,
      integer: false,
    },
  },
  memoryBytes: (train, params) => alternatingBytes(train, params.factors),
  fit,
  restore,
}

async function fit(train: TrainingSet, params: Params, context: FitContext): Promise<Model> {
  const { factors, epochs } = params
  const plan = {
    kernel: 'als_rows',
    nFactors: factors,
    nEpochs: epochs,
    ridge: ridgeOf(params),
    mean: meanRating(train),
    initial: { mean: 0, deviation: 0.1 / Math.sqrt(factors), nonNegative: false, itemBias: 0 },
    extra: [],
  } as const
  const tensors = await fitAlternating(train, plan, context)
  const { nUsers, nItems, ratingRange } = train
  return restore({ algorithm: 'svd', params, nUsers, nItems, ratingRange, tensors })
}

function restore(state: ModelState): Model {
  return factorModel(state, { ridge: ridgeOf(state.params), nonNegative: false })
}

/** Dampings by grid search on MovieLens 100K and 1M. */
function ridgeOf({ reg }: Params): Ridge {
  return ridgeFrom(reg, { damping: 5, biasDamping: 5 })
}
