import type { ArrivalPlan } from './arrivals.ts'
import type { LatencyHistogram } from './histogram.ts'
import type { UserState } from './scenario/types.ts'
import { drawTask, pause, takeStep, type VirtualUserOptions } from './virtual-user.ts'

export interface ArrivalUserOptions extends Omit<VirtualUserOptions, 'state'> {
  readonly plan: ArrivalPlan
  readonly startedAtMs: number
  readonly newState: (arrival: number) => UserState
  /** µs from being due to being sent, of arrivals that somebody was waiting for: what the generator itself adds. */
  readonly lateness: LatencyHistogram
  /** µs from being sent to being answered, of first requests that succeeded. */
  readonly raw: LatencyHistogram
}

/**
 * One of those who serve the arrivals of an open model: takes the next one, waits until it is due, does its task. Where all are
 * busy an arrival has to wait, and its latency counts from when it was due: a server that stalls cannot hide
 * (coordinated omission: Tene 2013).
 */
export class ArrivalUser {
  readonly #options: ArrivalUserOptions
  #stopping = false
  #cutOff = false
  #wake: () => void = () => undefined

  constructor(options: ArrivalUserOptions) {
    this.#options = options
  }

  /** Resolves when there are no more arrivals; the number of requests cut off, 0 or 1. */
  async run(): Promise<number> {
    const { plan, startedAtMs, connection, lateness } = this.#options
    for (let next = plan.take(); next && !this.#stopping; next = this.#stopping ? undefined : plan.take()) {
      const dueAtMs = startedAtMs + next.dueMs
      const aheadMs = dueAtMs - performance.now()
      if (aheadMs > 0) {
        await this.#pause(aheadMs)
        if (this.#stopping) break
        lateness.record(Math.max(0, performance.now() - dueAtMs) * 1000)
      }
      await this.#perform(next.index, dueAtMs)
    }
    connection.discard()
    return this.#cutOff ? 1 : 0
  }

  /** No further arrival; the request in flight is finished. */
  stop(): void {
    this.#stopping = true
    this.#wake()
  }

  /** No further arrival; the request in flight is cut off and not counted. */
  cutOff(): void {
    this.stop()
    this.#options.connection.discard()
  }

  async #perform(arrival: number, dueAtMs: number): Promise<void> {
    const { scenario, newState, waitMs, record, raw } = this.#options
    const state = newState(arrival)
    const { steps } = drawTask(scenario, state)
    let waitedUs = Math.max(0, performance.now() - dueAtMs) * 1000
    for (const [at, step] of steps.entries()) {
      const { outcome, path } = await takeStep(step, { ...this.#options, state })
      if (!outcome) {
        this.#cutOff = true
        return
      }
      if (outcome.ok && at === 0) raw.record(outcome.latencyUs)
      record(outcome.ok ? { ...outcome, latencyUs: outcome.latencyUs + waitedUs } : outcome, path)
      waitedUs = 0
      if (!outcome.ok || this.#stopping || at === steps.length - 1) return
      await this.#pause(pause(step, waitMs, state.random))
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
