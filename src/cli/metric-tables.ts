import type { Baselines } from '../pipeline/types.ts'
import type { MetricValues } from '../registry/types.ts'
import { renderTable } from './table.ts'

/** One row a model, the rows that every model must be shown against first. */
export function metricTable(baselines: Baselines, models: Readonly<Record<string, MetricValues>>): string {
  const rows: Record<string, MetricValues> = {
    'global mean': baselines.globalMean,
    'user + item bias': baselines.bias,
    popularity: baselines.popularity,
    ...models,
  }
  const metrics = Object.keys(baselines.globalMean)
  const cells = Object.entries(rows).map(([name, values]) => [
    name,
    ...metrics.map((metric) => values[metric]),
  ])
  return renderTable(['', ...metrics], cells)
}

/** `100,000 ratings learnt from, 25,000 of 1,200 users held out` */
export function heldOutLine(counts: {
  readonly nHeldOutRows: number
  readonly nHeldOutUsers: number
}): string {
  const { nHeldOutRows, nHeldOutUsers } = counts
  return `${nHeldOutRows.toLocaleString('en-US')} ratings of ${nHeldOutUsers.toLocaleString('en-US')} users held out`
}
