import type { HeldOutCounts } from '../dataset/held-out-counts.ts'
import type { SegmentMetrics } from '../metrics/segments.ts'
import { openRegistry } from '../registry/registry.ts'
import type { MetricValues, ModelVersion, Registry, Run } from '../registry/types.ts'
import { chooseVersion, type VersionChoice } from './choose-version.ts'
import { scoreOnHoldout } from './holdout.ts'
import { requireUnlearnt } from './learnt-rows.ts'
import type { Baselines, HoldoutScores } from './types.ts'

export interface EvaluateOptions extends VersionChoice {
  readonly dataDir: string
  /** Lengths of the lists. */
  readonly ks: readonly number[]
  readonly segments?: boolean | undefined
  /** Also the NCF protocol with so many sampled items. */
  readonly sampled?: number | undefined
  /** Default: the one the version was trained on. */
  readonly lakeVersion?: number | undefined
  readonly nThreads?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (text: string) => void
}

/** The `--json` document of `recsys evaluate` for a registered version. */
export interface EvaluationReport extends HeldOutCounts {
  readonly name: string
  /** null for a run that is not registered. */
  readonly version: number | null
  readonly runId: string
  readonly algorithm: string
  readonly stage: string
  readonly lakeVersion: number
  readonly split: string
  readonly splitFingerprint: string
  readonly seed: number
  readonly ks: readonly number[]
  readonly splitNotes: readonly string[]
  /** Items sampled a user for the metrics called sampled…; null without any. */
  readonly sampled: number | null
  readonly metrics: MetricValues
  readonly baselines: Baselines
  /** Empty unless asked for. */
  readonly segments: readonly SegmentMetrics[]
}

/**
 * Scores a registered version again on the held-out rows of its own split.
 * @throws RECSYS_SPLIT_LEAK when it has learnt from any of them
 */
export async function evaluateVersion(options: EvaluateOptions): Promise<EvaluationReport> {
  return (await evaluateWithHoldout(options)).report
}

/** `evaluateVersion` with what was evaluated on the way, also at further lengths that the report leaves out. */
export async function evaluateWithHoldout(
  options: EvaluateOptions & { readonly furtherKs?: readonly number[] },
): Promise<{ readonly report: EvaluationReport; readonly holdout: HoldoutScores; readonly run: Run }> {
  const { version, run } = readVersion(options)
  const { dataDir, ks, furtherKs } = options
  const lakeVersion = options.lakeVersion ?? run.lakeVersion
  const holdout = await scoreOnHoldout({
    ...{ dataDir, versions: [version], lakeVersion, split: run.split, seed: run.seed, ks, furtherKs },
    ...{ auc: true, segments: options.segments, sampled: options.sampled },
    ...{ nThreads: options.nThreads, signal: options.signal, onProgress: options.onProgress },
  })
  const { scores, baselines, segments, nLearntRows, ...rest } = holdout
  const { evaluations: _, evaluatedBaselines: __, data: ___, ...rows } = rest
  const { name, runId, algorithm, stage } = version
  const number = version.version === unregistered ? null : version.version
  requireUnlearnt(nLearntRows[0], subjectText({ name, version: number, runId }), holdout.nHeldOutRows)
  const report = {
    ...{ name, version: number, runId, algorithm, stage, seed: run.seed, ks },
    ...rows,
    sampled: options.sampled ?? null,
    metrics: atLengths(scores[0], ks),
    baselines: baselinesAtLengths(baselines, ks),
    segments: (segments[0] ?? []).map((segment) => ({ ...segment, metrics: atLengths(segment.metrics, ks) })),
  }
  return { report, holdout, run }
}

/** Without the metrics of lists of other lengths. */
export function atLengths(metrics: MetricValues, ks: readonly number[]): MetricValues {
  const asked = (name: string) => !name.includes('@') || ks.includes(Number(name.split('@')[1]))
  return Object.fromEntries(Object.entries(metrics).filter(([name]) => asked(name)))
}

export function baselinesAtLengths(
  { globalMean, bias, popularity }: Baselines,
  ks: readonly number[],
): Baselines {
  return {
    globalMean: atLengths(globalMean, ks),
    bias: atLengths(bias, ks),
    popularity: atLengths(popularity, ks),
  }
}

/** Stands where a version number would. */
const unregistered = 0

/** `films v3`, or the run of a model that is not registered. */
export function subjectText({
  name,
  version,
  runId,
}: Pick<EvaluationReport, 'name' | 'version' | 'runId'>): string {
  return version === null ? `run ${runId}` : `${name} v${version}`
}

/** The model of a finished run that has no version, as if it were one. */
function unregisteredRun(registry: Registry, { name, runId }: EvaluateOptions): ModelVersion | undefined {
  if (runId === undefined) return undefined
  const run = registry.run(runId)
  if (run.artifact === null || registry.versionOfRun(run.runId)) return undefined
  const { algorithm, metrics, finishedAt } = run
  return {
    ...{ name, version: unregistered, runId: run.runId, algorithm, stage: 'none', metrics, ...run.artifact },
    createdAt: finishedAt ?? run.startedAt,
  }
}

function readVersion(options: EvaluateOptions): { version: ModelVersion; run: Run } {
  const registry = openRegistry(options.dataDir, { readOnly: true })
  try {
    const version = unregisteredRun(registry, options) ?? chooseVersion(registry, options)
    return { version, run: registry.run(version.runId) }
  } finally {
    registry.close()
  }
}
