import { RecsysError } from '../../errors.ts'
import { tensorOf } from '../model-state.ts'
import type { ModelState, Tensor } from '../types.ts'
import type { SvdParams } from './parameters.ts'
import { binAt, dayAt, isUnknown, secondsPerDay } from './time-term.ts'

/** What a model with `--time` adds to a rating at a time. */
export interface TimeBiases {
  /** @param timestamp  Unix seconds; left out, NaN or 0: now, which lies in the last bin and on no day of the training */
  at(userIndex: number, itemIndex: number, timestamp?: number): number
  /** Of each item, now. */
  readonly latest: Float32Array
}

/** @returns undefined for a model that knows no time. @throws RECSYS_MODEL_SHAPE */
export function timeBiasesOf(state: ModelState): TimeBiases | undefined {
  if (!(state.params as SvdParams).time) return undefined
  const counts = tensorOf(state, 'userDayCount', 'user', 1)
  const width = (name: string) => state.tensors[name]?.width ?? 0
  const days = tensorOf(state, 'userDays', 'model', width('userDays'))
  const dayBias = tensorOf(state, 'userDayBias', 'model', days.length)
  const edges = edgesOf(state)
  const nBins = edges.length + 1
  const binBias = tensorOf(state, 'itemBinBias', 'item', nBins)
  const starts = new Int32Array(counts.length + 1)
  counts.forEach((count, user) => {
    starts[user + 1] = starts[user] + count
  })
  const nDays = starts[counts.length]
  if (nDays !== days.length) {
    throw new RecsysError('RECSYS_MODEL_SHAPE', {
      message: `the users of the model have ${nDays} days by userDayCount, got ${days.length} in userDays`,
    })
  }
  const ofDay = (user: number, day: number): number => {
    let [low, high] = [starts[user], starts[user + 1]]
    while (low < high) {
      const middle = (low + high) >> 1
      if (days[middle] < day) low = middle + 1
      else high = middle
    }
    return low < starts[user + 1] && days[low] === day ? dayBias[low] : 0
  }
  return {
    at: (user, item, timestamp = Number.NaN) => {
      const isNow = isUnknown(timestamp)
      const bin = isNow ? nBins - 1 : binAt(edges, timestamp)
      const ofItem = item < 0 ? 0 : binBias[item * nBins + bin]
      return ofItem + (user < 0 || isNow ? 0 : ofDay(user, dayAt(timestamp)))
    },
    latest: Float32Array.from({ length: state.nItems }, (_, item) => binBias[(item + 1) * nBins - 1]),
  }
}

function edgesOf(state: ModelState): Float64Array {
  const nEdges = state.tensors.binDays?.width ?? 0
  const days = tensorOf(state, 'binDays', 'model', nEdges)
  const seconds = tensorOf(state, 'binSeconds', 'model', nEdges)
  return Float64Array.from(days, (day, at) => day * secondsPerDay + seconds[at])
}

/** The state with the items' biases as they are now: by these items are ordered. */
export function withLatestBiases(state: ModelState, times: TimeBiases | undefined): ModelState {
  if (times === undefined) return state
  const bias = tensorOf(state, 'itemBias', 'item', 1)
  const data = bias.map((value, item) => value + times.latest[item])
  const itemBias: Tensor = { axis: 'item', width: 1, data }
  return { ...state, tensors: { ...state.tensors, itemBias } }
}
