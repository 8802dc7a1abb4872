import type { MetricObjectWithValues, MetricValue } from 'prom-client'

/** A thread's metrics in the form in which the library adds up those of several. */
export type MetricsSnapshot = MetricObjectWithValues<MetricValue<string>>[]

/** Upper bounds in seconds; what took longer is in the last bucket. */
export const latencyBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

interface Series {
  readonly method: string
  readonly status: number
  readonly version: string
  requests: number
}

interface Route {
  readonly series: Series[]
  /** Requests by bucket, one more than there are bounds. */
  readonly buckets: number[]
  seconds: number
}

/**
 * Counts every request with a few additions. The library's counters and histograms look their labels up each time, which was
 * half of what an answer from the cache cost beyond a bare route.
 */
export class RequestCounts {
  readonly #routes = new Map<string, Route>()

  observe(method: string, route: string, status: number, version: string, seconds: number): void {
    const known = this.#routes.get(route) ?? this.#add(route)
    let bucket = 0
    while (bucket < latencyBuckets.length && seconds > latencyBuckets[bucket]!) bucket++
    known.buckets[bucket]!++
    known.seconds += seconds
    for (const series of known.series) {
      if (series.status === status && series.version === version && series.method === method) {
        series.requests++
        return
      }
    }
    known.series.push({ method, status, version, requests: 1 })
  }

  /** Both metrics in the form in which the library adds up those of several threads. */
  snapshot(): MetricsSnapshot {
    const routes = [...this.#routes]
    const requests = {
      name: 'recsys_http_requests_total',
      help: 'Requests answered, by route, status and the model version of the answer.',
      type: 'counter',
      values: routes.flatMap(([route, { series }]) => series.map((each) => countOf(route, each))),
      aggregator: 'sum',
    }
    const durations = {
      name: durationName,
      help: 'Seconds from the arrival of the request until the answer was handed over.',
      type: 'histogram',
      values: routes.flatMap(([route, each]) => histogramOf(route, each)),
      aggregator: 'sum',
    }
    // The types name an enum where the package has its lower-case names.
    return [requests, durations] as unknown as MetricsSnapshot
  }

  #add(route: string): Route {
    const fresh = { series: [], buckets: new Array<number>(latencyBuckets.length + 1).fill(0), seconds: 0 }
    this.#routes.set(route, fresh)
    return fresh
  }
}

const durationName = 'recsys_http_request_duration_seconds'

function countOf(route: string, { method, status, version, requests }: Series) {
  return { value: requests, labels: { method, route, status, model_version: version } }
}

/** Cumulative buckets, as Prometheus has them, then sum and count. */
function histogramOf(route: string, { buckets, seconds }: Route) {
  let below = 0
  const cumulated = buckets.map((count, bucket) => {
    below += count
    const le = latencyBuckets[bucket] ?? '+Inf'
    return { value: below, labels: { le, route }, metricName: `${durationName}_bucket` }
  })
  return [
    ...cumulated,
    { value: seconds, labels: { route }, metricName: `${durationName}_sum` },
    { value: below, labels: { route }, metricName: `${durationName}_count` },
  ]
}
