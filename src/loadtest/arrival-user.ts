import type { ArrivalPlan } from './arrivals.ts'
import type { LatencyHistogram } from './histogram.ts'
import { LoadUser } from './load-user.ts'
import type { UserState } from './scenario/types.ts'
import { drawTask, takeStep, thinkMs, type VirtualUserOptions } from './virtual-user.ts'

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
export class ArrivalUser extends LoadUser {
  readonly #options: ArrivalUserOptions

  constructor(options: ArrivalUserOptions) {
    super(options.connection)
    this.#options = options
  }

  protected async work(): Promise<void> {
    const { plan, startedAtMs, lateness } = this.#options
    for (let next = plan.take(); next; next = this.isStopping ? undefined : plan.take()) {
      const dueAtMs = startedAtMs + next.dueMs
      const aheadMs = dueAtMs - performance.now()
      if (aheadMs > 0) {
        await this.pause(aheadMs)
        if (this.isStopping) return
        lateness.record(Math.max(0, performance.now() - dueAtMs) * 1000)
      }
      await this.#perform(next.index, dueAtMs)
    }
  }

  async #perform(arrival: number, dueAtMs: number): Promise<void> {
    const { scenario, newState, waitMs, record, raw } = this.#options
    const state = newState(arrival)
    const { steps } = drawTask(scenario, state)
    let waitedUs = Math.max(0, performance.now() - dueAtMs) * 1000
    for (const [at, step] of steps.entries()) {
      const { outcome, path } = await takeStep(step, { ...this.#options, state })
      if (!outcome) return this.noteCutOff()
      if (outcome.ok && at === 0) raw.record(outcome.latencyUs)
      record(outcome.ok ? { ...outcome, latencyUs: outcome.latencyUs + waitedUs } : outcome, path)
      waitedUs = 0
      if (!outcome.ok || this.isStopping || at === steps.length - 1) return
      await this.pause(thinkMs(step, waitMs, state.random))
    }
  }
}
