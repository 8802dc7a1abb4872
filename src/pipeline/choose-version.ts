import { RecsysError } from '../errors.ts'
import type { ModelVersion, Registry } from '../registry/types.ts'

/** Which registered version: one of the three, or none for the newest. */
export interface VersionChoice {
  readonly name: string
  readonly version?: number | undefined
  /** Or a unique beginning of it. */
  readonly runId?: string | undefined
  readonly stage?: 'staging' | 'production' | undefined
}

/** @throws RECSYS_VERSION_UNKNOWN | RECSYS_RUN_UNKNOWN */
export function chooseVersion(
  registry: Registry,
  { name, version, runId, stage }: VersionChoice,
): ModelVersion {
  if (version !== undefined) return registry.version(name, version)
  if (runId !== undefined) {
    return registry.versionOfRun(registry.run(runId).runId) ?? unknown(`run ${runId} registered no version`)
  }
  if (stage !== undefined) {
    return registry.inStage(name, stage) ?? unknown(`${name} has no version in ${stage}`)
  }
  return registry.versions(name).at(-1) ?? unknown(`${name} has no versions`)
}

function unknown(message: string): never {
  throw new RecsysError('RECSYS_VERSION_UNKNOWN', { message })
}
