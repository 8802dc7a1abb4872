import { openRegistry } from '../registry/registry.ts'
import type { ModelVersion } from '../registry/types.ts'

/** The `--json` document of `recsys models register`. */
export interface Registration {
  /** In the order asked for. */
  readonly versions: readonly ModelVersion[]
}

/**
 * Makes versions of finished runs, numbered in the order they are named. A run that has a version keeps it, so that the same call
 * may be made again.
 * @throws RECSYS_RUN_UNKNOWN; RECSYS_REGISTRY_CONFLICT for a run that has not finished or belongs to another name
 */
export function registerRuns(options: {
  readonly dataDir: string
  readonly name: string
  readonly runIds: readonly string[]
}): Registration {
  const registry = openRegistry(options.dataDir, { create: false })
  try {
    const runIds = options.runIds.map((runId) => registry.run(runId).runId)
    return { versions: registry.registerRuns(runIds, options.name) }
  } finally {
    registry.close()
  }
}
