import type { Database } from 'better-sqlite3'
import { RecsysError } from '../errors.ts'
import { requireModelName } from './model-name.ts'
import { type VersionRow, versionFrom } from './rows.ts'
import { findRun, markFinished } from './runs.ts'
import type { ModelVersion, RegisteredArtifact, Registry } from './types.ts'

type VersionCalls = Pick<
  Registry,
  'finishRun' | 'registerRuns' | 'versions' | 'version' | 'versionOfRun' | 'inStage'
>

const selectVersion = `
  SELECT versions.*, runs.algorithm, runs.metrics FROM versions JOIN runs USING (run_id)`

/** The calls of the registry that concern model versions. */
export function versionCalls(db: Database): VersionCalls {
  const one = (where: string, ...values: unknown[]): ModelVersion | undefined => {
    const row = db.prepare(`${selectVersion} WHERE ${where}`).get(...values) as VersionRow | undefined
    return row && versionFrom(row)
  }
  return {
    finishRun: (runId, finished, artifact) => {
      if (artifact) requireModelName(artifact.name)
      // The commit point of a training: the run is finished and its version there, or neither.
      db.transaction(() => {
        markFinished(db, runId, artifact ? { artifact, ...finished } : finished)
        if (artifact) insertVersion(db, runId, artifact)
      }).immediate()
      return one('run_id = ?', runId)
    },
    registerRuns: (runIds, name) => {
      requireModelName(name)
      db.transaction(() => {
        for (const runId of runIds) registerRun(db, runId, name)
      }).immediate()
      return runIds.map((runId) => one('run_id = ?', runId) as ModelVersion)
    },
    versions: (name) => {
      if (name !== undefined) requireModelName(name)
      const rows = db.prepare(`${selectVersion} WHERE ? IN (name, '') ORDER BY name, version`).all(name ?? '')
      return (rows as VersionRow[]).map(versionFrom)
    },
    version: (name, version) => {
      requireModelName(name)
      return one('name = ? AND version = ?', name, version) ?? unknown(db, name, version)
    },
    versionOfRun: (runId) => one('run_id = ?', runId),
    inStage: (name, stage) => {
      requireModelName(name)
      return one('name = ? AND stage = ?', name, stage)
    },
  }
}

function registerRun(db: Database, runId: string, name: string): void {
  const present = db.prepare('SELECT name FROM versions WHERE run_id = ?').pluck().get(runId)
  if (present === name) return
  if (present !== undefined) throw notRegistrable(`run ${runId} is a version of ${present}, expected ${name}`)
  const { status, artifact } = findRun(db, runId)
  if (status !== 'finished' || artifact === null)
    throw notRegistrable(`run ${runId} is ${status}, expected a finished one with a model`)
  insertVersion(db, runId, { ...artifact, name })
}

function notRegistrable(message: string): RecsysError {
  return new RecsysError('RECSYS_REGISTRY_CONFLICT', {
    message,
    remedy: 'Name runs of `recsys train --no-register` that have finished; `recsys runs list` shows them.',
  })
}

function insertVersion(db: Database, runId: string, artifact: RegisteredArtifact): void {
  db.prepare(
    `INSERT INTO versions (name, version, run_id, artifact_path, manifest_sha256, created_at)
     SELECT @name, coalesce(max(version), 0) + 1, @runId, @artifactPath, @manifestSha256, @createdAt
     FROM versions WHERE name = @name`,
  ).run({ ...artifact, runId, createdAt: new Date().toISOString() })
}

function unknown(db: Database, name: string, version: number): never {
  const newest = db.prepare('SELECT max(version) FROM versions WHERE name = ?').pluck().get(name) as
    | number
    | null
  throw new RecsysError('RECSYS_VERSION_UNKNOWN', {
    message: `${name} has no version ${version}, expected ${newest === null ? 'a name that was trained' : `1 to ${newest}`}`,
    field: 'version',
  })
}
