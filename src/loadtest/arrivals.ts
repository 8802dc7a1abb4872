import type { Random } from './random.ts'
import { type LoadStage, timeOfArrival } from './stages.ts'

/** At which times arrivals are due. `poisson`: as of many people who know nothing of each other. */
export type ArrivalLaw = 'constant' | 'poisson'

export interface ArrivalOptions {
  /** Arrivals a second, above 0. */
  readonly rate: number
  readonly law: ArrivalLaw
  /** Levels that the rate goes to, from `rate` on; left out: it stays. */
  readonly stages?: readonly LoadStage[] | undefined
  /** Only every `step`-th arrival is taken, from number `first` on: the others are those of other threads. */
  readonly first?: number
  readonly step?: number
  /** No arrival is due at this time or later. */
  readonly runTimeMs: number
  readonly random: Random
}

/** The arrivals of an open model one after the other: they are due whether the server keeps up or not. */
export class ArrivalPlan {
  readonly #options: ArrivalOptions
  #nTaken = 0
  /** Of all threads. */
  #index = 0
  #dueMs = 0
  /** Of a law of chance: how many arrivals a constant clock would have counted. */
  #clock = 0

  constructor(options: ArrivalOptions) {
    this.#options = options
    this.#dueMs = this.#nextDueMs()
  }

  /** Of all that have been taken. */
  get nTaken(): number {
    return this.#nTaken
  }

  /** Index and time of the next one in ms from the start; undefined when there are no more. */
  take(): { readonly index: number; readonly dueMs: number } | undefined {
    const { runTimeMs, first = 0, step = 1 } = this.#options
    while (this.#dueMs < runTimeMs) {
      const [index, dueMs] = [this.#index++, this.#dueMs]
      this.#dueMs = this.#nextDueMs()
      if (index % step !== first) continue
      this.#nTaken++
      return { index, dueMs }
    }
    return undefined
  }

  /** A law of chance is one of gaps between arrivals, in a time in which one is due each unit (time change). */
  #nextDueMs(): number {
    const { rate, law, stages } = this.#options
    if (law === 'poisson') this.#clock += -Math.log(1 - this.#options.random())
    // Not by adding gaps up: the millionth would be off by their rounding.
    const nArrivals = law === 'poisson' ? this.#clock : this.#index
    return stages === undefined ? (1000 * nArrivals) / rate : timeOfArrival(stages, rate, nArrivals)
  }
}
