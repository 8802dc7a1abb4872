import { meanRating } from '../../dataset/training-mean.ts'
import type { TrainingSet } from '../../dataset/types.ts'
import { type AlternatingPlan, alternatingBytes, fitAlternating } from '../alternating.ts'
import { factorModel } from '../factor-model.ts'
import type { ParameterSpecs, ParamsOf } from '../parameters.ts'
import { ridgeFrom, scaleOf } from '../ridge.ts'
import type { Algorithm, FitContext, Model, ModelState, Params } from '../types.ts'

/** By grid search on MovieLens 100K and 1M. */
const damping = 5

const parameters = {
  factors: { kind: 'number', description: 'latent factors', default: 50, min: 1, max: 1024, integer: true },
  epochs: {
    kind: 'number',
    description: 'passes over users and items',
    default: 15,
    min: 1,
    max: 1000,
    integer: true,
  },
  reg: {
    kind: 'number',
    description: 'λ, times the number of ratings of a row, for a scale of 1 to 5',
    default: 0.06,
    min: 0,
    max: 10,
    integer: false,
  },
} as const satisfies ParameterSpecs

type Resolved = ParamsOf<typeof parameters>

/**
 * Biased matrix factorisation on observed ratings (Koren, Bell & Volinsky 2009) by alternating least squares with
 * weighted λ (ALS-WR, Zhou et al. 2008). The biases are columns of the same exact solve; rows
 * with few ratings are damped (`Ridge`).
 */
export const svd: Algorithm = {
  name: 'svd',
  summary: 'biased matrix factorisation by ALS-WR',
  goal: 'rating',
  parameters,
  memoryBytes: (train, params) => alternatingBytes(train, (params as Resolved).factors),
  fit,
  restore,
}

async function fit(train: TrainingSet, params: Params, context: FitContext): Promise<Model> {
  const { factors, epochs, reg } = params as Resolved
  const { nUsers, nItems, ratingRange } = train
  const plan = {
    kernel: 'als_rows',
    nFactors: factors,
    nEpochs: epochs,
    ridge: ridgeFrom(reg, damping, train.ratingRange),
    mean: meanRating(train),
    initial: {
      mean: 0,
      deviation: 0.1 * Math.sqrt(scaleOf(train.ratingRange) / factors),
      nonNegative: false,
      itemBias: 0,
    },
    extra: [],
    modelOf: (tensors) => restore({ algorithm: 'svd', params, nUsers, nItems, ratingRange, tensors }),
  } as const satisfies AlternatingPlan
  return fitAlternating(train, plan, context)
}

function restore(state: ModelState): Model {
  return factorModel(state, {
    ridge: ridgeFrom((state.params as Resolved).reg, damping, state.ratingRange),
    nonNegative: false,
  })
}
