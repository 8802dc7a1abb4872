import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writeArtifact } from '../artifacts/artifact.ts'
import { readCheckpoint, removeCheckpoints, type StoredCheckpoint } from '../artifacts/checkpoint.ts'
import { countHeldOut, type HeldOutCounts } from '../dataset/held-out-counts.ts'
import { parseSplit } from '../dataset/split-spec.ts'
import { RecsysError } from '../errors.ts'
import { programVersion } from '../host.ts'
import { requireListLength, score } from '../metrics/score.ts'
import { algorithms } from '../models/algorithms.ts'
import { resolveParams } from '../models/parameters.ts'
import type { Algorithm, AlgorithmName, EpochReport, Model, Params } from '../models/types.ts'
import { requireModelName } from '../registry/model-name.ts'
import { openRegistry } from '../registry/registry.ts'
import type { MetricValues, ModelVersion, Registry } from '../registry/types.ts'
import { startCompute } from '../workers/pool.ts'
import { type Clock, startClock } from './clock.ts'
import { checkpointDirectory, fitModel } from './fit-job.ts'
import { type MemoryPlan, memoryText } from './memory-plan.ts'
import { artifactOf } from './model-artifact.ts'
import { type PreparedData, prepareData, questionOf } from './prepare.ts'
import { scoreBaselines } from './score-fold.ts'
import type { Baselines } from './types.ts'

/** What is trained: all that a resumed training takes over from the one that was interrupted. */
export interface TrainJob {
  readonly algorithm: AlgorithmName
  /** Of the algorithm; what is missing has its default. */
  readonly params: Params
  readonly seed: number
  readonly split: string
  /** Name of the registered model. */
  readonly name: string
  readonly lakeVersion?: number | undefined
  /** Length of the lists that ranking metrics judge. */
  readonly k: number
  readonly tags: Readonly<Record<string, string>>
  /** Epochs without anything better on the validation rows after which the fit ends; 0 or left out: never. */
  readonly patience?: number
  /** Epochs between checkpoints; 0 or left out: none. */
  readonly checkpointEvery?: number
  /** False: the model is written and scored, and `registerRuns` makes a version of it later. Default: true */
  readonly register?: boolean
  /** What was done with this key before is not done again: a finished run is reported, an interrupted one goes on. */
  readonly onceKey?: string | undefined
}

/** How and where it is done. */
export interface TrainSetting {
  readonly dataDir: string
  readonly nThreads?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (text: string) => void
  readonly onEpoch?: (report: EpochReport) => void
}

export type TrainOptions = TrainJob & TrainSetting

/** The `--json` document of `recsys train`. */
export interface TrainReport extends HeldOutCounts {
  readonly name: string
  /** null when it was not registered. */
  readonly version: number | null
  readonly runId: string
  readonly algorithm: AlgorithmName
  readonly params: Params
  readonly seed: number
  readonly split: string
  readonly splitFingerprint: string
  /** What a reader of the numbers should know of the cut. */
  readonly splitNotes: readonly string[]
  readonly lakeVersion: number
  readonly nUsers: number
  readonly nItems: number
  readonly k: number
  /** Of the model that is registered; 0 for an algorithm without epochs. */
  readonly bestEpoch: number
  readonly metrics: MetricValues
  readonly baselines: Baselines
  readonly memory: MemoryPlan
  readonly durationsMs: MetricValues
  readonly artifactPath: string
  readonly artifactBytes: number
}

/**
 * Reads one version of the lake, fits on the training rows, scores the held-out rows, writes the artifact and registers
 * the next version. Whatever ends it earlier leaves a run marked as killed or failed, and nothing registered.
 */
export async function train(options: TrainOptions): Promise<TrainReport> {
  const params = resolveParams(algorithms[options.algorithm], options.params)
  parseSplit(options.split)
  requireModelName(options.name)
  const { onceKey } = options
  if (onceKey === undefined) return trainWith({ ...options, params }, createRun)
  const begun = begunOnce(options.dataDir, onceKey)
  if (begun.report) return begun.report
  try {
    const interrupted = begun.interruptedRunId
    if (interrupted !== undefined) return await resumeTraining({ ...options, runId: interrupted })
    return await trainWith({ ...options, params }, createRun)
  } catch (error) {
    if (!(error instanceof RecsysError)) throw error
    // Somebody else was faster with the same key.
    const { report } = error.code === 'RECSYS_REGISTRY_CONFLICT' ? begunOnce(options.dataDir, onceKey) : {}
    if (report) return report
    // What was kept is of no use: it is trained from the beginning.
    if (error.code === 'RECSYS_CHECKPOINT_CORRUPT') return trainWith({ ...options, params }, createRun)
    throw error
  }
}

