import { availableParallelism } from 'node:os'
import { RecsysError } from '../../errors.ts'
import type { Compute } from '../../kernels/compute.ts'
import { addressableBytes } from '../../kernels/shared-memory.ts'
import { resolveParams } from '../../models/parameters.ts'
import type { Algorithm, Params } from '../../models/types.ts'
import type { Run } from '../../registry/types.ts'
import { startCompute } from '../../workers/pool.ts'
import { planMemory } from '../memory-plan.ts'
import type { MetricChoice } from '../metric-order.ts'
import { type Dimension, paramsAt, placeOf } from './space.ts'
import { type Observation, suggestPlace } from './suggest.ts'
import { curveOf, runTrial, type TrialSetting, validationName } from './trial.ts'
import type { Trial } from './types.ts'

/**
 * Trials are suggested so many at a time, from what the batches before have shown: the same study tries the same settings
 * however many threads there are, and whether or not it was interrupted.
 */
const batchSize = 4

export interface StudyOptions {
  readonly setting: TrialSetting
  readonly space: readonly Dimension[]
  readonly nTrials: number
  readonly nThreads?: number | undefined
  /** Milliseconds of `performance.now()` after which no new trial begins. */
  readonly deadline: number
  readonly onTrial?: (trial: Trial, nTrials: number) => void
}

/** Runs the trials that the registry does not have yet. @returns all trials that are over, and whether the time was */
export async function runTrials(
  options: StudyOptions,
): Promise<{ trials: TrialRecord[]; timedOut: boolean }> {
  const slots = await startSlots(options)
  try {
    let trials = trialsOf(options.setting)
    for (let first = 0; first < options.nTrials; first += batchSize) {
      const last = Math.min(first + batchSize, options.nTrials)
      if (!(await runBatch(options, slots, trials, first, last)))
        return { trials: trialsOf(options.setting), timedOut: true }
      trials = trialsOf(options.setting)
    }
    return { trials, timedOut: false }
  } finally {
    await Promise.all(slots.map((slot) => slot.release()))
  }
}

/** What the registry knows of a trial that is over. */
export interface TrialRecord {
  readonly trial: Trial
  readonly place: readonly number[]
  /** The less, the better. */
  readonly loss: number
}

/** The trials of a study that are over, by number. A run that was killed is none: its trial is done again. */
export function trialsOf({
  registry,
  studyRunId,
  metric,
}: Pick<TrialSetting, 'registry' | 'studyRunId' | 'metric'>): TrialRecord[] {
  const runs = registry
    .runs({ parentRunId: studyRunId })
    .filter(({ status }) => status === 'finished' || status === 'failed')
  const records = runs.map((run) => recordOf(run, metric)).sort((a, b) => a.trial.number - b.trial.number)
  let best: number | null = null
  return records.map((record) => {
    const { value, state } = record.trial
    const counts = state === 'finished' && value !== null && Number.isFinite(value)
    if (counts && (best === null || better(value, best, metric))) best = value
    return { ...record, trial: { ...record.trial, bestSoFar: best } }
  })
}

function better(value: number, other: number, { lowerIsBetter }: MetricChoice): boolean {
  return lowerIsBetter ? value < other : value > other
}

interface TrialJob {
  readonly number: number
  readonly place: readonly number[]
  readonly params: Params
}

function recordOf(run: Run, metric: MetricChoice): TrialRecord {
  const { number, place, params } = run.job as unknown as TrialJob
  const value = run.metrics[validationName(metric.metric)] ?? null
  const state =
    run.status === 'failed' ? 'failed' : run.metrics.prunedAtEpoch === undefined ? 'finished' : 'pruned'
  const durationMs = run.durationsMs.fit ?? 0
  const loss =
    value === null || Number.isNaN(value) ? Number.POSITIVE_INFINITY : metric.lowerIsBetter ? value : -value
  return {
    trial: { number, runId: run.runId, state, params, value, bestSoFar: null, durationMs, error: run.error },
    place,
    loss,
  }
}

