import { metricValue, sumOf } from './gain.ts'
import type { PairedSample, PairedSums } from './types.ts'

/**
 * By how much an interval over users must be wider because items are a sample as well. What a training got wrong about an
 * item shows in the rows of all its raters, so that users are no independent draws: of models that differ in their seed
 * alone, twice as many as 1 in 40 would pass for better. With the variances V_u and V_i of the gain over users and
 * over items the factor is √(1 + V_i ÷ V_u): the two-way variance V_u + V_i − V_rows (Cameron, Gelbach & Miller 2011)
 * without its last term, as Davezies, D'Haultfœuille & Guyonvarch (2021) have it, on the safe side.
 * @returns 1 for a metric that is no mean over rows
 */
export function itemWidening(sample: PairedSample): number {
  if (sample.byItem === undefined) return 1
  const [overUsers, overItems] = [gainVariance(sample, sample), gainVariance(sample, sample.byItem)]
  return overUsers > 0 ? Math.sqrt(1 + overItems / overUsers) : 1
}

/**
 * Σ over the clusters of the squared influence on the gain (delta method): a sum S with its weight w moves S_all ÷ W by
 * (S − w·mean) ÷ W, and the root of that by as much ÷ 2·root.
 */
function gainVariance({ root }: PairedSample, { weights, champion, challenger }: PairedSums): number {
  const weight = sumOf(weights)
  const slope = (mean: number) => (root ? 1 / (2 * metricValue({ root }, mean, 1)) : 1) / weight
  const [old, young] = [sumOf(champion) / weight, sumOf(challenger) / weight]
  const [oldSlope, youngSlope] = [slope(old), slope(young)]
  let variance = 0
  for (let cluster = 0; cluster < weights.length; cluster++) {
    const fromOld = (champion[cluster] - weights[cluster] * old) * oldSlope
    const fromYoung = (challenger[cluster] - weights[cluster] * young) * youngSlope
    variance += (fromYoung - fromOld) ** 2
  }
  return variance
}
