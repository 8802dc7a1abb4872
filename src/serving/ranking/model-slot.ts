import type { TrialMode } from '../../registry/types.ts'
import type { ServedModel } from './served-model.ts'

/** A model that is tried out beside the one in service. */
export interface ServedTrial {
  readonly model: ServedModel
  readonly mode: TrialMode
  /** Of the users (canary) or requests (shadow), 1 at most. */
  readonly share: number
}

/**
 * The one reference that a change-over moves. A request reads it once, at its start, and answers from what it got;
 * the old model lives as long as a request holds it.
 */
export class ModelSlot {
  #current: ServedModel | undefined
  #trial: ServedTrial | undefined

  get current(): ServedModel | undefined {
    return this.#current
  }

  /** The model in the shadow and the share of requests that it sees. */
  get shadow(): ServedTrial | undefined {
    return this.#trial?.mode === 'shadow' ? this.#trial : undefined
  }

  /** The model whose answers the user sees: the same at every request, on every thread and every server. */
  modelFor(userId: string): ServedModel | undefined {
    const trial = this.#trial
    if (trial?.mode !== 'canary') return this.#current
    return placeOf(userId, trial.model.identity.version) < trial.share ? trial.model : this.#current
  }

  swap(next: ServedModel | undefined, trial?: ServedTrial): void {
    this.#current = next
    this.#trial = trial
  }
}

/**
 * A user's place in [0, 1), evenly spread and different for every version, so that it is not always the same ones who
 * try what is new: FNV-1a over the characters, mixed once more by the finalizer of MurmurHash3.
 */
function placeOf(userId: string, version: number | null): number {
  let hash = 0x811c9dc5 ^ (version ?? 0)
  for (let i = 0; i < userId.length; i++) hash = Math.imul(hash ^ userId.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}
