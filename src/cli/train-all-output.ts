import { findMetric } from '../metrics/catalogue.ts'
import type { TrainAllReport } from '../pipeline/train-all.ts'
import type { MetricValues } from '../registry/types.ts'
import { usualMetrics } from './metric-tables.ts'
import { renderTable } from './table.ts'

/** One row a model and a column a metric; the best of each column is marked. */
export function trainAllSummary({ reports, refused, baselines, warnings }: TrainAllReport): string {
  if (reports.length === 0 || baselines === undefined) return 'Nothing was trained.'
  const metrics = usualMetrics(baselines.globalMean)
  const best = metrics.map((metric) =>
    bestOf(
      metric,
      reports.map((report) => report.metrics[metric]),
    ),
  )
  const plain = (name: string, values: MetricValues) => [
    name,
    ...metrics.map((metric) => shown(values[metric])),
    '',
  ]
  const rows = [
    plain('global mean', baselines.globalMean),
    plain('user + item bias', baselines.bias),
    plain('popularity', baselines.popularity),
    ...reports.map((report) => [
      `${report.algorithm} v${report.version}`,
      ...metrics.map((metric, at) => mark(report.metrics[metric], best[at])),
      `${(report.durationsMs.fit / 1000).toFixed(1)} s`,
    ]),
  ]
  return [
    renderTable(['', ...metrics, 'fit'], rows),
    `* the best of its column among the ${reports.length} models`,
    ...refused.map(({ algorithm, reason }) => `${algorithm} was left out: ${reason}`),
    ...warnings.map((warning) => `Warning: ${warning}`),
    'Next: recsys promote',
  ].join('\n')
}

function bestOf(metric: string, values: readonly number[]): number {
  return findMetric(metric)?.spec.lowerIsBetter ? Math.min(...values) : Math.max(...values)
}

function mark(value: number, best: number): string {
  return value === best ? `${shown(value)} *` : shown(value)
}

function shown(value: number): string {
  return value.toFixed(4)
}
