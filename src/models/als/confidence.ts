import { decayWeights } from '../../dataset/time-decay.ts'
import type { Csr, TrainingSet } from '../../dataset/types.ts'
import type { AlsParams } from './parameters.ts'

type Weighting = Pick<AlsParams, 'confidence' | 'confidenceScale'>

/** Weight of an observed pair by its value; `mean` is the mean value of the training rows. */
export function confidenceOf(
  { confidence, confidenceScale }: Weighting,
  mean: number,
): (value: number) => number {
  const share = (value: number) => Math.max(0, mean > 0 ? value / mean : value)
  if (confidence === 'linear') return (value) => 1 + confidenceScale * share(value)
  if (confidence === 'log') return (value) => 1 + confidenceScale * Math.log1p(share(value))
  return () => 1
}

/**
 * Weights c of the entries of `byUser`, in its order: their own weight times confidence, halved for every half-life before
 * the newest entry.
 * @returns undefined where all are 1
 */
export function entryWeights(train: TrainingSet, params: AlsParams, mean: number): Float32Array | undefined {
  const own = train.weights()
  if (own === undefined && params.confidence === 'none' && params.halfLife === 0) return undefined
  const weightOf = confidenceOf(params, mean)
  const weights = Float32Array.from(train.byUser.values, weightOf)
  if (own) for (let entry = 0; entry < weights.length; entry++) weights[entry] *= own[entry]
  if (params.halfLife > 0) {
    const decay = decayWeights(train, params.halfLife)
    for (let entry = 0; entry < weights.length; entry++) weights[entry] *= decay[entry]
  }
  return weights
}

/** Values of the entries of `byUser` in the order of `byItem`. */
export function transposed({ byUser, byItem }: TrainingSet, values: Float32Array): Float32Array {
  const next = byItem.rowStarts.slice()
  const out = new Float32Array(values.length)
  forEachEntry(byUser, (item, entry) => {
    out[next[item]++] = values[entry]
  })
  return out
}

function forEachEntry({ columns }: Csr, visit: (column: number, entry: number) => void): void {
  for (let entry = 0; entry < columns.length; entry++) visit(columns[entry], entry)
}
