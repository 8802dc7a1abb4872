import type { Connection } from './connection.ts'

/** What all who send requests have in common: they can be stopped between two requests or in the middle of one. */
export abstract class LoadUser {
  readonly #connection: Connection
  #isStopping = false
  #isCutOff = false
  #wake: () => void = () => undefined

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** Resolves when the user has stopped; the number of requests cut off, 0 or 1. */
  async run(): Promise<number> {
    await this.work()
    this.#connection.discard()
    return this.#isCutOff ? 1 : 0
  }

  /** No further request; the one in flight is finished. */
  stop(): void {
    this.#isStopping = true
    this.#wake()
  }

  /** No further request; the one in flight is cut off and not counted. */
  cutOff(): void {
    this.stop()
    this.#connection.discard()
  }

  protected get isStopping(): boolean {
    return this.#isStopping
  }

  /** Sends requests until there are no more or it is stopped. */
  protected abstract work(): Promise<void>

  protected noteCutOff(): void {
    this.#isCutOff = true
  }

  /** Ends early when it is stopped. */
  protected pause(ms: number): Promise<void> {
    // A timer of nothing would still take a millisecond.
    if (ms <= 0) return Promise.resolve()
    return new Promise((resolve) => {
      // Timers leave fractions out: whole milliseconds, so that nobody is early.
      const timer = setTimeout(resolve, Math.ceil(ms))
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
