import type { LiveSecond } from '../live-report.ts'
import { addTraffic, emptyTraffic, percentileMs } from '../threads/version-tally.ts'
import type { TrafficTally } from '../types.ts'

const mostSeconds = 600

/** What the server has done in each of the last seconds, from what its threads report anyway. */
export class LiveHistory {
  readonly #seconds: LiveSecond[] = []
  readonly #timer: NodeJS.Timeout
  #present = emptyTraffic()

  /** @param onSecond  a second is over */
  constructor(onSecond: () => void) {
    this.#timer = setInterval(() => {
      this.#close()
      onSecond()
    }, 1000).unref()
  }

  get seconds(): readonly LiveSecond[] {
    return this.#seconds
  }

  record(traffic: TrafficTally): void {
    addTraffic(this.#present, traffic)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #close(): void {
    const { answers, errors } = this.#present
    this.#seconds.push({
      ...{ at: new Date().toISOString(), answers, errors },
      p50Ms: percentileMs(this.#present, 50),
      p95Ms: percentileMs(this.#present, 95),
      p99Ms: percentileMs(this.#present, 99),
    })
    if (this.#seconds.length > mostSeconds) this.#seconds.shift()
    this.#present = emptyTraffic()
  }
}
