import { AggregatorRegistry, type Registry } from 'prom-client'
import type { MetricsSnapshot } from '../http/request-counts.ts'

/** One registry with the sums of several threads' figures. */
export function addUp(snapshots: readonly MetricsSnapshot[]): Registry {
  return AggregatorRegistry.aggregate(snapshots as MetricsSnapshot[])
}

/** What still counts when the thread is gone: not its gauges. */
export function countersOf(snapshot: MetricsSnapshot): MetricsSnapshot {
  // The types name an enum where the package has its lower-case names.
  return snapshot.filter((metric) => (metric.type as unknown as string) !== 'gauge')
}
