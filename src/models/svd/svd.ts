import { RecsysError } from '../../errors.ts'
import { alternatingBytes, alternatingOutside } from '../alternating.ts'
import type { Algorithm, Model, ModelState } from '../types.ts'
import { fitByAls, restoreAls } from './als-solver.ts'
import { fitByGibbs, gibbsBytes } from './gibbs-fit.ts'
import { gibbsModel } from './gibbs-model.ts'
import { parameters, type SvdParams } from './parameters.ts'
import { fitBySgd, restoreSgd, sgdBytes } from './sgd-solver.ts'

/**
 * Biased matrix factorisation on observed ratings (Koren, Bell & Volinsky 2009): rating ≈ μ + b_u + b_i + ⟨p_u, q_i⟩,
 * by the solver of one's choice.
 */
export const svd: Algorithm = {
  name: 'svd',
  summary: 'biased matrix factorisation of ratings',
  goal: 'rating',
  parameters,
  memoryBytes: ({ ratings: train }, params) => {
    const { solver, factors } = params as SvdParams
    if (solver === 'sgd') return sgdBytes(train, params as SvdParams)
    return solver === 'gibbs' ? gibbsBytes(train, params as SvdParams) : alternatingBytes(train, factors)
  },
  entriesOutside: ({ ratings: train }, params) => {
    const isAls = (params as SvdParams).solver === 'als'
    return isAls ? alternatingOutside(train) : { entryBytes: 0, copiedBytes: 0, windowBytes: 0 }
  },
  fit: async (train, params, context) => {
    const { solver } = params as SvdParams
    refuseTerms(params as SvdParams)
    return fits[solver](train.ratings, params, context)
  },
  restore,
}

/** What only the sampler has. */
function refuseTerms(params: SvdParams): void {
  const asked = (['implicit', 'time'] as const).find((name) => params[name])
  if (asked === undefined || params.solver === 'gibbs') return
  throw new RecsysError('RECSYS_USAGE', {
    message: `--${asked} goes with --solver gibbs, which is the default, got --solver ${params.solver}`,
    field: asked,
  })
}

const fits = { gibbs: fitByGibbs, als: fitByAls, sgd: fitBySgd } as const
const restores = { gibbs: gibbsModel, als: restoreAls, sgd: restoreSgd } as const

function restore(state: ModelState): Model {
  const { solver } = state.params as SvdParams
  return restores[solver](state)
}
