import type { HeldOutCounts } from '../dataset/held-out-counts.ts'
import type { Baselines } from '../pipeline/types.ts'
import type { MetricValues } from '../registry/types.ts'
import { renderTable } from './table.ts'

/** One row a model, the rows that every model must be shown against first. */
export function metricTable(baselines: Baselines, models: Readonly<Record<string, MetricValues>>): string {
  const metrics = usualMetrics(baselines.globalMean)
  const cells = Object.entries(rowsOf(baselines, models)).map(([name, values]) => [
    name,
    ...metrics.map((metric) => values[metric]),
  ])
  return renderTable(['', ...metrics], cells)
}

/** The same turned over, with room for every metric: one row a metric, one column a model. */
export function metricColumns(baselines: Baselines, models: Readonly<Record<string, MetricValues>>): string {
  const columns = Object.entries(rowsOf(baselines, models))
  const names = Object.keys(columns.at(-1)?.[1] ?? {})
  const cells = names.map((metric) => [metric, ...columns.map(([, values]) => values[metric])])
  return renderTable(['', ...columns.map(([name]) => name)], cells)
}

function rowsOf(baselines: Baselines, models: Readonly<Record<string, MetricValues>>) {
  return {
    'global mean': baselines.globalMean,
    'user + item bias': baselines.bias,
    popularity: baselines.popularity,
    ...models,
  }
}

const usual = new Set(['rmse', 'mae', 'ndcg', 'recall', 'precision', 'map', 'mrr', 'hitRate', 'coverage'])

/** Those that a table of one line a model has room for; `--json` and `recsys evaluate` have them all. */
export function usualMetrics(values: MetricValues): string[] {
  return Object.keys(values).filter((name) => usual.has(name.split('@')[0]))
}

/** `25,000 ratings of 1,200 users held out; cold: 3 users, 10 items (17 ratings)` */
export function heldOutLine(counts: HeldOutCounts): string {
  const { nHeldOutRows, nHeldOutUsers, nColdUsers, nColdItems, nColdRows, nFoldInRows, nLeftOutRows } = counts
  const parts = [
    `${amount(nHeldOutRows)} ratings of ${amount(nHeldOutUsers)} users held out`,
    ...(nFoldInRows > 0 ? [`${amount(nFoldInRows)} folded in`] : []),
    ...(nLeftOutRows > 0 ? [`${amount(nLeftOutRows)} in no part`] : []),
    `cold: ${amount(nColdUsers)} users, ${amount(nColdItems)} items (${amount(nColdRows)} ratings)`,
  ]
  return parts.join('; ')
}

function amount(count: number): string {
  return count.toLocaleString('en-US')
}