/** What was done with a key before: the report of a finished run, or a run that was interrupted after a checkpoint. */
function begunOnce(
  dataDir: string,
  onceKey: string,
): { readonly report?: TrainReport; readonly interruptedRunId?: string } {
  const registry = openRegistry(dataDir)
  try {
    const finished = registry.finishedOnce(onceKey)
    if (finished?.report) {
      const version = registry.versionOfRun(finished.run.runId)?.version ?? null
      return { report: { ...finished.report, version } as unknown as TrainReport }
    }
    const interrupted = registry
      .runs({ onceKey })
      .find(
        ({ runId, status }) =>
          (status === 'killed' || status === 'failed') && existsSync(checkpointDirectory(dataDir, runId)),
      )
    return interrupted ? { interruptedRunId: interrupted.runId } : {}
  } finally {
    registry.close()
  }
}

/**
 * Goes on from the newest checkpoint of an interrupted run, under the same run id, and ends in the same bytes as if
 * nothing had happened.
 * @throws RECSYS_RUN_UNKNOWN, RECSYS_CHECKPOINT_MISSING, RECSYS_CHECKPOINT_CORRUPT, RECSYS_REGISTRY_CONFLICT
 */
export async function resumeTraining(
  setting: TrainSetting & { readonly runId: string },
): Promise<TrainReport> {
  const runId = fullRunId(setting)
  const checkpoint = await readCheckpoint(checkpointDirectory(setting.dataDir, runId))
  const { job } = checkpoint.header as unknown as CheckpointHeader
  setting.onProgress?.(`going on after epoch ${checkpoint.epoch} of run ${runId}`)
  const resume = ({ registry }: Job) => {
    registry.resumeRun(runId, checkpoint.epoch)
    return runId
  }
  return trainWith({ ...setting, ...job }, resume, checkpoint)
}

function fullRunId({ dataDir, runId }: { readonly dataDir: string; readonly runId: string }): string {
  const registry = openRegistry(dataDir, { readOnly: true })
  try {
    return registry.run(runId).runId
  } finally {
    registry.close()
  }
}

interface CheckpointHeader {
  readonly job: TrainJob
}

async function trainWith(
  options: TrainOptions,
  startRun: (job: Job) => string,
  checkpoint?: StoredCheckpoint,
): Promise<TrainReport> {
  const clock = startClock()
  options.onProgress?.('reading the lake')
  const data = await prepareData(options)
  requireListLength({ dataset: data.dataset, k: options.k })
  clock.lap('read')
  const registry = openRegistry(options.dataDir)
  try {
    const job = { ...options, algorithm: algorithms[options.algorithm], data, clock, registry, checkpoint }
    return await fitAndRegister({ ...job, runId: startRun(job) })
  } finally {
    registry.close()
  }
}

/** What one training works with, from the options on. */
interface Job extends Omit<TrainOptions, 'algorithm'> {
  readonly algorithm: Algorithm
  readonly data: PreparedData
  readonly clock: Clock
  readonly registry: Registry
  readonly checkpoint?: StoredCheckpoint | undefined
}

interface RunningJob extends Job {
  readonly runId: string
}

interface Outcome {
  readonly model: Model
  readonly bestEpoch: number
  readonly memory: MemoryPlan
  readonly metrics: MetricValues
  readonly baselines: Baselines
}

interface Written {
  /** Relative to the data directory. */
  readonly artifactPath: string
  readonly manifestSha256: string
  readonly sizeBytes: number
}

function createRun(job: Job): string {
  const { registry, algorithm, params, seed, split, data, tags } = job
  return registry.createRun({
    ...{ algorithm: algorithm.name, params, seed, split, tags },
    lakeVersion: data.dataset.lakeVersion,
    programVersion: programVersion(),
    nodeVersion: process.version,
    job: { ...recordedJob(job) },
    onceKey: job.onceKey ?? null,
  })
}

async function fitAndRegister(job: RunningJob): Promise<TrainReport> {
  try {
    const outcome = await fitAndScore(job)
    const written = await write(job, outcome.model)
    const report = reportOf(job, outcome, written)
    const version = await finish(job, report, written)
    await removeCheckpoints(checkpointDirectory(job.dataDir, job.runId))
    return { ...report, version: version?.version ?? null }
  } catch (error) {
    const status = job.signal?.aborted ? 'killed' : 'failed'
    job.registry.endRun(job.runId, status, error instanceof Error ? error.message : String(error))
    throw error
  }
}

