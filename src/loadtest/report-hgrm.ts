import { LatencyHistogram } from './histogram.ts'
import type { LoadReport } from './types.ts'

/** The latencies of all successes in ms as HdrHistogram's tools write and plot them: value, percentile, count, 1/(1−percentile). */
export function hgrmReport({ distributions }: LoadReport): string {
  const all = new LatencyHistogram()
  for (const { histogram } of Object.values(distributions)) all.merge(LatencyHistogram.decode(histogram))
  return all.percentileDistribution()
}
