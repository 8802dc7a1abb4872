import type { ModelVersion } from '../../registry/types.ts'
import type { LoadedModel } from '../messages.ts'
import type { SharedModel } from '../shared/shared-model.ts'
import { loadVersion } from './load-version.ts'

/** Loads versions, and keeps those that may soon be wanted again: going back to one of them waits for no file. */
export class WarmModels {
  readonly #dataDir: string
  readonly #nThreads: number
  readonly #signal: AbortSignal
  readonly #models = new Map<string, SharedModel>()

  constructor(dataDir: string, nThreads: number, signal: AbortSignal) {
    this.#dataDir = dataDir
    this.#nThreads = nThreads
    this.#signal = signal
  }

  has(version: ModelVersion): boolean {
    return this.#models.has(sourceOf(version))
  }

  /** @throws RECSYS_ARTIFACT_* for its files, RECSYS_MODEL_UNFIT for what they hold, RECSYS_THREAD_DIED */
  async load(version: ModelVersion): Promise<LoadedModel> {
    const source = sourceOf(version)
    const kept = this.#models.get(source)
    if (kept) return { model: kept, readMs: 0, shareMs: 0, smokeTestMs: 0 }
    const loaded = await loadVersion(this.#dataDir, version, this.#nThreads, this.#signal)
    this.#models.set(source, loaded.model)
    return loaded
  }

  /** Lets go of all others. */
  keep(versions: readonly ModelVersion[]): void {
    const wanted = new Set(versions.map(sourceOf))
    for (const source of this.#models.keys()) if (!wanted.has(source)) this.#models.delete(source)
  }

  versions(): number[] {
    return [...this.#models.values()].map(({ identity }) => identity.version!)
  }
}

/** What a model was loaded from: the same number may stand for another model in a registry that was made anew. */
export function sourceOf({ version, runId, manifestSha256 }: ModelVersion): string {
  return `${version} ${runId} ${manifestSha256}`
}
