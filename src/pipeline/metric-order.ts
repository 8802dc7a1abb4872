import { RecsysError } from '../errors.ts'
import { findMetric, metricNames } from '../metrics/catalogue.ts'

/** A metric as promotions compare it. */
export interface MetricChoice {
  /** `rmse`, `ndcg@10` … */
  readonly metric: string
  /** Length of the lists; 10 where the metric has none. */
  readonly k: number
  readonly lowerIsBetter: boolean
}

/** @throws RECSYS_USAGE */
export function parseMetric(text: string): MetricChoice {
  const found = findMetric(text)
  if (found) return { metric: text, k: found.k ?? 10, lowerIsBetter: found.spec.lowerIsBetter }
  throw new RecsysError('RECSYS_USAGE', {
    message: `--metric is ${JSON.stringify(text.slice(0, 60))}, expected ${metricNames()}`,
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

export const defaultConfidence = '0.95'

/** `0.95` or `95%`. @throws RECSYS_USAGE */
export function parseConfidence(text: string): number {
  const percent = text.endsWith('%')
  const digits = percent ? text.slice(0, -1) : text
  const value = digits.trim() === '' ? Number.NaN : Number(digits) / (percent ? 100 : 1)
  if (value >= 0.5 && value < 1) return value
  throw new RecsysError('RECSYS_USAGE', {
    message: `--confidence is ${JSON.stringify(text.slice(0, 60))}, expected a number from 0.5 to below 1, such as 0.95 or 95%`,
    field: 'confidence',
  })
}
