import { join } from 'node:path'
import { readArtifact } from '../artifacts/artifact.ts'
import { RecsysError } from '../errors.ts'
import { ringDoorbell } from '../registry/doorbell.ts'
import { openRegistry } from '../registry/registry.ts'
import type { AuditEntry, ModelVersion } from '../registry/types.ts'
import { readRegistry } from './read-registry.ts'

export interface RollbackOptions {
  readonly dataDir: string
  readonly name: string
  readonly reason: string
  /** The files were verified by whoever asks: they need not be read again. */
  readonly isSound?: boolean
  readonly figures?: AuditEntry['figures']
}

/** The `--json` document of `recsys rollback`. */
export interface RollbackReport {
  readonly name: string
  /** In production now. */
  readonly version: number
  readonly algorithm: string
  readonly replaced: number
  readonly reason: string
}

/**
 * Puts the version back that was in production before the present one; once more goes further back. Its artifact is
 * verified first, so that a rollback never puts something broken into production.
 * @throws RECSYS_NOTHING_TO_ROLL_BACK_TO, RECSYS_ARTIFACT_MISSING, RECSYS_ARTIFACT_CORRUPT
 */
export async function rollback({
  dataDir,
  name,
  reason,
  isSound = false,
  figures = {},
}: RollbackOptions): Promise<RollbackReport> {
  const registry = openRegistry(dataDir, { create: false })
  try {
    const present = registry.inStage(name, 'production')
    const previous = registry.previousProduction(name)
    if (!present || !previous) throw nothingBefore(name, present)
    const { version, algorithm, artifactPath, manifestSha256 } = previous
    if (!isSound) await readArtifact(join(dataDir, artifactPath), { manifestSha256 })
    registry.changeStage({
      ...{ name, version, reason, stage: 'production', action: 'rollback' },
      expectedPrevious: present.version,
      figures,
    })
    ringDoorbell(dataDir, { name, version })
    return { name, version, algorithm, replaced: present.version, reason }
  } finally {
    registry.close()
  }
}

/** The `--json` document of `recsys rollback --of KEY`. */
export interface UndoReport {
  readonly name: string
  /** null: nothing was to be undone. */
  readonly undone: RollbackReport | null
  readonly reason: string
}

/**
 * Takes one promotion back: the one that was made with this key, and only while its version is still in production. Doing it again,
 * or after somebody else has promoted, changes nothing.
 * @throws RECSYS_ARTIFACT_MISSING, RECSYS_ARTIFACT_CORRUPT
 */
export async function undoPromotion(
  options: RollbackOptions & { readonly onceKey: string },
): Promise<UndoReport> {
  const { dataDir, name } = options
  const why = readRegistry(dataDir, (registry) => {
    const entry = registry.decidedOnce(options.onceKey)
    const isPromotion = entry?.stage === 'production' && ['promote', 'force'].includes(entry.action)
    if (!isPromotion || entry.name !== name) return 'nothing was promoted with this key'
    const present = registry.inStage(name, 'production')?.version
    if (present !== entry.version) return `v${entry.version} is not in production any more`
    if (!registry.previousProduction(name))
      return `v${entry.version} is the first version in production and stays: there is nothing to go back to`
    return undefined
  })
  if (why !== undefined) return { name, undone: null, reason: why }
  return { name, undone: await rollback(options), reason: options.reason }
}

function nothingBefore(name: string, present: ModelVersion | undefined): RecsysError {
  return new RecsysError('RECSYS_NOTHING_TO_ROLL_BACK_TO', {
    message: present
      ? `${name} v${present.version} is the first version in production`
      : `${name} has no version in production`,
  })
}
