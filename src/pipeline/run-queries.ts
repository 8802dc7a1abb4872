import type { EpochPoint, ModelVersion, Run, RunStatus } from '../registry/types.ts'
import { readRegistry } from './read-registry.ts'

/** The `--json` document of `recsys runs list`. */
export interface RunList {
  /** The newest first. */
  readonly runs: readonly Run[]
}

export interface RunListOptions {
  readonly dataDir: string
  readonly limit?: number
  readonly algorithm?: string | undefined
  readonly status?: RunStatus | undefined
  /** The trials of this study, or a beginning of its run id; left out: no trials. */
  readonly study?: string | undefined
}

/** @throws RECSYS_RUN_UNKNOWN */
export function listRuns({ dataDir, limit, algorithm, status, study }: RunListOptions): RunList {
  const filter = {
    ...(limit === undefined ? {} : { limit }),
    ...(algorithm === undefined ? {} : { algorithm }),
    ...(status === undefined ? {} : { status }),
  }
  const runs = readRegistry(dataDir, (registry) => {
    const parentRunId = study === undefined ? null : registry.run(study).runId
    return registry.runs({ ...filter, parentRunId })
  })
  return { runs }
}

/** The `--json` document of `recsys runs show`. */
export interface RunDetails {
  readonly run: Run
  readonly epochs: readonly EpochPoint[]
  /** What the run registered; null when it registered nothing. */
  readonly version: ModelVersion | null
}

/** @throws RECSYS_RUN_UNKNOWN; a unique beginning of the id is enough */
export function showRun(options: { readonly dataDir: string; readonly runId: string }): RunDetails {
  return readRegistry(options.dataDir, (registry) => {
    const run = registry.run(options.runId)
    return { run, epochs: registry.epochs(run.runId), version: registry.versionOfRun(run.runId) ?? null }
  })
}

/** The `--json` document of `recsys runs compare`. */
export interface RunComparison {
  readonly runs: readonly [first: Run, second: Run]
  /** False when the runs were scored on different held-out rows: their metrics cannot be compared. */
  readonly sameHeldOutRows: boolean
  readonly rows: readonly ComparedValue[]
}

type Scalar = string | number | boolean

export interface ComparedValue {
  readonly group: 'run' | 'params' | 'metrics' | 'durationsMs' | 'tags'
  readonly name: string
  readonly first: Scalar | null
  readonly second: Scalar | null
  /** second − first of two numbers; null for anything else. */
  readonly difference: number | null
  readonly same: boolean
}

/** Two runs side by side. @throws RECSYS_RUN_UNKNOWN */
export function compareRuns(options: {
  readonly dataDir: string
  readonly runIds: readonly [first: string, second: string]
}): RunComparison {
  const [firstId, secondId] = options.runIds
  const runs = readRegistry(
    options.dataDir,
    (registry) => [registry.run(firstId), registry.run(secondId)] as const,
  )
  const [first, second] = runs
  const sameHeldOutRows =
    first.splitFingerprint !== null && first.splitFingerprint === second.splitFingerprint
  return { runs, sameHeldOutRows, rows: groups.flatMap((group) => compareGroup(group, first, second)) }
}

const groups = ['run', 'params', 'metrics', 'durationsMs', 'tags'] as const

function compareGroup(group: ComparedValue['group'], first: Run, second: Run): ComparedValue[] {
  const [left, right] = [valuesOf(group, first), valuesOf(group, second)]
  const names = new Set([...Object.keys(left), ...Object.keys(right)])
  return [...names].map((name) => compareValue(group, name, left[name] ?? null, right[name] ?? null))
}

function valuesOf(group: ComparedValue['group'], run: Run): Readonly<Record<string, Scalar>> {
  if (group !== 'run') return run[group]
  const { algorithm, status, seed, split, lakeVersion, programVersion, nodeVersion } = run
  return { algorithm, status, seed, split, lakeVersion, programVersion, nodeVersion }
}

function compareValue(
  group: ComparedValue['group'],
  name: string,
  first: Scalar | null,
  second: Scalar | null,
): ComparedValue {
  const numbers = typeof first === 'number' && typeof second === 'number' && name !== 'seed'
  return { group, name, first, second, difference: numbers ? second - first : null, same: first === second }
}
