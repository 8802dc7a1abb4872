import { type MetricSpec, metricCatalogue, sampledNote } from '../metrics/catalogue.ts'
import { renderTable } from './table.ts'

/** The `--json` document of `recsys evaluate --explain-metrics`. */
export interface MetricExplanations {
  readonly metrics: readonly MetricSpec[]
}

export function explainMetrics(): MetricExplanations {
  return { metrics: metricCatalogue }
}

/** One line a metric: its formula, which way is better, what it is averaged over. */
export function explanationText({ metrics }: MetricExplanations): string {
  const rows = metrics.map(({ name, ofLists, lowerIsBetter, perUser, formula }) => [
    ofLists ? `${name}@k` : name,
    lowerIsBetter ? 'lower' : 'higher',
    perUser ? 'users' : '',
    formula,
  ])
  return [
    renderTable(['metric', 'better', 'mean over', 'is'], rows),
    'rel(r) is 1 where the item at rank r of a user’s list is among the user’s R held-out items, whatever their rating; ranks start at 1.',
    'Lists are the k best of the whole catalogue less the user’s training items; equal scores are ordered by a hash of the item’s id.',
    'Users without held-out rows do not count. The discount of ndcg is 1 ÷ log2(r + 1).',
    sampledNote,
  ].join('\n')
}
