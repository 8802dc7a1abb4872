import { fmix32, uniformAt } from '../../kernels/random.ts'
import { gainOf, pointGain } from './gain.ts'
import { itemWidening } from './item-widening.ts'
import type { Interval, PairedSample } from './types.ts'

export interface BootstrapOptions {
  readonly confidence: number
  readonly seed: number
  readonly nResamples: number
}

/**
 * Percentile intervals of the gains (Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapter 13). Users are
 * drawn with replacement, each with all of its rows: ratings of one user are no independent draws, so that RMSE is
 * resampled by user too (the cluster bootstrap of Field & Welsh 2007). All metrics share the drawn users. Errors on one
 * item are no independent draws either: see `itemWidening`.
 * @returns one interval a sample, in its order; NaN where there are no users
 */
export function bootstrapIntervals(samples: readonly PairedSample[], options: BootstrapOptions): Interval[] {
  const { confidence, seed, nResamples } = options
  const nUsers = samples[0]?.weights.length ?? 0
  if (nUsers === 0) return samples.map(() => [Number.NaN, Number.NaN])
  const gains = samples.map(() => new Float64Array(nResamples))
  const counts = new Float64Array(nUsers)
  for (let resample = 0; resample < nResamples; resample++) {
    drawUsers(counts, fmix32(seed ^ Math.imul(resample + 1, 0x9e3779b1)))
    samples.forEach((sample, at) => {
      gains[at][resample] = resampledGain(sample, counts)
    })
  }
  const tail = (1 - confidence) / 2
  return gains.map((values, at) => {
    values.sort()
    const interval = [quantile(values, tail), quantile(values, 1 - tail)] as const
    return widened(interval, pointGain(samples[at]), itemWidening(samples[at]))
  })
}

function widened([low, high]: Interval, middle: number, factor: number): Interval {
  return [middle - factor * (middle - low), middle + factor * (high - middle)]
}

/** counts[u] = how often user u was drawn; they sum to the number of users. */
function drawUsers(counts: Float64Array, seed: number): void {
  const nUsers = counts.length
  counts.fill(0)
  for (let draw = 0; draw < nUsers; draw++) counts[Math.floor(uniformAt(seed, draw) * nUsers)]++
}

function resampledGain(sample: PairedSample, counts: Float64Array): number {
  const { weights, champion, challenger } = sample
  let [weight, old, young] = [0, 0, 0]
  for (let user = 0; user < counts.length; user++) {
    const count = counts[user]
    weight += count * weights[user]
    old += count * champion[user]
    young += count * challenger[user]
  }
  return gainOf(sample, old, young, weight)
}

/** Linear between order statistics. @param sorted  ascending, at least one */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1)
  const below = Math.floor(place)
  const above = Math.min(below + 1, sorted.length - 1)
  return sorted[below] + (place - below) * (sorted[above] - sorted[below])
}
