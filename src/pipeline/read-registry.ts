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

/** Does something to the registry and lets go of it. */
export function withRegistry<T>(dataDir: string, work: (registry: Registry) => T): T {
  const registry = openRegistry(dataDir)
  try {
    return work(registry)
  } finally {
    registry.close()
  }
}
