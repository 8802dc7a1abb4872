import { RecsysError } from '../errors.ts'
import { expectation, fits, type ParameterSpecs } from './parameters.ts'
import type { ModelState, Tensor } from './types.ts'

/**
 * A tensor of a model that comes from a file, checked before anything is computed with it.
 * @param width  floats a row
 * @throws RECSYS_MODEL_SHAPE when it is missing, of another shape, or not finite
 */
export function tensorOf(state: ModelState, name: string, axis: Tensor['axis'], width: number): Float32Array {
  const tensor = Object.hasOwn(state.tensors, name) ? state.tensors[name] : undefined
  const nRows = { user: state.nUsers, item: state.nItems, model: 1 }[axis]
  if (tensor?.axis !== axis || tensor.width !== width || tensor.data.length !== nRows * width) {
    const got = tensor ? `${tensor.axis} × ${tensor.width}, ${tensor.data.length} values` : 'none'
    throw misshapen(state, `tensor ${name} is ${got}, expected ${axis} × ${width}, ${nRows * width} values`)
  }
  const { data } = tensor
  for (let at = 0; at < data.length; at++) {
    if (!Number.isFinite(data[at])) {
      throw misshapen(state, `value ${at} of tensor ${name} is ${data[at]}, expected a finite number`)
    }
  }
  return data
}

/** @throws RECSYS_MODEL_SHAPE when a parameter is missing or outside the range that the algorithm gives it */
export function checkStateParams(state: ModelState, parameters: ParameterSpecs): void {
  for (const [key, spec] of Object.entries(parameters)) {
    if (fits(state.params[key], spec)) continue
    throw misshapen(state, `parameter ${key} is ${state.params[key]}, expected ${expectation(spec)}`)
  }
}

function misshapen({ algorithm }: ModelState, what: string): RecsysError {
  return new RecsysError('RECSYS_MODEL_SHAPE', { message: `in a model of ${algorithm}, ${what}` })
}
