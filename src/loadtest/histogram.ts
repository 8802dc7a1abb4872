import { build, type Histogram } from 'hdr-histogram-js'
import type { Latency } from './types.ts'

/**
 * Latencies of one task in microseconds, as an HDR histogram with three significant digits: a value is known to
 * 0.1 %, memory does not grow with the number of requests, and histograms are merged, never percentiles averaged.
 */
export class LatencyHistogram {
  readonly #histogram: Histogram = build({
    bitBucketSize: 32,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: maxLatencyUs,
    numberOfSignificantValueDigits: 3,
  })
  /** Exact, where the histogram would round up. */
  #maxUs = 0

  get count(): number {
    return this.#histogram.totalCount
  }

  record(latencyUs: number): void {
    const value = Math.min(Math.max(Math.round(latencyUs), 1), maxLatencyUs)
    this.#histogram.recordValue(value)
    if (value > this.#maxUs) this.#maxUs = value
  }

  merge(other: LatencyHistogram): void {
    this.#histogram.add(other.#histogram)
    this.#maxUs = Math.max(this.#maxUs, other.#maxUs)
  }

  reset(): void {
    this.#histogram.reset()
    this.#maxUs = 0
  }

  /** Nearest rank: the least latency that `percent` % of the requests did not exceed. NaN when empty. */
  percentileMs(percent: number): number {
    if (this.count === 0) return Number.NaN
    return Math.min(this.#histogram.getValueAtPercentile(percent), this.#maxUs) / 1000
  }

  summary(): Latency | null {
    if (this.count === 0) return null
    const [p50, p75, p90, p95, p99] = [50, 75, 90, 95, 99].map((percent) => this.percentileMs(percent))
    return { p50, p75, p90, p95, p99, max: this.#maxUs / 1000 } as Latency
  }
}

/** An hour, more than the longest timeout. */
const maxLatencyUs = 3_600_000_000