async function fitAndScore(job: RunningJob): Promise<Outcome> {
  const { data, k, signal, clock, nThreads, onProgress } = job
  const compute = await startCompute(nThreads === undefined ? {} : { nThreads })
  try {
    let memory: MemoryPlan = { sharedBytes: 0, dataBytes: 0, outsideBytes: 0 }
    const onPlan = (plan: MemoryPlan) => {
      clock.lap('index')
      memory = plan
      onProgress?.(memoryText(plan))
    }
    const fitted = await compute.scoped(() => fitModel({ ...fitJobOf(job), onPlan }, compute))
    clock.lap('fit')
    onProgress?.('scoring the held-out rows')
    const question = { ...questionOf(data), ks: [k], signal }
    const metrics = await score(compute, question, fitted.model)
    const baselines = await scoreBaselines(compute, question)
    clock.lap('evaluate')
    return { ...fitted, memory, metrics, baselines }
  } finally {
    await compute.release()
  }
}

function fitJobOf(job: RunningJob) {
  const { dataDir, runId, algorithm, params, seed, data, k, signal, registry } = job
  const { patience = 0, checkpointEvery = 0 } = job
  job.onProgress?.(`fitting ${algorithm.name}`)
  return {
    ...{ dataDir, runId, algorithm, params, seed, k, signal, patience, checkpointEvery },
    dataset: data.dataset,
    fold: data.folds[0],
    header: { job: recordedJob(job) },
    resume: job.checkpoint,
    onPhase: job.onProgress,
    onEpoch: (report: EpochReport) => {
      registry.logEpoch(runId, report.epoch, report.metrics)
      job.onEpoch?.(report)
    },
  }
}

/** What a resumed or repeated training is told; the lake may have grown meanwhile, so the version that was read is named. */
function recordedJob(job: Job): TrainJob {
  const { algorithm, params, seed, split, name, k, tags, patience = 0, checkpointEvery = 0 } = job
  const { register = true, onceKey } = job
  const { lakeVersion } = job.data.dataset
  return {
    algorithm: algorithm.name,
    params,
    seed,
    split,
    name,
    lakeVersion,
    k,
    tags,
    patience,
    checkpointEvery,
    ...(register ? {} : { register }),
    ...(onceKey === undefined ? {} : { onceKey }),
  }
}

async function write(
  { dataDir, runId, data, seed, split, clock, onProgress }: RunningJob,
  model: Model,
): Promise<Written> {
  onProgress?.('writing the artifact')
  const artifactPath = `artifacts/${runId}`
  const content = artifactOf(model, { ...data, fold: data.folds[0], seed, split })
  const written = await writeArtifact(join(dataDir, artifactPath), content)
  clock.lap('write')
  return { artifactPath, ...written }
}

/** An artifact of a run that does not finish is of no use to anybody: it goes with it. */
async function finish(
  job: RunningJob,
  report: TrainReport,
  { artifactPath, manifestSha256 }: Written,
): Promise<ModelVersion | undefined> {
  const { name, registry, runId, data, clock, signal, register = true } = job
  const [fold] = data.folds
  const heldOut = { ...countHeldOut(data.dataset, fold) }
  const { metrics } = report
  const artifact = { artifactPath, manifestSha256 }
  const finished = {
    ...{ splitFingerprint: fold.fingerprint, heldOut, metrics, durationsMs: clock.laps },
    ...{ artifact, report: { ...report } },
  }
  try {
    signal?.throwIfAborted()
    // The commit point: one transaction finishes the run and registers the version.
    return registry.finishRun(runId, finished, register ? { name, ...artifact } : undefined)
  } catch (error) {
    await rm(join(job.dataDir, artifactPath), { recursive: true, force: true })
    throw error
  }
}

function reportOf(job: RunningJob, outcome: Outcome, written: Written): TrainReport {
  const { name, runId, algorithm, params, seed, split, k, clock } = job
  const { dataset, folds } = job.data
  const { bestEpoch, memory, metrics, baselines } = outcome
  return {
    ...{ name, version: null, runId, algorithm: algorithm.name, params, seed, split, k },
    ...{ splitFingerprint: folds[0].fingerprint, splitNotes: folds[0].notes ?? [] },
    ...{ lakeVersion: dataset.lakeVersion },
    ...{ nUsers: dataset.users.size, nItems: dataset.items.size, ...countHeldOut(dataset, folds[0]) },
    ...{ bestEpoch, memory, metrics, baselines, durationsMs: clock.laps },
    ...{ artifactPath: written.artifactPath, artifactBytes: written.sizeBytes },
  }
}
