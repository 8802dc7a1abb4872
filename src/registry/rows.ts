import { mayStillRun } from './process-identity.ts'
import type { AttachedLoadTest, AuditEntry, ModelVersion, Run, RunStatus } from './types.ts'

export interface RunRow {
  run_id: string
  algorithm: string
  params: string
  seed: number
  split: string
  lake_version: number
  program_version: string
  node_version: string
  tags: string
  status: RunStatus
  started_at: string
  finished_at: string | null
  split_fingerprint: string | null
  /** Not there in a registry of before, opened read-only. */
  held_out?: string
  metrics: string
  durations_ms: string
  error: string | null
  process: string
  /** Not there in a registry that is read before a newer recsys has written to it. */
  parent_run_id?: string | null
  job?: string | null
  once_key?: string | null
  artifact_path?: string | null
  manifest_sha256?: string | null
  report?: string | null
}

/** What a run whose process ended without a word is marked with. */
export const abandoned = 'the process ended before the run was finished'

/** A run that says it is running while its process is gone was killed. */
export function isAbandoned(row: Pick<RunRow, 'status' | 'process'>): boolean {
  return row.status === 'running' && !mayStillRun(row.process)
}

export function runFrom(row: RunRow): Run {
  const gone = isAbandoned(row)
  return {
    runId: row.run_id,
    algorithm: row.algorithm,
    params: JSON.parse(row.params),
    seed: row.seed,
    split: row.split,
    lakeVersion: row.lake_version,
    programVersion: row.program_version,
    nodeVersion: row.node_version,
    tags: JSON.parse(row.tags),
    status: gone ? 'killed' : row.status,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    splitFingerprint: row.split_fingerprint,
    heldOut: JSON.parse(row.held_out ?? '{}'),
    metrics: JSON.parse(row.metrics),
    durationsMs: JSON.parse(row.durations_ms),
    error: gone ? abandoned : row.error,
    parentRunId: row.parent_run_id ?? null,
    job: row.job == null ? null : JSON.parse(row.job),
    onceKey: row.once_key ?? null,
    artifact:
      row.artifact_path == null || row.manifest_sha256 == null
        ? null
        : { artifactPath: row.artifact_path, manifestSha256: row.manifest_sha256 },
  }
}

export interface VersionRow {
  name: string
  version: number
  run_id: string
  algorithm: string
  stage: ModelVersion['stage']
  metrics: string
  artifact_path: string
  manifest_sha256: string
  created_at: string
}

export function versionFrom(row: VersionRow): ModelVersion {
  return {
    name: row.name,
    version: row.version,
    runId: row.run_id,
    algorithm: row.algorithm,
    stage: row.stage,
    metrics: JSON.parse(row.metrics),
    artifactPath: row.artifact_path,
    manifestSha256: row.manifest_sha256,
    createdAt: row.created_at,
  }
}

export interface AuditRow {
  id: number
  at: string
  name: string
  action: AuditEntry['action']
  stage: AuditEntry['stage']
  version: number
  previous_version: number | null
  reason: string
  figures: string
  /** Not there in a registry that is read before a newer recsys has written to it. */
  clauses?: string
  once_key?: string | null
}

export function auditFrom(row: AuditRow): AuditEntry {
  const { previous_version: previousVersion, once_key: onceKey, figures, clauses = '[]', ...same } = row
  return {
    ...same,
    previousVersion,
    figures: JSON.parse(figures),
    clauses: JSON.parse(clauses),
    onceKey: onceKey ?? null,
  }
}

export interface LoadTestRow {
  name: string
  version: number
  at: string
  figures: string
  report: string
}

export function loadTestFrom({ figures, report, ...same }: LoadTestRow): AttachedLoadTest {
  return { ...same, figures: JSON.parse(figures), report: JSON.parse(report) }
}
