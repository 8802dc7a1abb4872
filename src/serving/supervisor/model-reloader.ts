import type { ArtifactContent } from '../../artifacts/types.ts'
import { RecsysError } from '../../errors.ts'
import { openRegistry } from '../../registry/registry.ts'
import type { ModelVersion, Registry } from '../../registry/types.ts'
import type { Logger } from '../log.ts'
import type { LoadedModel, SharedTrial } from '../messages.ts'
import type { SharedModel } from '../shared/shared-model.ts'
import { shareAndTry } from '../threads/load-artifact.ts'
import type {
  LoadFailure,
  LoadReport,
  ModelIdentity,
  ReleaseOptions,
  ReloadOutcome,
  TrialState,
} from '../types.ts'
import { requireCoverage } from './coverage.ts'
import { describe } from './describe-failure.ts'
import { TrialFollower, type WantedTrial } from './trial-follower.ts'
import { sourceOf, type WarmModels } from './warm-models.ts'

export interface ReloaderOptions {
  readonly dataDir: string
  readonly modelName: string
  readonly nThreads: number
  readonly warm: WarmModels
  readonly release: Pick<ReleaseOptions, 'keepWarm' | 'minCoverage' | 'stagingTrial'>
  /** First pause after a load that failed; it doubles up to eight times this. */
  readonly retryMs: number
  readonly log: Logger
  readonly fallback: () => Promise<ArtifactContent>
  /** Puts a loaded model into service everywhere, or throws and leaves everything as it was. */
  changeOver(model: SharedModel): Promise<void>
  /** Puts a trial beside the model in service, or ends the one that is there. */
  changeTrial(trial: SharedTrial | null): Promise<void>
  /** Told what is new: a change-over, a failure, a recovery. */
  onOutcome(outcome: ReloadOutcome): void
  /** Told what is on trial now. */
  onTrial(trial: TrialState | null): void
  /** Ends loads that are under way. */
  readonly signal: AbortSignal
}

export type Trigger = 'start' | 'doorbell' | 'poll' | 'admin'

const maxRetryFactor = 8

/**
 * Brings into service what the registry has in production. One attempt at a time; whoever asks meanwhile waits for one
 * more. What fails changes nothing but the failure that is shown, and is tried again when the registry names another
 * version, after a pause, or when an admin asks.
 */
export class ModelReloader {
  readonly #options: ReloaderOptions
  #running: Promise<ReloadOutcome | undefined> = Promise.resolve(undefined)
  #next: Promise<ReloadOutcome> | undefined
  #nextIsForced = false
  #model: ModelIdentity | null = null
  #shared: SharedModel | undefined
  readonly #trials: TrialFollower
  /** What the model in service was loaded from, and what the last failed load was to be loaded from. */
  #served: string | undefined
  #wanted: WantedVersions | undefined
  readonly #unloadable = new Set<string>()
  #failed: { readonly source: string; readonly failure: LoadFailure } | undefined

  constructor(options: ReloaderOptions) {
    this.#options = options
    this.#trials = new TrialFollower(options)
  }

