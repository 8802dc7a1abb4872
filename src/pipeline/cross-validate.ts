import { trainingSet } from '../dataset/dataset.ts'
import { countHeldOut, type HeldOutCounts } from '../dataset/held-out-counts.ts'
import { requireListLength, score } from '../metrics/score.ts'
import { algorithms } from '../models/algorithms.ts'
import { resolveParams } from '../models/parameters.ts'
import type { AlgorithmName, Params } from '../models/types.ts'
import type { MetricValues } from '../registry/types.ts'
import { startCompute } from '../workers/pool.ts'
import { planFit } from './memory-plan.ts'
import { prepareData, questionOf, sampledProtocol } from './prepare.ts'
import { scoreBaselines } from './score-fold.ts'
import type { Baselines } from './types.ts'

export interface CrossValidationOptions {
  readonly dataDir: string
  readonly algorithm: AlgorithmName
  readonly params: Params
  readonly seed: number
  readonly split: string
  readonly lakeVersion?: number | undefined
  /** Lengths of the lists. */
  readonly ks: readonly number[]
  /** Also the NCF protocol with so many sampled items. */
  readonly sampled?: number | undefined
  readonly nThreads?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (text: string) => void
}

/** The `--json` document of `recsys evaluate --algo`. */
export interface CrossValidationReport {
  readonly algorithm: AlgorithmName
  readonly params: Params
  readonly seed: number
  readonly split: string
  readonly lakeVersion: number
  readonly ks: readonly number[]
  /** Items sampled a user for the metrics called sampled…; null without any. */
  readonly sampled: number | null
  /** Parts of every fold, and what a reader of the numbers should know of the cut. */
  readonly heldOut: readonly HeldOutCounts[]
  readonly splitNotes: readonly string[]
  /** Of the model, one entry a fold. */
  readonly folds: readonly MetricValues[]
  /** Means over the folds. */
  readonly metrics: MetricValues
  readonly baselines: Baselines
  /** Standard deviations over the folds, of n − 1; 0 for one fold. */
  readonly deviations: MetricValues
  readonly durationMs: number
}

/** Fits and scores an algorithm on every fold of a split; registers nothing. */
export async function crossValidate(options: CrossValidationOptions): Promise<CrossValidationReport> {
  const start = performance.now()
  const params = resolveParams(algorithms[options.algorithm], options.params)
  options.onProgress?.('reading the lake')
  const data = await prepareData(options)
  const { dataset, folds } = data
  for (const k of options.ks) requireListLength({ dataset, k })
  const compute = await startCompute(options.nThreads === undefined ? {} : { nThreads: options.nThreads })
  const outcomes: FoldOutcome[] = []
  try {
    for (const fold of folds) {
      options.onProgress?.(`fold ${outcomes.length + 1} of ${folds.length}`)
      const { ks, signal, seed } = options
      const set = trainingSet(dataset, fold)
      const algorithm = algorithms[options.algorithm]
      planFit(algorithm, params, set, { nRows: fold.isTrain.length, compute })
      const model = await compute.scoped(() => algorithm.fit(set, params, { compute, seed, signal }))
      const sampled = sampledProtocol(options.sampled, seed)
      const question = { ...questionOf(data, fold), ks, auc: true, sampled, signal }
      outcomes.push({
        metrics: await score(compute, question, model),
        baselines: await scoreBaselines(compute, question),
      })
    }
  } finally {
    await compute.release()
  }
  const { algorithm, seed, split, ks } = options
  const { lakeVersion } = dataset
  return {
    algorithm,
    params,
    seed,
    split,
    lakeVersion,
    ks,
    sampled: options.sampled ?? null,
    heldOut: folds.map((fold) => countHeldOut(dataset, fold)),
    splitNotes: [...new Set(folds.flatMap((fold) => fold.notes ?? []))],
    ...summary(outcomes),
    durationMs: Math.round(performance.now() - start),
  }
}

interface FoldOutcome {
  readonly metrics: MetricValues
  readonly baselines: Baselines
}

function summary(outcomes: readonly FoldOutcome[]) {
  const folds = outcomes.map(({ metrics }) => metrics)
  const baseline = (row: keyof Baselines) =>
    overFolds(
      outcomes.map(({ baselines }) => baselines[row]),
      mean,
    )
  return {
    folds,
    metrics: overFolds(folds, mean),
    deviations: overFolds(folds, deviation),
    baselines: {
      globalMean: baseline('globalMean'),
      bias: baseline('bias'),
      popularity: baseline('popularity'),
    },
  }
}

function overFolds(folds: readonly MetricValues[], summarise: (values: number[]) => number): MetricValues {
  const names = Object.keys(folds[0])
  return Object.fromEntries(names.map((name) => [name, summarise(folds.map((fold) => fold[name]))]))
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function deviation(values: readonly number[]): number {
  if (values.length < 2) return 0
  const middle = mean(values)
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1))
}
