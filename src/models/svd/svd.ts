import { alternatingBytes } from '../alternating.ts'
import type { Algorithm, Model, ModelState } from '../types.ts'
import { fitByAls, restoreAls } from './als-solver.ts'
import { fitByGibbs, gibbsBytes } from './gibbs-fit.ts'
import { gibbsModel } from './gibbs-model.ts'
import { parameters, type SvdParams } from './parameters.ts'

/**
 * Biased matrix factorisation on observed ratings (Koren, Bell & Volinsky 2009): rating ≈ μ + b_u + b_i + ⟨p_u, q_i⟩,
 * by the solver of one's choice.
 */
export const svd: Algorithm = {
  name: 'svd',
  summary: 'biased matrix factorisation of ratings',
  goal: 'rating',
  parameters,
  memoryBytes: (train, params) => {
    const { solver, factors } = params as SvdParams
    return solver === 'gibbs' ? gibbsBytes(train, params as SvdParams) : alternatingBytes(train, factors)
  },
  fit: async (train, params, context) => {
    const { solver } = params as SvdParams
    return solver === 'gibbs' ? fitByGibbs(train, params, context) : fitByAls(train, params, context)
  },
  restore,
}

function restore(state: ModelState): Model {
  const { solver } = state.params as SvdParams
  return solver === 'gibbs' ? gibbsModel(state) : restoreAls(state)
}
