import { countHeldOut, type HeldOutCounts } from '../dataset/held-out-counts.ts'
import { RecsysError } from '../errors.ts'
import { comparePaired, type PairedResult } from '../metrics/paired/compare.ts'
import { isPaired, pairedMetricNames, pairedSample, samplePart } from '../metrics/paired/samples.ts'
import type { Evaluation } from '../metrics/types.ts'
import { userSegments } from '../metrics/user-segments.ts'
import type { MetricValues, ModelVersion, Registry, Run } from '../registry/types.ts'
import { chooseVersion, type VersionChoice } from './choose-version.ts'
import { atLengths, baselinesAtLengths } from './evaluate.ts'
import { scoreOnHoldout } from './holdout.ts'
import { noteOnLeak } from './leak-note.ts'
import { requireUnlearnt } from './learnt-rows.ts'
import { readRegistry } from './read-registry.ts'
import type { Baselines, HoldoutScores } from './types.ts'

export interface CompareOptions extends VersionChoice {
  readonly dataDir: string
  /** What the version is compared with: `production`, `staging`, a version such as `v3`, or a run id. */
  readonly against: string
  /** Default: rmse, and ndcg and recall at every k. */
  readonly metrics?: readonly string[] | undefined
  readonly ks: readonly number[]
  readonly confidence: number
  readonly seed: number
  readonly lakeVersion?: number | undefined
  readonly nThreads?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((text: string) => void) | undefined
}

/** A version with its own figures on the rows of the comparison. */
export interface ComparedVersion {
  readonly name: string
  readonly version: number
  readonly runId: string
  readonly algorithm: string
  readonly stage: string
  readonly metrics: MetricValues
}

/** The users of one segment on one metric. */
export interface SegmentResult extends Omit<PairedResult, 'adjustedP' | 'verdict'> {
  readonly segment: string
  readonly nUsers: number
}

/** The `--json` document of `recsys evaluate --compare`. */
export interface ComparisonReport extends HeldOutCounts {
  readonly challenger: ComparedVersion
  readonly champion: ComparedVersion
  readonly lakeVersion: number
  readonly split: string
  readonly splitFingerprint: string
  readonly ks: readonly number[]
  readonly confidence: number
  readonly seed: number
  readonly baselines: Baselines
  readonly results: readonly PairedResult[]
  readonly segments: readonly SegmentResult[]
  /** What a reader of the numbers should know. */
  readonly notes: readonly string[]
}

/**
 * Both versions are scored now, on the held-out rows of the first, and compared user by user.
 * @throws RECSYS_SPLIT_LEAK when the first has learnt from any of them
 */
export async function compareVersions(options: CompareOptions): Promise<ComparisonReport> {
  const { report } = await compareOnHoldout(options)
  return report
}

/** `compareVersions` with what was evaluated on the way. */
export async function compareOnHoldout(
  options: CompareOptions & { readonly furtherKs?: readonly number[] },
): Promise<{ readonly report: ComparisonReport; readonly holdout: HoldoutScores; readonly run: Run }> {
  const metrics = comparedMetrics(options)
  const pair = readRegistry(options.dataDir, (registry) => choosePair(registry, options))
  const { challenger, champion, runs } = pair
  const { dataDir, furtherKs, nThreads, signal, onProgress } = options
  const ks = withLengths(options.ks, metrics)
  const holdout = await scoreOnHoldout({
    ...{
      dataDir,
      versions: [challenger, champion],
      ks,
      furtherKs,
      nThreads,
      signal,
      onProgress,
    },
    ...{ lakeVersion: options.lakeVersion ?? runs[0].lakeVersion, split: runs[0].split, seed: runs[0].seed },
    auc: metrics.includes('auc'),
    segments: furtherKs !== undefined,
  })
  onProgress?.('comparing user by user')
  const [young, old] = holdout.evaluations
  const { lakeVersion, split, splitFingerprint, nLearntRows, nHeldOutRows, data } = holdout
  requireUnlearnt(nLearntRows[0], `${challenger.name} v${challenger.version}`, nHeldOutRows)
  const { confidence, seed } = options
  const report = {
    challenger: comparedVersion(challenger, young, ks),
    champion: comparedVersion(champion, old, ks),
    ...{ lakeVersion, split, splitFingerprint, ks, confidence, seed },
    baselines: baselinesAtLengths(holdout.baselines, ks),
    ...countHeldOut(data.dataset, data.folds[0]),
    ...compareEvaluations(holdout, { old, young }, metrics, options),
    notes: noteOnLeak(nLearntRows[1], runs[1], nHeldOutRows),
  }
  return { report, holdout, run: runs[0] }
}

