import { join } from 'node:path'
import { type StoredCheckpoint, writeCheckpoint } from '../artifacts/checkpoint.ts'
import { trainingSet } from '../dataset/dataset.ts'
import type { Dataset, Masks, TrainingSet } from '../dataset/types.ts'
import type { Compute } from '../kernels/compute.ts'
import type {
  Algorithm,
  CheckpointArrays,
  EpochReport,
  FitState,
  Model,
  ModelState,
  Params,
  Tensor,
} from '../models/types.ts'
import { type EarlyStopping, earlyStopping } from './early-stopping.ts'
import { type EpochMonitor, epochMonitor } from './epoch-monitor.ts'
import { type MemoryPlan, planFit } from './memory-plan.ts'
import { cutValidation } from './validation-rows.ts'

/** A fit with all that is watched and kept while it goes on. */
export interface FitJob {
  readonly dataDir: string
  readonly runId: string
  readonly algorithm: Algorithm
  readonly params: Params
  readonly seed: number
  readonly dataset: Dataset
  readonly fold: Masks
  readonly k: number
  /** Epochs without anything better on the validation rows after which the fit ends; 0: never. */
  readonly patience: number
  /** Epochs between checkpoints; 0: none. */
  readonly checkpointEvery: number
  /** What a checkpoint has to know beside the arrays. */
  readonly header: StoredCheckpoint['header']
  readonly resume?: StoredCheckpoint | undefined
  readonly signal?: AbortSignal | undefined
  readonly onPlan?: (plan: MemoryPlan) => void
  readonly onPhase?: ((text: string) => void) | undefined
  readonly onEpoch: (report: EpochReport) => void
}

export interface Fitted {
  readonly model: Model
  /** 0 for an algorithm without epochs; with patience the best one, on the validation rows. */
  readonly bestEpoch: number
}

/** Where the checkpoints of a run lie. */
export function checkpointDirectory(dataDir: string, runId: string): string {
  return join(dataDir, 'checkpoints', runId)
}

/** @throws RECSYS_MEMORY before anything is computed */
export async function fitModel(job: FitJob, compute: Compute): Promise<Fitted> {
  const { algorithm, params, dataset, fold, seed, signal, patience } = job
  const parts = patience > 0 ? cutValidation(dataset, fold) : { learn: fold, validate: undefined }
  const set = trainingSet(dataset, parts.learn)
  job.onPlan?.(planFit(algorithm, params, set, { nRows: fold.isTrain.length, compute }))
  const watch = watchOf(job, compute, set, parts.validate)
  const resume = job.resume && { epoch: job.resume.epoch, arrays: ownArrays(job.resume.arrays) }
  const last = await algorithm.fit(set, params, {
    ...{ compute, seed, signal, resume, onPhase: (text) => job.onPhase?.(text) },
    onEpoch: (report, state) => afterEpoch(job, watch, report, state),
  })
  const best = watch.stopping?.best
  return best ? { model: best.model, bestEpoch: best.epoch } : { model: last, bestEpoch: watch.lastEpoch }
}

interface Watch {
  readonly monitor: EpochMonitor
  readonly stopping: EarlyStopping | undefined
  lastEpoch: number
}

function watchOf(job: FitJob, compute: Compute, set: TrainingSet, validate: Masks | undefined): Watch {
  const { algorithm, patience } = job
  const rows = { dataset: job.dataset, fold: validate ?? job.fold, k: job.k }
  const monitor = epochMonitor(rows, algorithm, compute, validate ? 'validation' : 'heldOut')
  const best = job.resume && bestOf(job.resume, job, set)
  const stopping = patience > 0 ? earlyStopping(patience, monitor.higherIsBetter, best) : undefined
  return { monitor, stopping, lastEpoch: 0 }
}

async function afterEpoch(
  job: FitJob,
  watch: Watch,
  report: EpochReport,
  state: FitState,
): Promise<'stop' | undefined> {
  job.signal?.throwIfAborted()
  const { monitor, stopping } = watch
  const model = await state.model()
  const value = await monitor.measure(model)
  job.onEpoch({ ...report, metrics: { ...report.metrics, [monitor.metric]: value } })
  watch.lastEpoch = report.epoch
  const verdict = stopping?.judge(report.epoch, value, model)
  const { checkpointEvery } = job
  if (checkpointEvery > 0 && report.epoch % checkpointEvery === 0 && report.epoch < report.nEpochs) {
    await keep(job, report.epoch, state.arrays(), stopping?.best)
  }
  return verdict
}

/** The arrays of the training, and beside them the best model where one was chosen. */
async function keep(
  job: FitJob,
  epoch: number,
  arrays: CheckpointArrays,
  best: EarlyStopping['best'],
): Promise<void> {
  const tensors = Object.entries(best?.model.tensors ?? {})
  const shapes = tensors.map(([name, { axis, width }]) => [name, { axis, width }])
  const header = {
    ...job.header,
    ...(best ? { best: { epoch: best.epoch, value: best.value, tensors: Object.fromEntries(shapes) } } : {}),
  }
  const kept = Object.fromEntries(tensors.map(([name, { data }]) => [`${bestPrefix}${name}`, data]))
  await writeCheckpoint(checkpointDirectory(job.dataDir, job.runId), {
    header,
    epoch,
    arrays: { ...arrays, ...kept },
  })
}

const bestPrefix = 'best.'

function ownArrays(arrays: StoredCheckpoint['arrays']): CheckpointArrays {
  return Object.fromEntries(Object.entries(arrays).filter(([name]) => !name.startsWith(bestPrefix)))
}

interface KeptBest {
  readonly epoch: number
  readonly value: number
  readonly tensors: Readonly<Record<string, Pick<Tensor, 'axis' | 'width'>>>
}

function bestOf(
  { header, arrays }: StoredCheckpoint,
  { algorithm, params }: FitJob,
  set: TrainingSet,
): EarlyStopping['best'] {
  const best = header.best as KeptBest | undefined
  if (best === undefined) return undefined
  const tensors = Object.entries(best.tensors).map(([name, shape]) => {
    return [name, { ...shape, data: arrays[`${bestPrefix}${name}`] as Float32Array }] as const
  })
  const { nUsers, nItems, ratingRange } = set
  const state: ModelState = {
    ...{ algorithm: algorithm.name, params, nUsers, nItems, ratingRange },
    tensors: Object.fromEntries(tensors),
  }
  return { epoch: best.epoch, value: best.value, model: algorithm.restore(state) }
}
