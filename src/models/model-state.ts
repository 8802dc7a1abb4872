import { RecsysError } from '../errors.ts'
import type { ModelState, ParameterSpec, Tensor } from './types.ts'

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
export function checkStateParams(
  state: ModelState,
  parameters: Readonly<Record<string, ParameterSpec>>,
): void {
  for (const [key, { min, max }] of Object.entries(parameters)) {
    const value = state.params[key]
    if (value >= min && value <= max) continue
    throw misshapen(state, `parameter ${key} is ${value}, expected a number from ${min} to ${max}`)
  }
}

function misshapen({ algorithm }: ModelState, what: string): RecsysError {
  return new RecsysError('RECSYS_MODEL_SHAPE', { message: `in a model of ${algorithm}, ${what}` })
}
