import type { PairedSample } from './types.ts'

/** What a sum over users comes to; NaN where no user has any weight. */
export function metricValue({ root }: Pick<PairedSample, 'root'>, sum: number, weight: number): number {
  return root ? Math.sqrt(sum / weight) : sum / weight
}

/** How much better the challenger is, in the metric's own unit; negative when it is worse. */
export function gainOf(sample: PairedSample, champion: number, challenger: number, weight: number): number {
  const difference = metricValue(sample, challenger, weight) - metricValue(sample, champion, weight)
  return sample.lowerIsBetter ? -difference : difference
}

export function sumOf(values: Float64Array): number {
  let sum = 0
  for (let at = 0; at < values.length; at++) sum += values[at]
  return sum
}

/** The gain on all rows. */
export function pointGain(sample: PairedSample): number {
  const { weights, champion, challenger } = sample
  return gainOf(sample, sumOf(champion), sumOf(challenger), sumOf(weights))
}
