import { trainingSet } from '../../dataset/dataset.ts'
import { withFingerprint } from '../../dataset/split.ts'
import { parseSplit } from '../../dataset/split-spec.ts'
import { RecsysError } from '../../errors.ts'
import { programVersion } from '../../host.ts'
import { requireListLength } from '../../metrics/score.ts'
import { algorithms } from '../../models/algorithms.ts'
import { resolveParams } from '../../models/parameters.ts'
import { requireModelName } from '../../registry/model-name.ts'
import { openRegistry } from '../../registry/registry.ts'
import type { Registry } from '../../registry/types.ts'
import { parseMetric } from '../metric-order.ts'
import { prepareData, questionOf } from '../prepare.ts'
import { type TrainReport, train } from '../train.ts'
import { cutValidation } from '../validation-rows.ts'
import { importances } from './importance.ts'
import { type Dimension, searchSpace, spaceText } from './space.ts'
import { bestOf, runTrials, type TrialRecord, trialsOf, usualMetric } from './study.ts'
import { type TrialSetting, validationName } from './trial.ts'
import type { Trial, TuneJob, TuneReport, TuneSetting } from './types.ts'

/**
 * Searches the parameters of an algorithm on a part of the training rows; held-out rows are seen once, by the best setting,
 * trained on the whole training part and registered. Every trial is a run under the study's.
 */
export async function tune(options: TuneJob & TuneSetting): Promise<TuneReport> {
  checkJob(options)
  const start = (registry: Registry, setting: Prepared) => createStudyRun(registry, options, setting)
  return tuneWith(options, start)
}

/**
 * Goes on with an interrupted study, under the same run id: trials that were over stay, those that were cut off are done again.
 * @throws RECSYS_RUN_UNKNOWN; RECSYS_RUN_NO_STUDY; RECSYS_REGISTRY_CONFLICT when it is running or finished
 */
export async function resumeTuning(setting: TuneSetting & { readonly runId: string }): Promise<TuneReport> {
  const { runId, job } = readStudy(setting)
  return tuneWith({ ...setting, ...job }, (registry) => {
    registry.resumeRun(runId, 0)
    return runId
  })
}

function readStudy({ dataDir, runId }: { readonly dataDir: string; readonly runId: string }) {
  const registry = openRegistry(dataDir, { readOnly: true })
  try {
    const run = registry.run(runId)
    const job = run.job?.study as TuneJob | undefined
    if (job !== undefined) return { runId: run.runId, job: { ...job, lakeVersion: run.lakeVersion } }
    throw new RecsysError('RECSYS_RUN_NO_STUDY', { message: `run ${run.runId} is no study`, field: 'resume' })
  } finally {
    registry.close()
  }
}

/** What can be said before anything is read. @throws RECSYS_USAGE */
function checkJob(job: TuneJob): void {
  const algorithm = algorithms[job.algorithm]
  resolveParams(algorithm, job.params)
  searchSpace(algorithm, job.params, job.space)
  parseSplit(job.split)
  parseMetric(job.metric ?? usualMetric(algorithm, job.k))
  requireModelName(job.name)
}

/** A job with its data. */
interface Prepared extends Omit<TrialSetting, 'registry' | 'studyRunId'> {
  readonly space: readonly Dimension[]
}

async function prepare(job: TuneJob & TuneSetting): Promise<Prepared> {
  const algorithm = algorithms[job.algorithm]
  job.onProgress?.('reading the lake')
  const data = await prepareData(job)
  requireListLength({ dataset: data.dataset, k: job.k })
  const { learn, validate } = cutValidation(data.dataset, data.folds[0], job.validation)
  if (!validate.isTest.includes(1) || !learn.isTrain.includes(1)) throw nothingToJudge(job.validation)
  return {
    ...{ algorithm, fixed: job.params, strategy: job.strategy, prune: job.prune, seed: job.seed, k: job.k },
    metric: parseMetric(job.metric ?? usualMetric(algorithm, job.k)),
    split: job.split,
    dataset: data.dataset,
    learn: trainingSet(data.dataset, learn),
    validate: withFingerprint(data.dataset, parseSplit(job.split).kind, validate),
    categories: questionOf(data).categories,
    programVersion: programVersion(),
    signal: job.signal,
    space: searchSpace(algorithm, job.params, job.space),
  }
}

async function tuneWith(
  job: TuneJob & TuneSetting,
  startRun: (registry: Registry, prepared: Prepared) => string,
): Promise<TuneReport> {
  const start = performance.now()
  const prepared = await prepare(job)
  const registry = openRegistry(job.dataDir)
  try {
    const runId = startRun(registry, prepared)
    return await runStudy({ job, prepared, registry, runId, start })
  } finally {
    registry.close()
  }
}

interface RunningStudy {
  readonly job: TuneJob & TuneSetting
  readonly prepared: Prepared
  readonly registry: Registry
  readonly runId: string
  readonly start: number
}

