import { join } from 'node:path'
import { readArtifact } from '../artifacts/artifact.ts'
import { ringDoorbell } from '../registry/doorbell.ts'
import { openRegistry } from '../registry/registry.ts'
import type { AuditEntry, ModelTrial, Registry } from '../registry/types.ts'
import { readRegistry } from './read-registry.ts'

export interface NewTrial extends Omit<ModelTrial, 'startedAt'> {
  readonly dataDir: string
  readonly reason: string
}

/**
 * Has running servers try a version out on live requests, beside the one in production. Its files are verified first.
 * @throws RECSYS_VERSION_UNKNOWN, RECSYS_REGISTRY_CONFLICT for the version in production, RECSYS_ARTIFACT_MISSING,
 *   RECSYS_ARTIFACT_CORRUPT
 */
export async function startTrial({ dataDir, reason, ...trial }: NewTrial): Promise<ModelTrial> {
  const registry = openRegistry(dataDir, { create: false })
  try {
    const { artifactPath, manifestSha256 } = registry.version(trial.name, trial.version)
    await readArtifact(join(dataDir, artifactPath), { manifestSha256 })
    const started = registry.startTrial(trial, reason)
    ring(dataDir, registry, trial.name)
    return started
  } finally {
    registry.close()
  }
}

export interface TrialEnd {
  readonly dataDir: string
  readonly name: string
  readonly reason: string
  readonly figures?: AuditEntry['figures']
  /** That is on trial, by its own right or because it is in staging; undefined: the one that was started. */
  readonly version?: number | undefined
}

/**
 * Ends a trial. A version that was tried out because it is in staging is archived, since it would be tried out again.
 * @returns the version, undefined when there was no trial
 */
export async function endTrial(options: TrialEnd): Promise<{ readonly version: number } | undefined> {
  const { dataDir, name, reason, figures = {}, version } = options
  const registry = openRegistry(dataDir, { create: false })
  try {
    const ended = registry.endTrial(name, reason, figures, version) ?? endStaging(registry, options)
    if (ended) ring(dataDir, registry, name)
    return ended && { version: ended.version }
  } finally {
    registry.close()
  }
}

function endStaging(registry: Registry, { name, reason, version }: TrialEnd) {
  const staged = registry.inStage(name, 'staging')
  if (staged === undefined || staged.version !== version) return undefined
  return registry.archive(name, staged.version, reason)
}

export function presentTrial(dataDir: string, name: string): ModelTrial | null {
  return readRegistry(dataDir, (registry) => registry.trial(name) ?? null)
}

function ring(dataDir: string, registry: Registry, name: string): void {
  const version = registry.inStage(name, 'production')?.version
  if (version !== undefined) ringDoorbell(dataDir, { name, version })
}
