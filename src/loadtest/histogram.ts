import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type JsHistogram,
} from 'hdr-histogram-js'
import type { Latency } from './types.ts'

/**
 * Latencies of one task in microseconds, as an HDR histogram with three significant digits: a value is known to
 * 0.1 %, memory does not grow with the number of requests, and histograms are merged, never percentiles averaged.
 */
export class LatencyHistogram {
  readonly #histogram = build({
    bitBucketSize: 32,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: maxLatencyUs,
    numberOfSignificantValueDigits: 3,
  }) as JsHistogram
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

  /** Some requests of one latency, or of one that is the same to this histogram. */
  add(latencyUs: number, count: number): void {
    this.#histogram.recordValueWithCount(latencyUs, count)
    if (latencyUs > this.#maxUs) this.#maxUs = latencyUs
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

  /** The distinct latencies in ascending order, each the largest that is the same to this histogram, and how often. */
  counts(): LatencyCounts {
    const [valuesUs, counts]: [number[], number[]] = [[], []]
    for (let i = 0, left = this.count; left > 0; i += 1) {
      const count = this.#histogram.getCountAtIndex(i)
      if (count === 0) continue
      left -= count
      valuesUs.push(this.#histogram.highestEquivalentValue(this.#histogram.valueFromIndex(i)))
      counts.push(count)
    }
    return { valuesUs, counts }
  }

  /**
   * With the requests that a user would have sent while waiting, had the answer come in time: one each expected interval, each
   * with the rest of the wait (HdrHistogram's correction for coordinated omission).
   */
  corrected(expectedIntervalMs: number): LatencyHistogram {
    const corrected = new LatencyHistogram()
    const interval = Math.max(1, Math.round(1000 * expectedIntervalMs))
    const { valuesUs, counts } = this.counts()
    for (const [i, value] of valuesUs.entries()) {
      for (let left = value; left === value || left >= interval; left -= interval)
        corrected.add(left, counts[i]!)
    }
    corrected.#maxUs = this.#maxUs
    return corrected
  }

  /** Value in ms, percentile, count up to there and 1/(1 − percentile): what HdrHistogram's plotters read. */
  percentileDistribution(): string {
    return this.#histogram.outputPercentileDistribution(5, 1000)
  }

  /** HdrHistogram's V2 form, deflated, in base64: what other programs of its kind read too. */
  encode(): string {
    return encodeIntoCompressedBase64(this.#histogram)
  }

  /**
   * @param maxUs  exact largest latency, which the form rounds up
   * @throws an error of the decoder for text that is no histogram
   */
  static decode(text: string, maxUs?: number): LatencyHistogram {
    const decoded = decodeFromCompressedBase64(text, 32) as JsHistogram
    const histogram = new LatencyHistogram()
    histogram.#histogram.add(decoded)
    histogram.#maxUs = maxUs ?? (decoded.totalCount === 0 ? 0 : Math.min(decoded.maxValue, maxLatencyUs))
    return histogram
  }

  summary(): Latency | null {
    if (this.count === 0) return null
    const [p50, p75, p90, p95, p99] = [50, 75, 90, 95, 99].map((percent) => this.percentileMs(percent))
    return { p50, p75, p90, p95, p99, max: this.#maxUs / 1000 } as Latency
  }
}

export interface LatencyCounts {
  readonly valuesUs: readonly number[]
  readonly counts: readonly number[]
}

/** An hour, more than the longest timeout. */
const maxLatencyUs = 3_600_000_000
