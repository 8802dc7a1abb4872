import { isDeepStrictEqual } from 'node:util'
import { openRegistry } from '../../registry/registry.ts'
import type { KnownKey } from '../http/known-key.ts'
import type { Logger } from '../log.ts'

/** The keys of the registry that are good, looked up again on every poll: a revoked one is refused within seconds. */
export class KnownKeys {
  readonly #dataDir: string
  readonly #log: Logger
  #keys: readonly KnownKey[] = []

  constructor(dataDir: string, log: Logger) {
    this.#dataDir = dataDir
    this.#log = log
  }

  get present(): readonly KnownKey[] {
    return this.#keys
  }

  /** Looks into the registry. A registry that cannot be read changes nothing: whoever was in stays in. */
  refresh(onChange: (keys: readonly KnownKey[]) => void): void {
    try {
      const keys = goodKeys(this.#dataDir)
      if (isDeepStrictEqual(keys, this.#keys)) return
      this.#keys = keys
      onChange(keys)
    } catch (error) {
      this.#log.warn({ err: error }, 'keys could not be looked up; those that were known stay good')
    }
  }
}

function goodKeys(dataDir: string): KnownKey[] {
  const registry = openRegistry(dataDir, { readOnly: true, busyTimeoutMs: 250 })
  try {
    const good = registry.apiKeys().filter(({ revokedAt }) => revokedAt === null)
    return good.map(({ id, scopes, sha256 }) => ({
      id,
      scopes,
      sha256: Uint8Array.from(Buffer.from(sha256, 'hex')),
    }))
  } finally {
    registry.close()
  }
}
