import { RecsysError } from '../../errors.ts'
import { isPaired, pairedMetricNames } from '../../metrics/paired/samples.ts'
import { parseConfidence, parseGain, parseMetric } from '../metric-order.ts'
import { parseGuard } from './guard.ts'
import { type BaselineName, baselineNames, type PolicyTexts, type PromotionPolicy } from './types.ts'

/** A lower RMSE wins. */
const defaults = { metric: 'rmse', minGain: '0' }

/**
 * The flags, then what the file says, then the defaults. Guards and rows to beat add up: a flag never takes a veto of the
 * file away.
 * @throws RECSYS_USAGE
 */
export function resolvePolicy(flags: PolicyTexts, file: PolicyTexts = {}): PromotionPolicy {
  const metric = parseMetric(flags.metric ?? file.metric ?? defaults.metric)
  const confidence = flags.confidence ?? file.confidence
  if (confidence !== undefined && !isPaired(metric.metric)) throw withoutInterval(metric.metric)
  const guards = [...(file.guards ?? []), ...(flags.guards ?? [])]
  const mustBeat = [...(file.mustBeat ?? []), ...(flags.mustBeat ?? [])].map(baselineFrom)
  return {
    metric,
    minGain: parseGain(flags.minGain ?? file.minGain ?? defaults.minGain),
    confidence: confidence === undefined ? undefined : parseConfidence(confidence),
    guards: guards.map((text) => parseGuard(text, metric.k)),
    mustBeat: [...new Set(mustBeat)],
  }
}

/** Lengths of the lists that the policy needs, and whether it needs `auc`. */
export function questionsOf({ metric, guards }: PromotionPolicy): { ks: number[]; auc: boolean } {
  const measures = [metric.metric, ...guards.map(({ measure }) => measure)]
  const named = measures.map((measure) => Number(measure.split('@')[1])).filter((k) => k >= 1)
  return { ks: [...new Set([metric.k, ...named])].sort((a, b) => a - b), auc: measures.includes('auc') }
}

function baselineFrom(text: string): BaselineName {
  const found = baselineNames.find((name) => name === text)
  if (found) return found
  throw new RecsysError('RECSYS_USAGE', {
    message: `--must-beat is ${JSON.stringify(text.slice(0, 60))}, expected one of ${baselineNames.join(', ')}`,
    field: 'must-beat',
  })
}

function withoutInterval(metric: string): RecsysError {
  return new RecsysError('RECSYS_USAGE', {
    message: `--confidence cannot be had of ${metric}, expected a metric with a value for each user: ${pairedMetricNames()}`,
    field: 'confidence',
  })
}
