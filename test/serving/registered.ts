import { join } from 'node:path'
import { writeArtifact } from '../../src/artifacts/artifact.ts'
import type { ArtifactContent } from '../../src/artifacts/types.ts'
import { RecsysError } from '../../src/errors.ts'
import { ringDoorbell } from '../../src/registry/doorbell.ts'
import { openRegistry } from '../../src/registry/registry.ts'
import type { ModelVersion } from '../../src/registry/types.ts'
import { type FixtureShape, fixtureContent } from './fixture-model.ts'

export const modelName = 'recommender'

/** What the reader of the lake does where there is none. */
export async function noFallback(): Promise<ArtifactContent> {
  throw new RecsysError('RECSYS_LAKE_MISSING', { message: 'there are no tables' })
}

/** Registers a fixture model. Every score of version n is near 1000 n, so that an answer tells where it comes from. */
export async function register(dataDir: string, shape: FixtureShape = {}): Promise<ModelVersion> {
  const registry = openRegistry(dataDir)
  try {
    const runId = registry.createRun({
      algorithm: 'svd',
      params: {},
      seed: 1,
      split: 'hash:0.2',
      lakeVersion: 0,
      programVersion: '0.0.0',
      nodeVersion: process.version,
      tags: {},
    })
    const offset = 1000 * (registry.versions(modelName).length + 1)
    const artifactPath = `artifacts/${runId}`
    const content = fixtureContent({ offset, ...shape })
    const { manifestSha256 } = await writeArtifact(join(dataDir, artifactPath), content)
    const finished = { splitFingerprint: '0'.repeat(64), metrics: {}, durationsMs: {} }
    return registry.finishRun(runId, finished, {
      name: modelName,
      artifactPath,
      manifestSha256,
    }) as ModelVersion
  } finally {
    registry.close()
  }
}

/** Moves a version into production; `quietly` leaves the doorbell alone. */
export function promote(
  dataDir: string,
  { version }: ModelVersion,
  how: 'ringing' | 'quietly' = 'ringing',
): void {
  const registry = openRegistry(dataDir)
  try {
    registry.changeStage({
      name: modelName,
      version,
      stage: 'production',
      action: 'promote',
      expectedPrevious: registry.inStage(modelName, 'production')?.version ?? null,
      reason: 'test',
      figures: {},
    })
  } finally {
    registry.close()
  }
  if (how === 'ringing') ringDoorbell(dataDir, { name: modelName, version })
}

/** Registers and promotes. */
export async function publish(
  dataDir: string,
  how: 'ringing' | 'quietly' = 'ringing',
  shape: FixtureShape = {},
): Promise<ModelVersion> {
  const version = await register(dataDir, shape)
  promote(dataDir, version, how)
  return version
}
