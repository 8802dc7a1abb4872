import type { TrafficTally, VersionTally } from '../types.ts'

/** How often the tally is reported; what a killed thread has not reported is forgotten. */
const reportMs = 1000

/** Bounds of the latencies' buckets: four a doubling, from an eighth of a millisecond to minutes. */
const nBuckets = 84
const leastMs = 0.125

/** What each version has done since the last report, and all of them and none: one message a second, not one a request. */
export class VersionTallies {
  readonly #report: (tallies: ReadonlyMap<number, VersionTally>, traffic: TrafficTally) => void
  readonly #timer: NodeJS.Timeout
  #tallies = new Map<number, VersionTally>()
  #traffic = emptyTraffic()

  constructor(report: (tallies: ReadonlyMap<number, VersionTally>, traffic: TrafficTally) => void) {
    this.#report = report
    this.#timer = setInterval(() => this.#send(), reportMs).unref()
  }

  /** @param version  null: of no version, not counted */
  recommended(version: number | null): void {
    if (version !== null) this.#of(version).recommendations++
  }

  /** A request that somebody has sent, whoever answered it. */
  requested(isError: boolean, ms: number): void {
    this.#traffic.answers++
    if (isError) this.#traffic.errors++
    this.#traffic.latencies[bucketOf(ms)]!++
  }

  answered(version: number, isError: boolean, ms: number): void {
    const tally = this.#of(version)
    tally.answers++
    if (isError) tally.errors++
    tally.latencies[bucketOf(ms)]!++
  }

  /** @param overlap  share of the shown items that the version would have shown too */
  compared(version: number, overlap: number): void {
    const tally = this.#of(version)
    tally.compared++
    tally.overlap += overlap
  }

  close(): void {
    clearInterval(this.#timer)
    this.#send()
  }

  #of(version: number): VersionTally {
    const known = this.#tallies.get(version)
    if (known) return known
    const fresh = emptyTally()
    this.#tallies.set(version, fresh)
    return fresh
  }

  #send(): void {
    if (this.#tallies.size === 0 && this.#traffic.answers === 0) return
    this.#report(this.#tallies, this.#traffic)
    this.#tallies = new Map()
    this.#traffic = emptyTraffic()
  }
}

export function emptyTraffic(): TrafficTally {
  return { answers: 0, errors: 0, latencies: new Array<number>(nBuckets).fill(0) }
}

export function addTraffic(sum: TrafficTally, more: TrafficTally): void {
  sum.answers += more.answers
  sum.errors += more.errors
  for (let i = 0; i < nBuckets; i++) sum.latencies[i]! += more.latencies[i]!
}

export function emptyTally(): VersionTally {
  return {
    ...{ recommendations: 0, answers: 0, errors: 0, clicks: 0, compared: 0, overlap: 0 },
    latencies: new Array<number>(nBuckets).fill(0),
  }
}

/** Adds one tally to another. */
export function addTally(sum: VersionTally, more: VersionTally): void {
  for (const key of counts) sum[key] += more[key]
  for (let i = 0; i < nBuckets; i++) sum.latencies[i]! += more.latencies[i]!
}

const counts = ['recommendations', 'answers', 'errors', 'clicks', 'compared', 'overlap'] as const

/** Upper bound of the bucket that the percentile falls into, in milliseconds, a fifth above the true value at most; null for none. */
export function percentileMs({ latencies, answers }: TrafficTally, percentile: number): number | null {
  if (answers === 0) return null
  let left = Math.max(1, Math.ceil((percentile / 100) * answers))
  const bucket = latencies.findIndex((count) => {
    left -= count
    return left <= 0
  })
  return leastMs * 2 ** (bucket / 4)
}

function bucketOf(ms: number): number {
  return ms <= leastMs ? 0 : Math.min(nBuckets - 1, Math.ceil(4 * Math.log2(ms / leastMs)))
}
