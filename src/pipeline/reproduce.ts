import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readArtifact, writeArtifact } from '../artifacts/artifact.ts'
import { RecsysError } from '../errors.ts'
import { programVersion } from '../host.ts'
import { algorithms } from '../models/algorithms.ts'
import { resolveParams } from '../models/parameters.ts'
import type { AlgorithmName, EpochReport, Model } from '../models/types.ts'
import type { ModelVersion, Run } from '../registry/types.ts'
import { startCompute } from '../workers/pool.ts'
import { type ComparedFile, compareFiles, type Difference, differencesOf } from './artifact-differences.ts'
import { chooseVersion, type VersionChoice } from './choose-version.ts'
import { fitModel } from './fit-job.ts'
import { artifactOf } from './model-artifact.ts'
import { type PreparedData, prepareData } from './prepare.ts'
import { readRegistry } from './read-registry.ts'

export interface ReproduceOptions extends VersionChoice {
  readonly dataDir: string
  readonly nThreads?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (text: string) => void
  readonly onEpoch?: (report: EpochReport) => void
}

/** The `--json` document of `recsys reproduce`. */
export interface ReproductionReport {
  readonly name: string
  readonly version: number
  readonly runId: string
  readonly algorithm: string
  readonly lakeVersion: number
  readonly split: string
  readonly seed: number
  /** Whether every byte of every file is the same. */
  readonly identical: boolean
  readonly files: readonly ComparedFile[]
  /** What of the model differs; empty when it is identical. */
  readonly differences: readonly Difference[]
  /** What the two trainings ran on, where that is not the same. */
  readonly environment: readonly Difference[]
  readonly notes: readonly string[]
}

/**
 * Trains a version again from what its run recorded (lake version, split, parameters, seed) and compares the bytes. Nothing is
 * registered, and the new files are gone afterwards.
 * @throws RECSYS_ARTIFACT_CORRUPT, RECSYS_ARTIFACT_MISSING when the stored files are not what the registry says
 */
export async function reproduce(options: ReproduceOptions): Promise<ReproductionReport> {
  const { dataDir, onProgress } = options
  const { version, run } = readRegistry(dataDir, (registry) => {
    const found = chooseVersion(registry, options)
    return { version: found, run: registry.run(found.runId) }
  })
  const stored = join(dataDir, version.artifactPath)
  onProgress?.('verifying the stored files')
  const storedContent = await readArtifact(stored, { manifestSha256: version.manifestSha256 })
  const place = await mkdtemp(join(tmpdir(), 'recsys-reproduce-'))
  try {
    const again = join(place, 'artifact')
    await trainAgain(options, run, again)
    onProgress?.('comparing')
    const files = await compareFiles(stored, again)
    const identical = files.every((file) => file.identical)
    const differences = identical ? [] : differencesOf(storedContent, await readArtifact(again))
    return reportOf(version, run, { identical, files, differences })
  } finally {
    await rm(place, { recursive: true, force: true })
  }
}

/** @throws RECSYS_NOT_REPRODUCED with the report as data */
export function requireIdentical(report: ReproductionReport): void {
  if (report.identical) return
  const { name, version, differences, files } = report
  const what = differences.map((difference) => difference.what)
  const names = files.filter(({ identical }) => !identical).map((file) => file.name)
  throw new RecsysError('RECSYS_NOT_REPRODUCED', {
    message: `${name} v${version} came out otherwise: ${(what.length > 0 ? what : names).join(', ')}`,
    data: { ...report },
  })
}

interface Recorded {
  readonly k?: number
  readonly patience?: number
}

async function trainAgain(options: ReproduceOptions, run: Run, directory: string): Promise<void> {
  const { dataDir, signal, onProgress } = options
  onProgress?.('reading the lake')
  const { lakeVersion, split, seed } = run
  const data = await prepareData({ dataDir, lakeVersion, split, seed })
  const model = await fitAgain(options, run, data)
  signal?.throwIfAborted()
  await writeArtifact(directory, artifactOf(model, { ...data, fold: data.folds[0], seed, split }))
}

async function fitAgain(options: ReproduceOptions, run: Run, data: PreparedData): Promise<Model> {
  const { dataDir, nThreads, signal, onProgress, onEpoch } = options
  const algorithm = algorithms[run.algorithm as AlgorithmName]
  const { k = 10, patience = 0 } = (run.job ?? {}) as Recorded
  const compute = await startCompute(nThreads === undefined ? {} : { nThreads })
  try {
    onProgress?.(`fitting ${algorithm.name}`)
    const job = {
      ...{
        dataDir,
        runId: run.runId,
        algorithm,
        params: resolveParams(algorithm, run.params),
        seed: run.seed,
      },
      ...{ dataset: data.dataset, fold: data.folds[0], k, patience, checkpointEvery: 0, header: {}, signal },
      onEpoch: (report: EpochReport) => onEpoch?.(report),
    }
    return (await compute.scoped(() => fitModel(job, compute))).model
  } finally {
    await compute.release()
  }
}

function reportOf(
  { name, version, runId, algorithm }: ModelVersion,
  run: Run,
  outcome: Pick<ReproductionReport, 'identical' | 'files' | 'differences'>,
): ReproductionReport {
  const { lakeVersion, split, seed } = run
  return {
    ...{ name, version, runId, algorithm, lakeVersion, split, seed },
    ...outcome,
    environment: environmentOf(run),
    notes: run.job === null ? ['the run is too old to say its patience: none was assumed'] : [],
  }
}

function environmentOf(run: Run): Difference[] {
  const all = [
    { what: 'recsys', stored: run.programVersion, again: programVersion() },
    { what: 'Node', stored: run.nodeVersion, again: process.version },
  ]
  return all.filter(({ stored, again }) => stored !== again)
}
