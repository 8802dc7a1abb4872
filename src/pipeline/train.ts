import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writeArtifact } from '../artifacts/artifact.ts'
import { trainingSet } from '../dataset/dataset.ts'
import { parseSplit } from '../dataset/split-spec.ts'
import type { TrainingSet } from '../dataset/types.ts'
import { programVersion } from '../host.ts'
import type { Compute } from '../kernels/compute.ts'
import { requireListLength, score } from '../metrics/score.ts'
import { algorithms } from '../models/algorithms.ts'
import { resolveParams } from '../models/parameters.ts'
import type { Algorithm, AlgorithmName, EpochReport, Model, Params } from '../models/types.ts'
import { requireModelName } from '../registry/model-name.ts'
import { openRegistry } from '../registry/registry.ts'
import type { MetricValues, ModelVersion, Registry } from '../registry/types.ts'
import { startCompute } from '../workers/pool.ts'
import { type Clock, startClock } from './clock.ts'
import { requireMemory } from './memory-plan.ts'
import { artifactOf } from './model-artifact.ts'
import { type PreparedData, prepareData } from './prepare.ts'
import { countRows, type HeldOutCounts, scoreBaselines } from './score-fold.ts'
import type { Baselines } from './types.ts'

export interface TrainOptions {
  readonly dataDir: string
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
  readonly nThreads?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (text: string) => void
  readonly onEpoch?: (report: EpochReport) => void
}

/** The `--json` document of `recsys train`. */
export interface TrainReport extends HeldOutCounts {
  readonly name: string
  readonly version: number
  readonly runId: string
  readonly algorithm: AlgorithmName
  readonly params: Params
  readonly seed: number
  readonly split: string
  readonly splitFingerprint: string
  readonly lakeVersion: number
  readonly nUsers: number
  readonly nItems: number
  readonly k: number
  readonly metrics: MetricValues
  readonly baselines: Baselines
  readonly durationsMs: MetricValues
  readonly artifactPath: string
  readonly artifactBytes: number
}

/**
 * Reads one version of the lake, fits on the training rows, scores the held-out rows, writes the artifact and registers
 * the next version. Whatever ends it earlier leaves a run marked as killed or failed, and nothing registered.
 */
export async function train(options: TrainOptions): Promise<TrainReport> {
  const algorithm = algorithms[options.algorithm]
  const params = resolveParams(algorithm, options.params)
  parseSplit(options.split)
  requireModelName(options.name)
  const clock = startClock()
  options.onProgress?.('reading the lake')
  const data = await prepareData(options)
  requireListLength({ dataset: data.dataset, k: options.k })
  clock.lap('read')
  const registry = openRegistry(options.dataDir)
  try {
    const job = { ...options, params, algorithm, data, clock, registry }
    return await fitAndRegister({ ...job, runId: createRun(job) })
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
}

interface RunningJob extends Job {
  readonly runId: string
}

interface Fitted {
  readonly model: Model
  readonly metrics: MetricValues
  readonly baselines: Baselines
}

interface Written {
  /** Relative to the data directory. */
  readonly artifactPath: string
  readonly manifestSha256: string
  readonly sizeBytes: number
}

function createRun({ registry, algorithm, params, seed, split, data, tags }: Job): string {
  return registry.createRun({
    ...{ algorithm: algorithm.name, params, seed, split, tags },
    lakeVersion: data.dataset.lakeVersion,
    programVersion: programVersion(),
    nodeVersion: process.version,
  })
}

async function fitAndRegister(job: RunningJob): Promise<TrainReport> {
  try {
    const fitted = await fitAndScore(job)
    const written = await write(job, fitted.model)
    const { version } = await register(job, fitted, written)
    return reportOf(job, fitted, written, version)
  } catch (error) {
    const status = job.signal?.aborted ? 'killed' : 'failed'
    job.registry.endRun(job.runId, status, error instanceof Error ? error.message : String(error))
    throw error
  }
}

async function fitAndScore(job: RunningJob): Promise<Fitted> {
  const { algorithm, params, data, k, signal, clock, nThreads } = job
  const fold = data.folds[0]
  const set = trainingSet(data.dataset, fold)
  const compute = await startCompute(nThreads === undefined ? {} : { nThreads })
  try {
    requireMemory(algorithm.memoryBytes(set, params, compute.nThreads))
    const model = await fit(job, set, compute)
    clock.lap('fit')
    job.onProgress?.('scoring the held-out rows')
    const question = { dataset: data.dataset, fold, k, signal }
    const metrics = await score(compute, question, model)
    const baselines = await scoreBaselines(compute, question)
    clock.lap('evaluate')
    return { model, metrics, baselines }
  } finally {
    await compute.release()
  }
}

function fit(job: RunningJob, set: TrainingSet, compute: Compute): Promise<Model> {
  const { algorithm, params, seed, signal, registry, runId } = job
  const onEpoch = (report: EpochReport) => {
    registry.logEpoch(runId, report.epoch, report.metrics)
    job.onEpoch?.(report)
  }
  job.onProgress?.(`fitting ${algorithm.name}`)
  return compute.scoped(() => algorithm.fit(set, params, { compute, seed, signal, onEpoch }))
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

/** An artifact that is not registered is of no use to anybody: it goes with the run that failed. */
async function register(
  job: RunningJob,
  { metrics }: Fitted,
  { artifactPath, manifestSha256 }: Written,
): Promise<ModelVersion> {
  const { name, registry, runId, data, clock, signal } = job
  const finished = { splitFingerprint: data.folds[0].fingerprint, metrics, durationsMs: clock.laps }
  try {
    signal?.throwIfAborted()
    // The commit point: one transaction finishes the run and registers the version.
    return registry.finishRun(runId, finished, { name, artifactPath, manifestSha256 }) as ModelVersion
  } catch (error) {
    await rm(join(job.dataDir, artifactPath), { recursive: true, force: true })
    throw error
  }
}

function reportOf(job: RunningJob, fitted: Fitted, written: Written, version: number): TrainReport {
  const { name, runId, algorithm, params, seed, split, k, clock } = job
  const { dataset, folds } = job.data
  return {
    ...{ name, version, runId, algorithm: algorithm.name, params, seed, split, k },
    ...{ splitFingerprint: folds[0].fingerprint, lakeVersion: dataset.lakeVersion },
    ...{ nUsers: dataset.users.size, nItems: dataset.items.size, ...countRows(dataset, folds[0]) },
    ...{ metrics: fitted.metrics, baselines: fitted.baselines, durationsMs: clock.laps },
    ...{ artifactPath: written.artifactPath, artifactBytes: written.sizeBytes },
  }
}