/** Metric by metric over all users, and within each segment. */
function compareEvaluations(
  { data: { dataset, folds } }: HoldoutScores,
  { old, young }: { readonly old: Evaluation; readonly young: Evaluation },
  metrics: readonly string[],
  options: Pick<CompareOptions, 'confidence' | 'seed'>,
): Pick<ComparisonReport, 'results' | 'segments'> {
  const samples = metrics.map((metric) => pairedSample(metric, old.perUser, young.perUser))
  const segments = userSegments({ dataset, fold: folds[0] }).flatMap(({ name, places }) => {
    const parts = samples.map((sample) => samplePart(sample, places))
    return comparePaired(parts, options).map(({ adjustedP: _, verdict: __, ...result }) => {
      return { segment: name, nUsers: places.length, ...result }
    })
  })
  return { results: comparePaired(samples, options), segments }
}

/** @throws RECSYS_USAGE */
function comparedMetrics({ metrics, ks }: CompareOptions): readonly string[] {
  if (metrics === undefined || metrics.length === 0)
    return ['rmse', ...ks.flatMap((k) => [`ndcg@${k}`, `recall@${k}`])]
  const odd = metrics.find((metric) => !isPaired(metric))
  if (odd === undefined) return [...new Set(metrics)]
  throw new RecsysError('RECSYS_USAGE', {
    message: `--metric is ${JSON.stringify(odd.slice(0, 60))}, expected one with a value for each user: ${pairedMetricNames()}`,
    field: 'metric',
  })
}

/** The lengths asked for and those that the metrics name. */
function withLengths(ks: readonly number[], metrics: readonly string[]): number[] {
  const named = metrics.map((metric) => Number(metric.split('@')[1])).filter((k) => k >= 1)
  return [...new Set([...ks, ...named])].sort((a, b) => a - b)
}

interface Pair {
  readonly challenger: ModelVersion
  readonly champion: ModelVersion
  readonly runs: readonly [challenger: Run, champion: Run]
}

function choosePair(registry: Registry, options: CompareOptions): Pair {
  const challenger = chooseVersion(registry, options)
  const champion = chooseVersion(registry, againstChoice(options.name, options.against))
  if (challenger.runId === champion.runId) {
    throw new RecsysError('RECSYS_USAGE', {
      message: `${challenger.name} v${challenger.version} would be compared with itself`,
      remedy: 'Name two versions: one with --version, --run or --stage, the other with --compare.',
      field: 'compare',
    })
  }
  return { challenger, champion, runs: [registry.run(challenger.runId), registry.run(champion.runId)] }
}

function againstChoice(name: string, text: string): VersionChoice {
  if (text === 'production' || text === 'staging') return { name, stage: text }
  const number = /^v?([1-9]\d{0,8})$/.exec(text)?.[1]
  if (number !== undefined) return { name, version: Number(number) }
  if (/^[0-9a-z]{1,12}$/.test(text)) return { name, runId: text }
  throw new RecsysError('RECSYS_USAGE', {
    message: `--compare is ${JSON.stringify(text.slice(0, 60))}, expected production, staging, a version such as v3, or a run id`,
    field: 'compare',
  })
}

function comparedVersion(
  version: ModelVersion,
  { metrics }: Evaluation,
  ks: readonly number[],
): ComparedVersion {
  const { name, version: number, runId, algorithm, stage } = version
  return { name, version: number, runId, algorithm, stage, metrics: atLengths(metrics, ks) }
}
