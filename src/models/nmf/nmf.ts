import { meanRating } from '../../dataset/training-mean.ts'
import type { TrainingSet } from '../../dataset/types.ts'
import { type AlternatingPlan, alternatingBytes, alternatingOutside, fitAlternating } from '../alternating.ts'
import { factorModel } from '../factor-model.ts'
import type { ParameterSpecs, ParamsOf } from '../parameters.ts'
import { ridgeFrom } from '../ridge.ts'
import type { Algorithm, FitContext, Model, ModelState, Params } from '../types.ts'

/** By grid search on MovieLens 100K and 1M. */
const damping = 3

const parameters = {
  factors: {
    kind: 'number',
    description: 'latent factors',
    default: 20,
    min: 1,
    max: 1024,
    integer: true,
    search: { low: 4, high: 100, log: true },
  },
  epochs: {
    kind: 'number',
    description: 'passes over users and items',
    default: 30,
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
    search: { low: 0.005, high: 0.5, log: true },
  },
} as const satisfies ParameterSpecs

type Resolved = ParamsOf<typeof parameters>

/**
 * Masked non-negative matrix factorisation: only observed ratings count, every factor and bias is ≥ 0, and the penalty
 * is weighted as in ALS-WR. Cyclic coordinate descent (Hsieh & Dhillon 2011) on each row's normal equations. A scale
 * that reaches below zero is shifted to start there.
 */
export const nmf: Algorithm = {
  name: 'nmf',
  summary: 'masked non-negative matrix factorisation by coordinate descent',
  goal: 'rating',
  parameters,
  memoryBytes: ({ ratings }, params) => alternatingBytes(ratings, (params as Resolved).factors),
  entriesOutside: ({ ratings }) => alternatingOutside(ratings),
  fit,
  restore,
}

async function fit({ ratings: train }: TrainingSet, params: Params, context: FitContext): Promise<Model> {
  const { factors, epochs, reg } = params as Resolved
  const { nUsers, nItems, ratingRange } = train
  const floor = Math.min(0, train.ratingRange[0])
  const height = meanRating(train) - floor
  const level = Math.sqrt(height / 2 / factors)
  const plan = {
    kernel: 'nnls_rows',
    nFactors: factors,
    nEpochs: epochs,
    ridge: ridgeFrom(reg, damping, train.ratingRange),
    mean: floor,
    initial: { mean: level, deviation: 0.3 * level, nonNegative: true, itemBias: height / 4 },
    extra: [1],
    modelOf: (tensors) => restore({ algorithm: 'nmf', params, nUsers, nItems, ratingRange, tensors }),
  } as const satisfies AlternatingPlan
  return fitAlternating(train, plan, context)
}

function restore(state: ModelState): Model {
  return factorModel(state, {
    ridge: ridgeFrom((state.params as Resolved).reg, damping, state.ratingRange),
    nonNegative: true,
  })
}
