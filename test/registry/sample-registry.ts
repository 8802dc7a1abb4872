import { onTestFinished } from 'vitest'
import { openRegistry } from '../../src/registry/registry.ts'
import type { ModelVersion, NewRun, Registry, StageChange } from '../../src/registry/types.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'

/** An open registry in a directory of its own, closed when the test is over. */
export function temporaryRegistry(): { dataDir: string; registry: Registry } {
  const dataDir = temporaryDirectory()
  return { dataDir, registry: opened(dataDir) }
}

/** Another connection to the same registry, closed when the test is over. */
export function opened(dataDir: string, options: { readOnly?: boolean } = {}): Registry {
  const registry = openRegistry(dataDir, options)
  onTestFinished(() => registry.close())
  return registry
}

export function sampleRun(changes: Partial<NewRun> = {}): NewRun {
  return {
    algorithm: 'svd',
    params: { factors: 8, reg: 0.1 },
    seed: 42,
    split: 'hash:0.2',
    lakeVersion: 3,
    programVersion: '0.1.0',
    nodeVersion: 'v26.0.0',
    tags: { ticket: 'REC-1' },
    ...changes,
  }
}

export const sampleManifest = 'a'.repeat(64)

const sampleHeldOut = {
  ...{ nTrainRows: 800, nFoldInRows: 0, nHeldOutRows: 200, nLeftOutRows: 0 },
  ...{ nHeldOutUsers: 90, nColdUsers: 3, nColdItems: 7, nColdRows: 11 },
}

/** A finished run and the version that it registered, as `train` leaves them. */
export function registerVersion(
  registry: Registry,
  options: { name?: string; rmse?: number; run?: Partial<NewRun>; fingerprint?: string } = {},
): ModelVersion {
  const { name = 'films', rmse = 0.9, run = {}, fingerprint = 'f'.repeat(64) } = options
  const runId = registry.createRun(sampleRun(run))
  registry.logEpoch(runId, 1, { loss: 2, trainRmse: 1 })
  registry.logEpoch(runId, 2, { loss: 1, trainRmse: 0.8 })
  const version = registry.finishRun(
    runId,
    {
      splitFingerprint: fingerprint,
      heldOut: sampleHeldOut,
      metrics: { rmse, 'ndcg@10': 0.1 },
      durationsMs: { read: 12, fit: 1500 },
    },
    { name, artifactPath: `artifacts/${runId}`, manifestSha256: sampleManifest },
  )
  return version!
}

export function stageChange(changes: Partial<StageChange> & Pick<StageChange, 'version'>): StageChange {
  return {
    name: 'films',
    stage: 'production',
    action: 'promote',
    expectedPrevious: null,
    reason: 'better',
    figures: { metric: 'rmse', challenger: 0.9 },
    ...changes,
  }
}
