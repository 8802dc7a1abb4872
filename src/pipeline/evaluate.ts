import { RecsysError } from '../errors.ts'
import { openRegistry } from '../registry/registry.ts'
import type { MetricValues, ModelVersion, Registry, Run } from '../registry/types.ts'
import { scoreOnHoldout } from './holdout.ts'
import type { Baselines } from './types.ts'

/** Which registered version: one of the three, or none for the newest. */
export interface VersionChoice {
  readonly name: string
  readonly version?: number | undefined
  /** Or a unique beginning of it. */
  readonly runId?: string | undefined
  readonly stage?: 'staging' | 'production' | undefined
}

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

/** @throws RECSYS_VERSION_UNKNOWN | RECSYS_RUN_UNKNOWN */
function chooseVersion(registry: Registry, { name, version, runId, stage }: VersionChoice): ModelVersion {
  if (version !== undefined) return registry.version(name, version)
  if (runId !== undefined) {
    return registry.versionOfRun(registry.run(runId).runId) ?? unknown(`run ${runId} registered no version`)
  }
  if (stage !== undefined)
    return registry.inStage(name, stage) ?? unknown(`${name} has no version in ${stage}`)
  const newest = registry
    .versions(name)
    .reduce<ModelVersion | undefined>(
      (best, next) => (best && best.version > next.version ? best : next),
      undefined,
    )
  return newest ?? unknown(`${name} has no versions`)
}

function unknown(message: string): never {
  throw new RecsysError('RECSYS_VERSION_UNKNOWN', { message })
}
