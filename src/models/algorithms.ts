import { RecsysError } from '../errors.ts'
import { als } from './als/als.ts'
import { bpr } from './bpr/bpr.ts'
import { ease } from './ease/ease.ts'
import { itemKnn } from './item-knn/item-knn.ts'
import { checkStateParams } from './model-state.ts'
import { nmf } from './nmf/nmf.ts'
import { completed } from './parameters.ts'
import { popular } from './popular/popular.ts'
import { svd } from './svd/svd.ts'
import type { Algorithm, AlgorithmName, Model, ModelState } from './types.ts'

/** Every algorithm under the name that `--algo` takes. */
export const algorithms: Readonly<Record<AlgorithmName, Algorithm>> = {
  svd,
  nmf,
  als,
  ease,
  'item-knn': itemKnn,
  bpr,
  popular,
}

/** The inverse of saving a model's state. @throws RECSYS_MODEL_SHAPE */
export function restoreModel(state: ModelState): Model {
  const algorithm = Object.hasOwn(algorithms, state.algorithm) ? algorithms[state.algorithm] : undefined
  if (algorithm) {
    const whole = { ...state, params: completed(state.params, algorithm.parameters) }
    checkStateParams(whole, algorithm.parameters)
    return algorithm.restore(whole)
  }
  throw new RecsysError('RECSYS_MODEL_SHAPE', {
    message: `algorithm is ${JSON.stringify(state.algorithm)}, expected one of ${Object.keys(algorithms).join(', ')}`,
  })
}
