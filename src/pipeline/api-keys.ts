import { openRegistry } from '../registry/registry.ts'
import type { ApiKey, KeyScope } from '../registry/types.ts'
import { readRegistry } from './read-registry.ts'

/** A key without its digest. */
export type ListedKey = Omit<ApiKey, 'sha256'>

export interface CreatedKey {
  readonly id: string
  readonly label: string
  readonly scopes: readonly KeyScope[]
  /** Nowhere kept: whoever loses it makes a new one. */
  readonly key: string
}

export function createKey(dataDir: string, label: string, scopes: readonly KeyScope[]): CreatedKey {
  const registry = openRegistry(dataDir)
  try {
    const wanted = [...new Set(scopes)]
    return { ...registry.createApiKey(label, wanted), label, scopes: wanted }
  } finally {
    registry.close()
  }
}

export function listKeys(dataDir: string): ListedKey[] {
  return readRegistry(dataDir, (registry) => registry.apiKeys()).map(withoutDigest)
}

/** Servers refuse the key from their next look into the registry on. @throws RECSYS_KEY_UNKNOWN */
export function revokeKey(dataDir: string, id: string): ListedKey & { readonly changed: boolean } {
  const registry = openRegistry(dataDir, { create: false })
  try {
    return withoutDigest(registry.revokeApiKey(id))
  } finally {
    registry.close()
  }
}

function withoutDigest<Key extends ApiKey>({ sha256: _, ...rest }: Key): Omit<Key, 'sha256'> {
  return rest
}
