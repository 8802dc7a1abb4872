import type { Random } from './random.ts'

/** At which times arrivals are due. `poisson`: as of many people who know nothing of each other. */
export type ArrivalLaw = 'constant' | 'poisson'

export interface ArrivalOptions {
  /** Arrivals a second, above 0. */
  readonly rate: number
  readonly law: ArrivalLaw
  /** No arrival is due at this time or later. */
  readonly runTimeMs: number
  readonly random: Random
}

/** The arrivals of an open model one after the other: they are due whether the server keeps up or not. */
export class ArrivalPlan {
  readonly #options: ArrivalOptions
  #nTaken = 0
  #dueMs = 0

  constructor(options: ArrivalOptions) {
    this.#options = options
    if (options.law === 'poisson') this.#dueMs = this.#gapMs()
  }

  /** Of all that have been taken. */
  get nTaken(): number {
    return this.#nTaken
  }

  /** Index and time of the next one in ms from the start; undefined when there are no more. */
  take(): { readonly index: number; readonly dueMs: number } | undefined {
    const { rate, law, runTimeMs } = this.#options
    const dueMs = this.#dueMs
    if (dueMs >= runTimeMs) return undefined
    const index = this.#nTaken++
    // Not by adding gaps up: the millionth would be off by their rounding.
    this.#dueMs = law === 'constant' ? (1000 * this.#nTaken) / rate : dueMs + this.#gapMs()
    return { index, dueMs }
  }

  /** Exponential with mean 1 ÷ rate, by inversion. */
  #gapMs(): number {
    return (-1000 * Math.log(1 - this.#options.random())) / this.#options.rate
  }
}
