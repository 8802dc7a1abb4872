import { RecsysError } from '../errors.ts'

/** A metric as promotions compare it. */
export interface MetricChoice {
  /** `rmse`, `ndcg@10` … */
  readonly metric: string
  /** Length of the lists; 10 where the metric has none. */
  readonly k: number
  readonly lowerIsBetter: boolean
}

const ratingMetrics = ['rmse', 'mae']
const rankingMetrics = ['ndcg', 'recall', 'precision', 'map', 'mrr', 'hitRate', 'coverage']

/** @throws RECSYS_USAGE */
export function parseMetric(text: string): MetricChoice {
  if (ratingMetrics.includes(text)) return { metric: text, k: 10, lowerIsBetter: true }
  const [, name, k] = /^(\w+)@([1-9]\d{0,5})$/.exec(text) ?? []
  if (rankingMetrics.includes(name)) return { metric: text, k: Number(k), lowerIsBetter: false }
  throw new RecsysError('RECSYS_USAGE', {
    message: `--metric is ${JSON.stringify(text.slice(0, 60))}, expected ${ratingMetrics.join(', ')} or one of ${rankingMetrics.join(', ')} with @k, such as ndcg@10`,
    field: 'metric',
  })
}

/** How much better `value` is than `reference`; negative when it is worse. */
export function gainOver(reference: number, value: number, { lowerIsBetter }: MetricChoice): number {
  return lowerIsBetter ? reference - value : value - reference
}

/** `0.005` in the metric's own unit, or `1%` of the champion's value. */
export interface MinimumGain {
  readonly value: number
  readonly relative: boolean
}

/** @throws RECSYS_USAGE */
export function parseGain(text: string): MinimumGain {
  const relative = text.endsWith('%')
  const digits = relative ? text.slice(0, -1) : text
  const value = digits.trim() === '' ? Number.NaN : Number(digits) / (relative ? 100 : 1)
  if (value >= 0 && Number.isFinite(value)) return { value, relative }
  throw new RecsysError('RECSYS_USAGE', {
    message: `--min-gain is ${JSON.stringify(text.slice(0, 60))}, expected a number from 0 up, such as 0.005 or 1%`,
    field: 'min-gain',
  })
}
