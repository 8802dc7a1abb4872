import type { Database } from 'better-sqlite3'
import { RecsysError } from '../errors.ts'
import { ownIdentity } from './process-identity.ts'
import { abandoned, isAbandoned, type RunRow, runFrom } from './rows.ts'
import { newRunId } from './run-id.ts'
import type { FinishedRun, Registry, Run } from './types.ts'

type RunCalls = Pick<Registry, 'createRun' | 'resumeRun' | 'logEpoch' | 'endRun' | 'runs' | 'run' | 'epochs'>

/** The calls of the registry that concern runs. */
export function runCalls(db: Database): RunCalls {
  return {
    createRun: (run) => {
      const runId = newRunId()
      db.prepare(insertRun).run({
        ...run,
        runId,
        params: JSON.stringify(run.params),
        tags: JSON.stringify(run.tags),
        parentRunId: run.parentRunId ?? null,
        job: run.job == null ? null : JSON.stringify(run.job),
        startedAt: new Date().toISOString(),
        process: ownIdentity(),
      })
      return runId
    },
    resumeRun: (runId, epoch) => resumeRun(db, runId, epoch),
    logEpoch: (runId, epoch, metrics) => {
      const insert = db.prepare('INSERT INTO epochs VALUES (?, ?, ?, ?)')
      db.transaction(() => {
        for (const [metric, value] of Object.entries(metrics)) insert.run(runId, epoch, metric, value)
      }).immediate()
    },
    endRun: (runId, status, error) => {
      const { changes } = db
        .prepare(
          "UPDATE runs SET status = ?, error = ?, finished_at = ? WHERE run_id = ? AND status = 'running'",
        )
        .run(status, error, new Date().toISOString(), runId)
      if (changes === 0) throw notRunning(runId)
    },
    runs: (filter = {}) => listRuns(db, filter),
    run: (runId) => findRun(db, runId),
    epochs: (runId) =>
      db
        .prepare('SELECT epoch, metric, value FROM epochs WHERE run_id = ? ORDER BY epoch, metric')
        .all(runId) as ReturnType<Registry['epochs']>,
  }
}

const insertRun = `
  INSERT INTO runs (run_id, algorithm, params, seed, split, lake_version, program_version, node_version, tags,
    status, started_at, process, parent_run_id, job)
  VALUES (@runId, @algorithm, @params, @seed, @split, @lakeVersion, @programVersion, @nodeVersion, @tags,
    'running', @startedAt, @process, @parentRunId, @job)`

function resumeRun(db: Database, runId: string, epoch: number): void {
  db.transaction(() => {
    closeAbandonedRuns(db)
    const { changes } = db
      .prepare(
        `UPDATE runs SET status = 'running', error = NULL, finished_at = NULL, process = ?
         WHERE run_id = ? AND status IN ('killed', 'failed')`,
      )
      .run(ownIdentity(), runId)
    if (changes === 0) {
      throw new RecsysError('RECSYS_REGISTRY_CONFLICT', {
        message: `run ${runId} is ${findRun(db, runId).status}, expected killed or failed`,
        remedy: 'Resume a run that was interrupted; `recsys runs list` shows them.',
      })
    }
    db.prepare('DELETE FROM epochs WHERE run_id = ? AND epoch > ?').run(runId, epoch)
  }).immediate()
}

/** Part of a larger transaction. @throws RECSYS_REGISTRY_CONFLICT when the run is not running */
export function markFinished(db: Database, runId: string, finished: FinishedRun): void {
  const { changes } = db
    .prepare(
      `UPDATE runs SET status = 'finished', finished_at = ?, split_fingerprint = ?, held_out = ?, metrics = ?, durations_ms = ?
       WHERE run_id = ? AND status = 'running'`,
    )
    .run(
      new Date().toISOString(),
      finished.splitFingerprint,
      JSON.stringify(finished.heldOut ?? {}),
      JSON.stringify(finished.metrics),
      JSON.stringify(finished.durationsMs),
      runId,
    )
  if (changes === 0) throw notRunning(runId)
}

/** Writes down what became of runs whose process is gone. */
export function closeAbandonedRuns(db: Database): void {
  const running = db
    .prepare("SELECT run_id, status, process FROM runs WHERE status = 'running'")
    .all() as RunRow[]
  const close = db.prepare(
    "UPDATE runs SET status = 'killed', error = ?, finished_at = ? WHERE run_id = ? AND status = 'running'",
  )
  for (const row of running) if (isAbandoned(row)) close.run(abandoned, new Date().toISOString(), row.run_id)
}

function listRuns(db: Database, filter: NonNullable<Parameters<Registry['runs']>[0]>): Run[] {
  const rows = db
    .prepare("SELECT * FROM runs WHERE ? IN (algorithm, '') ORDER BY started_at DESC, run_id DESC")
    .all(filter.algorithm ?? '') as RunRow[]
  const runs = rows
    .map(runFrom)
    .filter(({ status }) => filter.status === undefined || status === filter.status)
    .filter(({ parentRunId }) => filter.parentRunId === undefined || parentRunId === filter.parentRunId)
  return runs.slice(0, filter.limit)
}

function findRun(db: Database, runId: string): Run {
  const rows = db
    .prepare('SELECT * FROM runs WHERE substr(run_id, 1, length(?)) = ? LIMIT 2')
    .all(runId, runId)
  if (rows.length === 1 && runId !== '') return runFrom(rows[0] as RunRow)
  throw new RecsysError('RECSYS_RUN_UNKNOWN', {
    message: `${JSON.stringify(runId.slice(0, 60))} is ${rows.length === 0 ? 'no' : 'the beginning of more than one'} run id`,
    field: 'run',
  })
}

function notRunning(runId: string): RecsysError {
  return new RecsysError('RECSYS_REGISTRY_CONFLICT', { message: `run ${runId} is not running` })
}
