import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writeArtifact } from '../artifacts/artifact.ts'
import { trainingSet } from '../dataset/dataset.ts'
import { parseSplit } from '../dataset/split-spec.ts'
import { RecsysError } from '../errors.ts'
import { programVersion } from '../host.ts'
import { requireListLength, score } from '../metrics/score.ts'
import { algorithms, resolveParams } from '../models/algorithms.ts'
import type { Algorithm, AlgorithmName, EpochReport, Model, Params } from '../models/types.ts'
import { requireModelName } from '../registry/model-name.ts'
import { openRegistry } from '../registry/registry.ts'
import type { MetricValues, Registry } from '../registry/types.ts'
import { startCompute } from '../workers/pool.ts'
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
    return await recordedRun(registry, { ...options, params }, algorithm, data, clock)
  } finally {
    registry.close()
  }
}

async function recordedRun(
  registry: Registry,
  options: TrainOptions,
  algorithm: Algorithm,
  data: PreparedData,
  clock: Clock,
): Promise<TrainReport> {
  const runId = registry.createRun({
    algorithm: algorithm.name,
    params: options.params,
    seed: options.seed,
    split: options.split,
    lakeVersion: data.dataset.lakeVersion,
    programVersion: programVersion(),
    nodeVersion: process.version,
    tags: options.tags,
  })
  try {
    return await fitAndRegister(registry, runId, options, algorithm, data, clock)
  } catch (error) {
    const killed = options.signal?.aborted === true
    registry.endRun(
      runId,
      killed ? 'killed' : 'failed',
      error instanceof Error ? error.message : String(error),
    )
    throw error
  }
}

async function fitAndRegister(
  registry: Registry,
  runId: string,
  options: TrainOptions,
  algorithm: Algorithm,
  data: PreparedData,
  clock: Clock,
): Promise<TrainReport> {
  const { dataset, folds } = data
  const fold = folds[0]
  const { model, metrics, baselines } = await fitAndScore(registry, runId, options, algorithm, data, clock)

  options.onProgress?.('writing the artifact')
  const artifactPath = `artifacts/${runId}`
  const content = artifactOf(model, { ...data, fold, seed: options.seed, split: options.split })
  const artifact = await writeArtifact(join(options.dataDir, artifactPath), content)
  clock.lap('write')
  const durationsMs = clock.laps
  const version = await register(options, artifactPath, () =>
    registry.finishRun(
      runId,
      { splitFingerprint: fold.fingerprint, metrics, durationsMs },
      { name: options.name, artifactPath, manifestSha256: artifact.manifestSha256 },
    ),
  )
  return {
    ...{ name: options.name, version: version?.version ?? 0, runId, algorithm: algorithm.name },
    ...{ params: options.params, seed: options.seed, split: options.split, k: options.k },
    ...{ splitFingerprint: fold.fingerprint, lakeVersion: dataset.lakeVersion },
    ...{ nUsers: dataset.users.size, nItems: dataset.items.size, ...countRows(dataset, fold) },
    ...{ metrics, baselines, durationsMs, artifactPath, artifactBytes: artifact.sizeBytes },
  }
}

/** An artifact that is not registered is of no use to anybody: it goes with the run that failed. */
async function register<T>(options: TrainOptions, artifactPath: string, finishRun: () => T): Promise<T> {
  try {
    options.signal?.throwIfAborted()
    // The commit point: one transaction finishes the run and registers the version.
    return finishRun()
  } catch (error) {
    await rm(join(options.dataDir, artifactPath), { recursive: true, force: true })
    throw error
  }
}

async function fitAndScore(
  registry: Registry,
  runId: string,
  options: TrainOptions,
  algorithm: Algorithm,
  { dataset, folds }: PreparedData,
  clock: Clock,
): Promise<{ model: Model; metrics: MetricValues; baselines: Baselines }> {
  const { params, seed, signal, k } = options
  const set = trainingSet(dataset, folds[0])
  requireMemory(algorithm.memoryBytes(set, params))
  const compute = await startCompute(options.nThreads === undefined ? {} : { nThreads: options.nThreads })
  try {
    const onEpoch = (report: EpochReport) => {
      registry.logEpoch(runId, report.epoch, report.metrics)
      options.onEpoch?.(report)
    }
    options.onProgress?.(`fitting ${algorithm.name}`)
    const model = await compute.scoped(() => algorithm.fit(set, params, { compute, seed, signal, onEpoch }))
    clock.lap('fit')
    options.onProgress?.('scoring the held-out rows')
    const question = { dataset, fold: folds[0], k, signal }
    const metrics = await score(compute, question, model)
    const baselines = await scoreBaselines(compute, question)
    clock.lap('evaluate')
    return { model, metrics, baselines }
  } finally {
    await compute.release()
  }
}

/** All that 32-bit addresses reach. */
const mostBytes = 2 ** 32

/** @throws RECSYS_MEMORY before anything is started */
export function requireMemory(neededBytes: number): void {
  if (neededBytes <= mostBytes) return
  throw new RecsysError('RECSYS_MEMORY', {
    message: `training needs ${(neededBytes / 1e9).toFixed(1)} GB of shared memory, expected at most 4.3 GB`,
    data: { neededBytes, limitBytes: mostBytes },
  })
}

interface Clock {
  readonly laps: MetricValues
  lap(phase: string): void
}

function startClock(): Clock {
  let last = performance.now()
  const laps: Record<string, number> = {}
  return {
    laps,
    lap: (phase) => {
      laps[phase] = Math.round(performance.now() - last)
      last = performance.now()
    },
  }
}
