import type { Dataset, Fold, TrainingSet } from '../../dataset/types.ts'
import { RecsysError } from '../../errors.ts'
import type { Compute } from '../../kernels/compute.ts'
import { score } from '../../metrics/score.ts'
import type { RankingQuestion } from '../../metrics/types.ts'
import { resolveParams } from '../../models/parameters.ts'
import type { Algorithm, Params } from '../../models/types.ts'
import type { Registry } from '../../registry/types.ts'
import { epochMonitor } from '../epoch-monitor.ts'
import { planFit } from '../memory-plan.ts'
import type { MetricChoice } from '../metric-order.ts'
import { isHopeless, type LossCurve } from './pruning.ts'
import type { Strategy } from './suggest.ts'

/** What every trial of a study shares. */
export interface TrialSetting {
  readonly registry: Registry
  readonly studyRunId: string
  readonly algorithm: Algorithm
  readonly fixed: Params
  readonly strategy: Strategy
  readonly prune: boolean
  readonly metric: MetricChoice
  readonly seed: number
  readonly k: number
  readonly split: string
  readonly dataset: Dataset
  /** Of the rows that are learnt from, without those of `validate`. */
  readonly learn: TrainingSet
  readonly validate: Fold
  readonly categories: RankingQuestion['categories']
  readonly programVersion: string
  readonly signal?: AbortSignal | undefined
}

export interface TrialQuestion {
  readonly number: number
  readonly place: readonly number[]
  readonly params: Params
  /** Curves of the trials that a hopeless one is told by. */
  readonly others: readonly LossCurve[]
}

/** How a trial's value is named in the registry: never like a figure of held-out rows. */
export function validationName(metric: string): string {
  return `validation${metric[0].toUpperCase()}${metric.slice(1)}`
}

/**
 * Fits one setting, judges it on the validation rows and writes it down as a run under the study. A setting that cannot be
 * trained is a failed run, and the study goes on; anything else that goes wrong ends it.
 */
export async function runTrial(
  setting: TrialSetting,
  question: TrialQuestion,
  compute: Compute,
): Promise<void> {
  const { registry, validate } = setting
  const runId = createTrialRun(setting, question)
  const start = performance.now()
  try {
    const { metrics, prunedAt } = await compute.scoped(() => fitAndScore(setting, question, compute, runId))
    const named = { [validationName(setting.metric.metric)]: metrics[setting.metric.metric] }
    registry.finishRun(runId, {
      splitFingerprint: validate.fingerprint,
      metrics: prunedAt === undefined ? named : { ...named, prunedAtEpoch: prunedAt },
      durationsMs: { fit: Math.round(performance.now() - start) },
    })
  } catch (error) {
    const failed = error instanceof RecsysError && failures.has(error.code)
    registry.endRun(runId, setting.signal?.aborted ? 'killed' : 'failed', messageOf(error))
    if (!failed) throw error
  }
}

/** What one setting may be to blame for. */
const failures = new Set(['RECSYS_FIT_DIVERGED', 'RECSYS_USAGE', 'RECSYS_MEMORY'])

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function createTrialRun(setting: TrialSetting, { number, place, params }: TrialQuestion): string {
  const { registry, algorithm, seed, split, dataset, studyRunId, programVersion } = setting
  return registry.createRun({
    ...{ algorithm: algorithm.name, params: { ...setting.fixed, ...params }, seed, split, programVersion },
    ...{ lakeVersion: dataset.lakeVersion, nodeVersion: process.version, parentRunId: studyRunId },
    tags: { trial: String(number) },
    job: { number, place, params },
  })
}

async function fitAndScore(setting: TrialSetting, question: TrialQuestion, compute: Compute, runId: string) {
  const { algorithm, fixed, learn, dataset, validate, k, seed, signal, metric, categories } = setting
  const params = resolveParams(algorithm, { ...fixed, ...question.params })
  planFit(algorithm, params, learn, { nRows: validate.isTrain.length, compute })
  const watch = watchEpochs(setting, question, compute, runId)
  const model = await algorithm.fit(learn, params, { compute, seed, signal, onEpoch: watch.onEpoch })
  const ks = [metric.metric.includes('@') ? metric.k : k]
  const asked = { dataset, fold: validate, ks, auc: metric.metric === 'auc', categories, signal }
  return { metrics: await score(compute, asked, model), prunedAt: watch.prunedAt() }
}

type OnEpoch = NonNullable<Parameters<Algorithm['fit']>[2]['onEpoch']>

/** Logs every epoch of a trial, and stops it when it is without hope. */
function watchEpochs(
  { registry, algorithm, dataset, validate, k, signal, prune, strategy }: TrialSetting,
  { others }: TrialQuestion,
  compute: Compute,
  runId: string,
): { readonly onEpoch: OnEpoch; prunedAt(): number | undefined } {
  const monitor = epochMonitor({ dataset, fold: validate, k }, algorithm, compute, 'validation')
  const curve = new Map<number, number>()
  let prunedAt: number | undefined
  const onEpoch: OnEpoch = async ({ epoch, nEpochs }, state) => {
    signal?.throwIfAborted()
    const value = await monitor.measure(await state.model())
    registry.logEpoch(runId, epoch, { [monitor.metric]: value })
    curve.set(epoch, monitor.higherIsBetter ? -value : value)
    if (!prune || !isHopeless(strategy, curve, epoch, nEpochs, others)) return
    prunedAt = epoch
    return 'stop'
  }
  return { onEpoch, prunedAt: () => prunedAt }
}

/** The curve of a trial that is over, as the registry has it. */
export function curveOf(registry: Registry, runId: string, goal: Algorithm['goal']): LossCurve {
  const sign = goal === 'ranking' ? -1 : 1
  return new Map(registry.epochs(runId).map(({ epoch, value }) => [epoch, sign * value]))
}
