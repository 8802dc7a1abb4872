import { RecsysError } from '../errors.ts'
import { checkStateParams } from './model-state.ts'
import { nmf } from './nmf/nmf.ts'
import { popular } from './popular/popular.ts'
import { svd } from './svd/svd.ts'
import type { Algorithm, AlgorithmName, Model, ModelState, ParameterSpec, Params } from './types.ts'

/** Every algorithm under the name that `--algo` takes. */
export const algorithms: Readonly<Record<AlgorithmName, Algorithm>> = { svd, nmf, popular }

/** The inverse of saving a model's state. @throws RECSYS_MODEL_SHAPE */
export function restoreModel(state: ModelState): Model {
  const algorithm = Object.hasOwn(algorithms, state.algorithm) ? algorithms[state.algorithm] : undefined
  if (algorithm) {
    checkStateParams(state, algorithm.parameters)
    return algorithm.restore(state)
  }
  throw new RecsysError('RECSYS_MODEL_SHAPE', {
    message: `algorithm is ${JSON.stringify(state.algorithm)}, expected one of ${Object.keys(algorithms).join(', ')}`,
  })
}

/** What was given, checked, and defaults for the rest. @throws RECSYS_USAGE naming the parameter and its range */
export function resolveParams({ name, parameters }: Algorithm, given: Params): Params {
  const unknown = Object.keys(given).find((key) => !Object.hasOwn(parameters, key))
  if (unknown !== undefined) {
    throw new RecsysError('RECSYS_USAGE', {
      message: `--${unknown} is no parameter of ${name}, expected ${Object.keys(parameters).join(', ')}`,
      field: unknown,
    })
  }
  const resolved = Object.entries(parameters).map(([key, spec]) => [
    key,
    checked(key, given[key] ?? spec.default, spec),
  ])
  return Object.fromEntries(resolved)
}

function checked(key: string, value: number, { min, max, integer }: ParameterSpec): number {
  const fits = value >= min && value <= max && (!integer || Number.isInteger(value))
  if (fits) return value
  throw new RecsysError('RECSYS_USAGE', {
    message: `--${key} is ${value}, expected ${integer ? 'an integer' : 'a number'} from ${min} to ${max}`,
    field: key,
  })
}
