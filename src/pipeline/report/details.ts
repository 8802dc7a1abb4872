import { countHeldOut } from '../../dataset/held-out-counts.ts'
import { comparePaired } from '../../metrics/paired/compare.ts'
import { pairedSample } from '../../metrics/paired/samples.ts'
import type { Evaluation } from '../../metrics/types.ts'
import type { EpochPoint, Run } from '../../registry/types.ts'
import { type CompareOptions, type ComparisonReport, compareOnHoldout } from '../compare-versions.ts'
import { type EvaluateOptions, type EvaluationReport, evaluateWithHoldout } from '../evaluate.ts'
import { readRegistry } from '../read-registry.ts'
import type { HoldoutScores } from '../types.ts'
import { exampleUsers } from './examples.ts'
import type { EvaluationDetails, NamedComparison, NamedMetrics } from './types.ts'

/** Lengths at which the curves are drawn, as far as the catalogue goes. */
const curveKs = [1, 2, 3, 5, 10, 20, 50, 100]

const seed = 42

/** `evaluateVersion` with all that the page shows. */
export async function evaluateInDetail(
  options: EvaluateOptions & { readonly confidence: number },
): Promise<{ readonly report: EvaluationReport; readonly details: EvaluationDetails }> {
  const evaluated = await evaluateWithHoldout({ ...options, segments: true, furtherKs: curveKs })
  const { report, holdout, run } = evaluated
  const details = detailsOf({ ...options, holdout, run, subject: report, champion: undefined })
  return { report: options.segments ? report : { ...report, segments: [] }, details }
}

/** `compareVersions` with all that the page shows. */
export async function compareInDetail(
  options: CompareOptions,
): Promise<{ readonly report: ComparisonReport; readonly details: EvaluationDetails }> {
  const { report, holdout, run } = await compareOnHoldout({ ...options, furtherKs: curveKs })
  const details = detailsOf({ ...options, holdout, run, subject: report.challenger, champion: report })
  return { report, details }
}

interface Evaluated {
  readonly dataDir: string
  readonly ks: readonly number[]
  readonly confidence: number
  readonly holdout: HoldoutScores
  readonly run: Run
  readonly subject: Pick<EvaluationReport, 'name' | 'version' | 'algorithm' | 'stage' | 'runId'>
  readonly champion: ComparisonReport | undefined
}

function detailsOf(evaluated: Evaluated): EvaluationDetails {
  const { holdout, run, ks, confidence, champion } = evaluated
  const { name, version, algorithm, stage, runId } = evaluated.subject
  const { data, lakeVersion, split, splitNotes, evaluations, segments } = holdout
  return {
    ...{ name, version, algorithm, stage, runId, lakeVersion, split, ks, confidence },
    ...{ params: run.params, seed: run.seed, trainedAt: run.startedAt },
    counts: countHeldOut(data.dataset, data.folds[0]),
    notes: [...splitNotes, ...(champion?.notes ?? [])],
    curveKs: curveKs.filter((k) => `ndcg@${k}` in evaluations[0].metrics),
    models: modelsOf(evaluated),
    comparisons: comparisonsOf(evaluated),
    segments: segments[0] ?? [],
    segmentResults: champion?.segments ?? [],
    learning: learningOf(evaluated),
    examples: exampleUsers(data, evaluations[0]),
  }
}

function modelsOf({ holdout, subject, champion }: Evaluated): NamedMetrics[] {
  const { baselines, scores } = holdout
  return [
    { label: 'global mean', metrics: baselines.globalMean },
    { label: 'user + item bias', metrics: baselines.bias },
    { label: 'popularity', metrics: baselines.popularity },
    ...(champion ? [{ label: labelOf(champion.champion), metrics: scores[1] }] : []),
    { label: labelOf(subject), metrics: scores[0] },
  ]
}

function labelOf({ algorithm, version }: Pick<EvaluationReport, 'algorithm' | 'version'>): string {
  return version === null ? algorithm : `${algorithm} v${version}`
}

/** The champion first, then the rows that every model must be shown against. */
function comparisonsOf(evaluated: Evaluated): NamedComparison[] {
  const { holdout, ks, confidence, champion } = evaluated
  const [own] = holdout.evaluations
  const metrics = ['rmse', 'mae', ...ks.flatMap((k) => [`ndcg@${k}`, `recall@${k}`, `mrr@${k}`])]
  const against = (name: string, other: Evaluation): NamedComparison => ({
    against: name,
    results: comparePaired(
      metrics.map((metric) => pairedSample(metric, other.perUser, own.perUser)),
      { confidence, seed },
    ),
  })
  const { popularity, bias } = holdout.evaluatedBaselines
  return [
    ...(champion ? [{ against: labelOf(champion.champion), results: champion.results }] : []),
    against('popularity', popularity),
    against('user + item bias', bias),
  ]
}

function learningOf({ dataDir, subject }: Evaluated): EpochPoint[] {
  return readRegistry(dataDir, (registry) => registry.epochs(subject.runId))
}
