import { findMetric, metricCatalogue } from '../catalogue.ts'
import type { ErrorSums, PerUserMetrics } from '../types.ts'
import type { PairedSample } from './types.ts'

/** Whether a metric has a value for each user, so that two models can be compared user by user. */
export function isPaired(metric: string): boolean {
  const spec = findMetric(metric)?.spec
  return spec !== undefined && (spec.perUser || spec.name in errorSums)
}

/** `rmse, mae, auc, ndcg@k …` for messages. */
export function pairedMetricNames(): string {
  const names = metricCatalogue.filter((spec) => spec.perUser || spec.name in errorSums)
  return names.map(({ name, ofLists }) => (ofLists ? `${name}@k` : name)).join(', ')
}

/** Errors are means over rows: a user weighs as much as they have rows. */
const errorSums = { rmse: 'squaredErrors', mae: 'absoluteErrors' } as const

/**
 * The same metric of two models on the same question, user by user.
 * @param metric  one that `isPaired`, at a k that was asked for
 */
export function pairedSample(
  metric: string,
  champion: PerUserMetrics,
  challenger: PerUserMetrics,
): PairedSample {
  const lowerIsBetter = findMetric(metric)?.spec.lowerIsBetter ?? false
  const common = { metric, lowerIsBetter, root: metric === 'rmse' }
  if (metric === 'rmse' || metric === 'mae') {
    const sums = errorSums[metric]
    const paired = (old: ErrorSums, young: ErrorSums) => {
      return { weights: Float64Array.from(old.counts), champion: old[sums], challenger: young[sums] }
    }
    return {
      ...common,
      ...paired(champion, challenger),
      byItem: paired(champion.byItem, challenger.byItem),
    }
  }
  const [old, young] = [champion.values[metric], challenger.values[metric]]
  // Neither model has a value for a user without relevant items, who weighs nothing then.
  const counts = old.map((value, at) => (Number.isNaN(value) || Number.isNaN(young[at]) ? 0 : 1))
  const counted = (values: Float64Array) => values.map((value, at) => (counts[at] === 0 ? 0 : value))
  return { ...common, weights: counts, champion: counted(old), challenger: counted(young) }
}

/** The part of the users at these places; by item nothing is known of a part. */
export function samplePart(sample: PairedSample, places: Int32Array): PairedSample {
  const part = (values: Float64Array) => Float64Array.from(places, (place) => values[place])
  return {
    ...sample,
    byItem: undefined,
    weights: part(sample.weights),
    champion: part(sample.champion),
    challenger: part(sample.challenger),
  }
}