  /** Looks into the registry and changes over if it has to. Never rejects. */
  check(trigger: Trigger): Promise<ReloadOutcome> {
    this.#nextIsForced ||= trigger === 'admin'
    this.#next ??= this.#running.then(() => {
      const forced = this.#nextIsForced
      this.#next = undefined
      this.#nextIsForced = false
      const attempt = this.#attempt(trigger, forced)
      // What comes after the outcome is not waited for by who asked, but the next look waits for it.
      this.#running = attempt.then((outcome) => this.#afterwards(forced).then(() => outcome))
      return trigger === 'start' ? attempt : this.#running.then(() => attempt)
    })
    return this.#next
  }

  async #attempt(trigger: Trigger, forced: boolean): Promise<ReloadOutcome> {
    let source = 'registry'
    let version: number | null = null
    try {
      this.#wanted = wantedVersions(this.#options)
      const wanted = this.#wanted.production
      source = wanted ? sourceOf(wanted) : 'fallback'
      version = wanted?.version ?? null
      if (source === this.#served && !(forced && wanted === undefined)) return this.#unchanged()
      if (!forced && this.#isPausing(source)) return this.#stillFailed()
      return await this.#load(wanted, source, trigger)
    } catch (error) {
      return this.#failedWith(error, source, version)
    }
  }

  async #load(wanted: ModelVersion | undefined, source: string, trigger: Trigger): Promise<ReloadOutcome> {
    const { warm, log, changeOver, onOutcome, signal } = this.#options
    const start = performance.now()
    const { model, ...durations } = await (wanted ? warm.load(wanted) : this.#loadFallback())
    signal.throwIfAborted()
    this.#requireCoverage(model)
    await changeOver(model)
    this.#shared = model
    const load = rounded({ ...durations, totalMs: performance.now() - start })
    this.#model = model.identity
    this.#served = source
    this.#failed = undefined
    log.info({ model: this.#model, trigger, ...load }, 'model in service')
    const outcome = { outcome: 'swapped', model: this.#model, load } as const
    onOutcome(outcome)
    return outcome
  }

  /** A version that came before the present one was found good when it was new. */
  #requireCoverage(next: SharedModel): void {
    const present = this.#shared
    const [from, to] = [present?.identity.version ?? null, next.identity.version]
    if (present === undefined || from === null || to === null || to < from) return
    requireCoverage(present, next, this.#options.release.minCoverage)
  }

  /** What may take its time: the trial, and the versions that stay loaded. Never rejects. */
  async #afterwards(forced: boolean): Promise<void> {
    const wanted = this.#wanted
    const { warm, log, signal } = this.#options
    if (wanted === undefined || this.#shared === undefined || signal.aborted) return
    await this.#trials.follow(wanted.trial, forced)
    const { production, former, trial } = wanted
    warm.keep([production, ...former, trial?.version].filter((version) => version !== undefined))
    for (const version of former) {
      if (warm.has(version) || this.#unloadable.has(sourceOf(version)) || signal.aborted) continue
      try {
        await warm.load(version)
      } catch (error) {
        // Nobody waits for it; a rollback to it would say the same.
        this.#unloadable.add(sourceOf(version))
        log.warn({ version: version.version, err: error }, 'a former version cannot be kept warm')
      }
    }
  }

  async #loadFallback(): Promise<LoadedModel> {
    const { modelName, nThreads, fallback } = this.#options
    const start = performance.now()
    const content = await fallback()
    const { algorithm } = content.manifest
    const identity = { name: modelName, version: null, runId: null, algorithm, source: 'popular' } as const
    return shareAndTry(content, identity, nThreads, performance.now() - start)
  }

  #unchanged(): ReloadOutcome {
    const outcome = { outcome: 'unchanged', model: this.#model } as const
    if (this.#failed !== undefined) this.#options.onOutcome(outcome)
    this.#failed = undefined
    return outcome
  }

  #isPausing(source: string): boolean {
    return this.#failed?.source === source && Date.now() < Date.parse(this.#failed.failure.nextAttemptAt)
  }

  #stillFailed(): ReloadOutcome {
    return { outcome: 'failed', model: this.#model, failure: this.#failed!.failure }
  }

  #failedWith(error: unknown, source: string, version: number | null): ReloadOutcome {
    const { log, onOutcome, retryMs, signal } = this.#options
    const before = this.#failed?.source === source ? this.#failed.failure : undefined
    const attempts = (before?.attempts ?? 0) + 1
    const pauseMs = retryMs * Math.min(2 ** (attempts - 1), maxRetryFactor)
    const failure = { ...describe(error), version, attempts, ...schedule(pauseMs) }
    this.#failed = { source, failure }
    // A registry that is away is looked for on every poll; it is news only once.
    const isNews = source !== 'registry' || before?.message !== failure.message
    const outcome = { outcome: 'failed', model: this.#model, failure } as const
    if (isNews && !signal.aborted) {
      log.warn({ failure, serving: this.#model, err: unexpected(error) }, 'no change of the model')
      onOutcome(outcome)
    }
    return outcome
  }
}

interface WantedVersions {
  readonly production: ModelVersion | undefined
  /** The last first. */
  readonly former: readonly ModelVersion[]
  readonly trial: WantedTrial | undefined
}

/** Opened anew for every look: a registry that was deleted and made again is another file under the same name. */
function wantedVersions({ dataDir, modelName, release }: ReloaderOptions): WantedVersions {
  // The thread that asks also answers metrics and admin requests: it must not stand still for long.
  const registry = openRegistry(dataDir, { readOnly: true, busyTimeoutMs: 250 })
  try {
    const production = registry.inStage(modelName, 'production')
    return {
      production,
      former: registry.formerProduction(modelName, release.keepWarm),
      trial: wantedTrial(registry, modelName, release.stagingTrial),
    }
  } finally {
    registry.close()
  }
}

/** The trial that was started, else that of the version in staging, where the server has such trials. */
function wantedTrial(
  registry: Registry,
  name: string,
  stagingTrial: ReleaseOptions['stagingTrial'],
): WantedTrial | undefined {
  const started = registry.trial(name)
  if (started) return { ...started, version: registry.version(name, started.version) }
  const staged = stagingTrial && registry.inStage(name, 'staging')
  return staged ? { ...stagingTrial, version: staged } : undefined
}

function unexpected(error: unknown): unknown {
  return error instanceof RecsysError ? undefined : error
}

function schedule(pauseMs: number): { at: string; nextAttemptAt: string } {
  const now = Date.now()
  return { at: new Date(now).toISOString(), nextAttemptAt: new Date(now + pauseMs).toISOString() }
}

function rounded(load: LoadReport): LoadReport {
  const entries = Object.entries(load).map(([name, ms]) => [name, Math.round(ms * 10) / 10])
  return Object.fromEntries(entries) as unknown as LoadReport
}