async function runStudy(study: RunningStudy): Promise<TuneReport> {
  const { job, prepared, registry, runId, start } = study
  try {
    const setting = { ...prepared, registry, studyRunId: runId }
    const nTakenOver = trialsOf(setting).length
    const { trials, timedOut } = await runTrials({
      ...{ setting, space: prepared.space, nTrials: job.nTrials, nThreads: job.nThreads },
      deadline: job.timeoutMs === undefined ? Number.POSITIVE_INFINITY : start + job.timeoutMs,
      onTrial: (trial, nTrials) => job.onProgress?.(trialLine(trial, nTrials, prepared.metric.metric)),
    })
    job.signal?.throwIfAborted()
    const best = bestOf(trials)
    const searched = performance.now()
    const model = await refit(study, best)
    finish(study, trials, best, searched)
    return reportOf(study, { trials, best, timedOut, nTakenOver, model })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    registry.endRun(runId, job.signal?.aborted ? 'killed' : 'failed', message)
    throw error
  }
}

function createStudyRun(registry: Registry, job: TuneJob & TuneSetting, { dataset }: Prepared): string {
  const { algorithm, params, seed, split, tags } = job
  return registry.createRun({
    ...{ algorithm, params, seed, split, lakeVersion: dataset.lakeVersion },
    ...{ programVersion: programVersion(), nodeVersion: process.version },
    tags: { ...tags, study: job.strategy },
    job: { study: recordedJob(job) },
  })
}

function recordedJob(job: TuneJob): TuneJob {
  const {
    algorithm,
    params,
    space,
    strategy,
    nTrials,
    prune,
    metric,
    validation,
    k,
    seed,
    split,
    name,
    tags,
  } = job
  return {
    algorithm,
    params,
    space,
    strategy,
    nTrials,
    prune,
    metric,
    validation,
    k,
    seed,
    split,
    name,
    tags,
  }
}

/** On the whole training part, as `recsys train` does it. */
function refit({ job, prepared, runId }: RunningStudy, { trial }: TrialRecord): Promise<TrainReport> {
  job.onProgress?.(`training the best of them, trial ${trial.number}`)
  const { dataDir, nThreads, signal, algorithm, seed, split, name, k, tags } = job
  return train({
    ...{ dataDir, nThreads, signal, algorithm, seed, split, name, k },
    params: { ...job.params, ...trial.params },
    lakeVersion: prepared.dataset.lakeVersion,
    tags: { ...tags, study: runId, trial: String(trial.number) },
  })
}

function finish(
  { registry, runId, prepared, start }: RunningStudy,
  trials: readonly TrialRecord[],
  best: TrialRecord,
  searched: number,
): void {
  const value = best.trial.value as number
  registry.finishRun(runId, {
    splitFingerprint: prepared.validate.fingerprint,
    metrics: { [validationName(prepared.metric.metric)]: value, trials: trials.length },
    durationsMs: { search: Math.round(searched - start), refit: Math.round(performance.now() - searched) },
  })
}

function trialLine({ number, state, value, bestSoFar }: Trial, nTrials: number, metric: string): string {
  const figures = value === null ? '' : `  ${metric} ${value.toFixed(5)}`
  const best = bestSoFar === null ? '' : `  best ${bestSoFar.toFixed(5)}`
  return `trial ${number + 1}/${nTrials} ${state}${figures}${best}`
}

function reportOf(
  { job, prepared, runId }: RunningStudy,
  outcome: {
    readonly trials: readonly TrialRecord[]
    readonly best: TrialRecord
    readonly timedOut: boolean
    readonly nTakenOver: number
    readonly model: TrainReport
  },
): TuneReport {
  const { algorithm, strategy, validation, seed, split } = job
  const trials = outcome.trials.map(({ trial }) => trial)
  const count = (state: Trial['state']) => trials.filter((trial) => trial.state === state).length
  return {
    ...{ runId, algorithm, strategy, validation, seed, split },
    metric: prepared.metric.metric,
    space: prepared.space.map(spaceText),
    lakeVersion: prepared.dataset.lakeVersion,
    trials,
    ...{ nFinished: count('finished'), nPruned: count('pruned'), nFailed: count('failed') },
    ...{ nTakenOver: outcome.nTakenOver, timedOut: outcome.timedOut },
    best: trials.find(({ number }) => number === outcome.best.trial.number) as Trial,
    importances: importances(prepared.space, outcome.trials),
    model: outcome.model,
  }
}

function nothingToJudge(share: number): RecsysError {
  return new RecsysError('RECSYS_SPLIT_EMPTY', {
    message: `a validation part of ${share} of the training rows leaves no rows to judge by or to learn from`,
    field: 'validation',
    remedy: 'Choose another share with --validation.',
  })
}
