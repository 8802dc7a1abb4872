import type { ArtifactContent } from '../../artifacts/types.ts'
import { RecsysError } from '../../errors.ts'
import { openRegistry } from '../../registry/registry.ts'
import type { ModelVersion } from '../../registry/types.ts'
import type { Logger } from '../log.ts'
import type { LoadedModel } from '../messages.ts'
import type { SharedModel } from '../shared/shared-model.ts'
import { shareAndTry } from '../threads/load-artifact.ts'
import type { LoadFailure, LoadReport, ModelIdentity, ReloadOutcome } from '../types.ts'
import { loadVersion } from './load-version.ts'

export interface ReloaderOptions {
  readonly dataDir: string
  readonly modelName: string
  readonly nThreads: number
  /** First pause after a load that failed; it doubles up to eight times this. */
  readonly retryMs: number
  readonly log: Logger
  readonly fallback: () => Promise<ArtifactContent>
  /** Puts a loaded model into service everywhere, or throws and leaves everything as it was. */
  changeOver(model: SharedModel): Promise<void>
  /** Told what is new: a change-over, a failure, a recovery. */
  onOutcome(outcome: ReloadOutcome): void
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
  /** What the model in service was loaded from, and what the last failed load was to be loaded from. */
  #served: string | undefined
  #failed: { readonly source: string; readonly failure: LoadFailure } | undefined

  constructor(options: ReloaderOptions) {
    this.#options = options
  }

  /** Looks into the registry and changes over if it has to. Never rejects. */
  check(trigger: Trigger): Promise<ReloadOutcome> {
    this.#nextIsForced ||= trigger === 'admin'
    this.#next ??= this.#running.then(() => {
      const forced = this.#nextIsForced
      this.#next = undefined
      this.#nextIsForced = false
      const attempt = this.#attempt(trigger, forced)
      this.#running = attempt
      return attempt
    })
    return this.#next
  }

  async #attempt(trigger: Trigger, forced: boolean): Promise<ReloadOutcome> {
    let source = 'registry'
    let version: number | null = null
    try {
      const wanted = inProduction(this.#options.dataDir, this.#options.modelName)
      source = sourceOf(wanted)
      version = wanted?.version ?? null
      if (source === this.#served && !(forced && wanted === undefined)) return this.#unchanged()
      if (!forced && this.#isPausing(source)) return this.#stillFailed()
      return await this.#load(wanted, source, trigger)
    } catch (error) {
      return this.#failedWith(error, source, version)
    }
  }

  async #load(wanted: ModelVersion | undefined, source: string, trigger: Trigger): Promise<ReloadOutcome> {
    const { dataDir, nThreads, log, changeOver, onOutcome, signal } = this.#options
    const start = performance.now()
    const loading = wanted ? loadVersion(dataDir, wanted, nThreads, signal) : this.#loadFallback()
    const { model, ...durations } = await loading
    signal.throwIfAborted()
    await changeOver(model)
    const load = rounded({ ...durations, totalMs: performance.now() - start })
    this.#model = model.identity
    this.#served = source
    this.#failed = undefined
    log.info({ model: this.#model, trigger, ...load }, 'model in service')
    const outcome = { outcome: 'swapped', model: this.#model, load } as const
    onOutcome(outcome)
    return outcome
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

/** Opened anew for every look: a registry that was deleted and made again is another file under the same name. */
function inProduction(dataDir: string, name: string): ModelVersion | undefined {
  // The thread that asks also answers metrics and admin requests: it must not stand still for long.
  const registry = openRegistry(dataDir, { readOnly: true, busyTimeoutMs: 250 })
  try {
    return registry.inStage(name, 'production')
  } finally {
    registry.close()
  }
}

function sourceOf(wanted: ModelVersion | undefined): string {
  return wanted ? `${wanted.version} ${wanted.runId} ${wanted.manifestSha256}` : 'fallback'
}

function describe(error: unknown): { code: string; message: string; remedy: string } {
  if (error instanceof RecsysError) {
    const { code, message, remedy } = error
    return { code, message, remedy }
  }
  return { code: 'RECSYS_MODEL_UNFIT', message: String(error), remedy: 'Report it with the log lines.' }
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
