import { openRegistry } from '../registry/registry.ts'
import type { MetricValues, ModelVersion, Run } from '../registry/types.ts'
import { chooseVersion, type VersionChoice } from './choose-version.ts'
import { scoreOnHoldout } from './holdout.ts'
import type { Baselines } from './types.ts'

export interface EvaluateOptions extends VersionChoice {
  readonly dataDir: string
  readonly k: number
  /** Default: the one the version was trained on. */
  readonly lakeVersion?: number | undefined
  readonly nThreads?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (text: string) => void
}

/** The `--json` document of `recsys evaluate` for a registered version. */
export interface EvaluationReport {
  readonly name: string
  readonly version: number
  readonly runId: string
  readonly algorithm: string
  readonly stage: string
  readonly lakeVersion: number
  readonly split: string
  readonly splitFingerprint: string
  readonly seed: number
  readonly k: number
  readonly nHeldOutRows: number
  readonly nHeldOutUsers: number
  readonly metrics: MetricValues
  readonly baselines: Baselines
}

/** Scores a registered version again on the held-out rows of its own split. */
export async function evaluateVersion(options: EvaluateOptions): Promise<EvaluationReport> {
  const { version, run } = readVersion(options)
  const { dataDir, k } = options
  const lakeVersion = options.lakeVersion ?? run.lakeVersion
  const holdout = await scoreOnHoldout({
    ...{ dataDir, versions: [version], lakeVersion, split: run.split, seed: run.seed, k },
    ...{ nThreads: options.nThreads, signal: options.signal, onProgress: options.onProgress },
  })
  const { scores, baselines, ...rows } = holdout
  const { name, version: number, runId, algorithm, stage } = version
  return {
    ...{ name, version: number, runId, algorithm, stage, seed: run.seed, k },
    ...rows,
    metrics: scores[0],
    baselines,
  }
}

function readVersion(options: EvaluateOptions): { version: ModelVersion; run: Run } {
  const registry = openRegistry(options.dataDir, { readOnly: true })
  try {
    const version = chooseVersion(registry, options)
    return { version, run: registry.run(version.runId) }
  } finally {
    registry.close()
  }
}
