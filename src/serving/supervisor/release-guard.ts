import type { AppendResult, FeedbackEvent } from '../../registry/event-journal.ts'
import type { Logger } from '../log.ts'
import { emptyTally } from '../threads/version-tally.ts'
import type { ReleaseOptions, ServerStatus, VersionReport, VersionTally } from '../types.ts'
import { type Breach, VersionWatch } from './version-watch.ts'

export interface ReleaseGuardOptions {
  readonly release: Pick<ReleaseOptions, 'limits' | 'changes'>
  readonly log: Logger
  status(): ServerStatus
  /** The registry has changed: look into it. */
  onChange(): void
}

const checkMs = 1000

/**
 * Takes a version out of service when it breaks its limits: a trial is ended, a version that was promoted lately is rolled back.
 * A version that has come through its probation stays, and so does one that a rollback brought back: what is wrong then is not
 * the change.
 */
export class ReleaseGuard {
  readonly #options: ReleaseGuardOptions
  readonly #watch: VersionWatch
  readonly #timer: NodeJS.Timeout
  #probation: { readonly version: number; readonly former: number; readonly endsAt: number } | undefined
  #acting = false

  constructor(options: ReleaseGuardOptions) {
    this.#options = options
    this.#watch = new VersionWatch(options.release.limits)
    this.#timer = setInterval(() => void this.#check(), checkMs).unref()
  }

  record(tallies: ReadonlyMap<number, VersionTally>): void {
    for (const [version, tally] of tallies) this.#watch.record(version, tally, performance.now())
  }

  recordEvents(events: readonly FeedbackEvent[], { duplicates }: AppendResult): void {
    const known = new Set(duplicates)
    events.forEach(({ type, modelVersion }, place) => {
      if (type === 'click' && modelVersion !== null && !known.has(place)) {
        this.#watch.recordClicks(modelVersion, 1)
      }
    })
  }

  /** @param former  the version that was in service before; null: none */
  cameIntoService(version: number | null, former: number | null): void {
    this.#probation = undefined
    if (version === null) return
    this.#watch.begin(version, former === null ? [] : [former])
    this.#watch.record(version, emptyTally(), performance.now())
    const { probationMs } = this.#options.release.limits
    if (former === null || former > version || probationMs === 0) return
    this.#probation = { version, former, endsAt: performance.now() + probationMs }
  }

  wentOnTrial(version: number): void {
    const { model } = this.#options.status()
    this.#watch.begin(version, model?.version ? [model.version] : [])
  }

  report(): VersionReport {
    return this.#watch.figures(performance.now())
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  async #check(): Promise<void> {
    if (this.#acting) return
    this.#acting = true
    try {
      await this.#checkTrial()
      await this.#checkProduction()
    } catch (error) {
      this.#options.log.warn(
        { err: error },
        'a version that breaks its limits could not be taken out of service',
      )
    } finally {
      this.#acting = false
    }
  }

  async #checkTrial(): Promise<void> {
    const { trial, model } = this.#options.status()
    if (trial === null || trial.failure !== null) return
    const others = trial.mode === 'canary' && model?.version ? this.#watch.totalsOf(model.version) : undefined
    const breach = this.#watch.breachOf(trial.version, others, performance.now())
    if (breach === undefined) return
    const { reason, figures } = this.#told(breach, trial.version, 'its trial ends')
    await this.#options.release.changes.endTrial(reason, figures, trial.version)
    this.#options.onChange()
  }

  async #checkProduction(): Promise<void> {
    const probation = this.#probation
    if (probation === undefined || performance.now() > probation.endsAt) return
    const { version, former } = probation
    const breach = this.#watch.breachOf(version, this.#watch.totalsOf(former), performance.now())
    if (breach === undefined) return
    this.#probation = undefined
    const { reason, figures } = this.#told(breach, version, 'it is rolled back')
    const isSound = this.#options.status().warmVersions.includes(former)
    await this.#options.release.changes.rollback(reason, isSound, figures)
    this.#options.onChange()
  }

  #told({ reason, figures }: Breach, version: number, what: string): Breach {
    this.#options.log.error({ version, ...figures }, `version ${version}: ${reason}; ${what}`)
    return { reason: `by itself: ${reason}`, figures }
  }
}