/** @returns false when the time is over before all of the batch have begun */
async function runBatch(
  options: StudyOptions,
  slots: readonly Compute[],
  done: readonly TrialRecord[],
  first: number,
  last: number,
): Promise<boolean> {
  const { setting, deadline } = options
  const known = done.filter(({ trial }) => trial.number < first)
  const others = known.map(({ trial }) => curveOf(setting.registry, trial.runId, setting.algorithm.goal))
  const doneNumbers = new Set(done.map(({ trial }) => trial.number))
  const waiting = Array.from({ length: last - first }, (_, at) => first + at).filter(
    (number) => !doneNumbers.has(number),
  )
  const inTime = () => performance.now() < deadline
  const work = async (slot: Compute) => {
    while (waiting.length > 0 && inTime()) {
      const number = waiting.shift() as number
      const place = placeFor(options, known, number)
      await runTrial(setting, { number, place, params: paramsAt(options.space, place), others }, slot)
      tell(options, number)
    }
  }
  const outcomes = await Promise.allSettled(slots.map(work))
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failed) throw failed.reason
  return waiting.length === 0
}

function tell({ setting, nTrials, onTrial }: StudyOptions, number: number): void {
  const record = trialsOf(setting).find(({ trial }) => trial.number === number)
  if (record) onTrial?.(record.trial, nTrials)
}

/** The first trial is the default setting: tuning must not end below it unnoticed. */
function placeFor({ setting, space }: StudyOptions, known: readonly Observation[], number: number): number[] {
  const { strategy, seed, algorithm, fixed, learn } = setting
  if (number > 0) return suggestPlace(strategy, { space, seed, number, known })
  const resolved = resolveParams(algorithm, fixed)
  const defaults = algorithm.settle?.(resolved, learn) ?? resolved
  return space.map((dimension) => placeOf(dimension, defaults[dimension.name]))
}

/** Trials side by side, each on threads of its own; together no more threads than there are. */
async function startSlots({
  setting,
  space,
  nThreads = availableParallelism(),
}: StudyOptions): Promise<Compute[]> {
  const nSlots = slotsThatFit(setting, space, Math.min(batchSize, nThreads))
  const each = Math.max(1, Math.floor(nThreads / nSlots))
  const started = await Promise.allSettled(
    Array.from({ length: nSlots }, () => startCompute({ nThreads: each })),
  )
  const slots = started.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  const failed = started.find((outcome) => outcome.status === 'rejected')
  if (failed === undefined) return slots
  await Promise.all(slots.map((slot) => slot.release()))
  throw failed.reason
}

/** As many as the memory is enough for, with every parameter at the end of its range. */
function slotsThatFit(
  { algorithm, fixed, learn }: TrialSetting,
  space: readonly Dimension[],
  most: number,
): number {
  const largest = paramsAt(
    space,
    space.map(() => 1 - 1e-9),
  )
  const nRows = learn.byUser.columns.length
  const bytes = algorithm.memoryBytes(learn, resolveParams(algorithm, { ...fixed, ...largest }), 1)
  for (let nSlots = most; nSlots > 1; nSlots--) {
    try {
      planMemory(
        { sharedBytes: bytes * nSlots, nThreads: nSlots, mostSharedBytes: nSlots * addressableBytes },
        learn,
        nRows,
      )
      return nSlots
    } catch (error) {
      if (!(error instanceof RecsysError && error.code === 'RECSYS_MEMORY')) throw error
    }
  }
  return 1
}

/** The metric that a study goes by where none is named. */
export function usualMetric({ goal }: Pick<Algorithm, 'goal'>, k: number): string {
  return goal === 'rating' ? 'rmse' : `ndcg@${k}`
}

/** @throws RECSYS_TUNE_FAILED when no trial has finished */
export function bestOf(records: readonly TrialRecord[]): TrialRecord {
  const finished = records.filter(({ trial, loss }) => trial.state === 'finished' && Number.isFinite(loss))
  if (finished.length > 0) return finished.reduce((best, next) => (next.loss < best.loss ? next : best))
  const why = records.find(({ trial }) => trial.error !== null)?.trial.error
  throw new RecsysError('RECSYS_TUNE_FAILED', {
    message: `none of ${records.length} trials finished${why ? `, the first failed with: ${why}` : ''}`,
  })
}
