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
  const at = isAllFinite(data) ? -1 : data.findIndex((value) => !Number.isFinite(value))
  if (at < 0) return data
  throw misshapen(state, `value ${at} of tensor ${name} is ${data[at]}, expected a finite number`)
}

/** Four sums side by side, each of zeros unless a value is not finite: a thread that serves requests waits for this. */
function isAllFinite(data: Float32Array): boolean {
  let [a, b, c, d] = [0, 0, 0, 0]
  const whole = data.length & ~3
  for (let at = 0; at < whole; at += 4) {
    a += 0 * data[at]
    b += 0 * data[at + 1]
    c += 0 * data[at + 2]
    d += 0 * data[at + 3]
  }
  for (let at = whole; at < data.length; at++) a += 0 * data[at]
  return a + b + c + d === 0
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
