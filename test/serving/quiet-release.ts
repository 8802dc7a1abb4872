import { rollback } from '../../src/pipeline/rollback.ts'
import { endTrial, startTrial } from '../../src/pipeline/trials.ts'
import type { ModelChanges, ReleaseOptions } from '../../src/serving/types.ts'
import { modelName } from './registered.ts'

/** Nothing is taken back by itself. */
export const quietRelease: Omit<ReleaseOptions, 'changes'> = {
  keepWarm: 1,
  minCoverage: 0.5,
  stagingTrial: null,
  limits: { maxErrorRate: null, maxP95Ms: null, maxClickLoss: null, probationMs: 0 },
}

export function modelChanges(dataDir: string): ModelChanges {
  const name = modelName
  return {
    rollback: (reason, isSound, figures) => rollback({ dataDir, name, reason, isSound, figures }),
    startTrial: (trial, reason) => startTrial({ dataDir, name, reason, ...trial }),
    endTrial: (reason, figures, version) => endTrial({ dataDir, name, reason, figures, version }),
  }
}
