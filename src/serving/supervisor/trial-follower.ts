import type { ModelVersion, TrialMode } from '../../registry/types.ts'
import type { Logger } from '../log.ts'
import type { SharedTrial } from '../messages.ts'
import type { TrialState } from '../types.ts'
import { describe } from './describe-failure.ts'
import { sourceOf, type WarmModels } from './warm-models.ts'

/** What the registry wants to be tried out. */
export interface WantedTrial {
  readonly version: ModelVersion
  readonly mode: TrialMode
  readonly share: number
}

export interface TrialFollowerOptions {
  readonly warm: WarmModels
  readonly log: Logger
  changeTrial(trial: SharedTrial | null): Promise<void>
  onTrial(trial: TrialState | null): void
}

/** Brings the trial that is wanted beside the model in service. A version that cannot be loaded harms nobody but its trial. */
export class TrialFollower {
  readonly #options: TrialFollowerOptions
  /** Of what is on trial, or of what could not be. */
  #present: string | undefined

  constructor(options: TrialFollowerOptions) {
    this.#options = options
  }

  /** @param again  tries once more what failed. Never rejects. */
  async follow(wanted: WantedTrial | undefined, again: boolean): Promise<void> {
    const { warm, log, changeTrial, onTrial } = this.#options
    const key = wanted && `${sourceOf(wanted.version)} ${wanted.mode} ${wanted.share}`
    if (key === this.#present && !(again && this.#failed)) return
    this.#present = key
    this.#failed = false
    try {
      if (wanted === undefined) {
        await changeTrial(null)
        onTrial(null)
        log.info('no version is on trial any more')
        return
      }
      const { version, mode, share } = wanted
      const { model } = await warm.load(version)
      await changeTrial({ model, mode, share })
      onTrial({ version: version.version, mode, share, failure: null })
      log.info({ version: version.version, mode, share }, 'a version is on trial')
    } catch (error) {
      this.#failed = true
      const failure = describe(error)
      // Whatever was on trial before is not what is wanted.
      await changeTrial(null).catch(() => undefined)
      if (wanted)
        onTrial({ version: wanted.version.version, mode: wanted.mode, share: wanted.share, failure })
      log.warn({ failure, version: wanted?.version.version }, 'the version cannot be tried out')
    }
  }

  #failed = false
}
