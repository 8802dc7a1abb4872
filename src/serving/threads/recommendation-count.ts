/** How often recommendations are reported; what a killed server has not reported is forgotten. */
const reportMs = 1000

/** Recommendations of each version since the last report: one message a second, not one a request. */
export class RecommendationCount {
  readonly #report: (counts: ReadonlyMap<number, number>) => void
  readonly #timer: NodeJS.Timeout
  #counts = new Map<number, number>()

  constructor(report: (counts: ReadonlyMap<number, number>) => void) {
    this.#report = report
    this.#timer = setInterval(() => this.#send(), reportMs).unref()
  }

  /** @param version  null: of no version, not counted */
  add(version: number | null): void {
    if (version !== null) this.#counts.set(version, (this.#counts.get(version) ?? 0) + 1)
  }

  close(): void {
    clearInterval(this.#timer)
    this.#send()
  }

  #send(): void {
    if (this.#counts.size === 0) return
    this.#report(this.#counts)
    this.#counts = new Map()
  }
}
