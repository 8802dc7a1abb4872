import { RecsysError } from '../errors.ts'
import { openRegistry } from '../registry/registry.ts'
import type { Registry } from '../registry/types.ts'

/** Answers a question from the registry and lets go of it. @throws RECSYS_REGISTRY_MISSING */
export function readRegistry<T>(dataDir: string, question: (registry: Registry) => T): T {
  const registry = openRegistry(dataDir, { readOnly: true })
  try {
    return question(registry)
  } finally {
    registry.close()
  }
}

/** As `readRegistry`, for questions that have an answer where nothing was ever written. */
export function readRegistryOr<T>(dataDir: string, question: (registry: Registry) => T, otherwise: T): T {
  try {
    return readRegistry(dataDir, question)
  } catch (error) {
    if (error instanceof RecsysError && error.code === 'RECSYS_REGISTRY_MISSING') return otherwise
    throw error
  }
}

/** Does something to the registry and lets go of it. */
export function withRegistry<T>(dataDir: string, work: (registry: Registry) => T): T {
  const registry = openRegistry(dataDir)
  try {
    return work(registry)
  } finally {
    registry.close()
  }
}
