import type { Database } from 'better-sqlite3'
import { RecsysError } from '../errors.ts'
import { hasColumn } from './has-table.ts'
import { ownIdentity } from './process-identity.ts'
import { abandoned, isAbandoned, type RunRow, runFrom } from './rows.ts'
import { newRunId } from './run-id.ts'
import type { FinishedRun, Registry, Run, RunFilter, RunPage, RunPageFilter } from './types.ts'

type RunCalls = Pick<
  Registry,
  | 'createRun'
  | 'resumeRun'
  | 'logEpoch'
  | 'endRun'
  | 'runs'
  | 'run'
  | 'epochs'
  | 'finishedOnce'
  | 'removeRuns'
  | 'runPage'
  | 'runAlgorithms'
  | 'studies'
  | 'counts'
  | 'changeNumber'
>

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
        onceKey: run.onceKey ?? null,
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
    runPage: (filter) => runPage(db, filter),
    runAlgorithms: () =>
      db.prepare('SELECT DISTINCT algorithm FROM runs ORDER BY algorithm').pluck().all() as string[],
    studies: () => {
      const rows = db
        .prepare(
          `SELECT * FROM runs WHERE run_id IN (SELECT parent_run_id FROM runs WHERE parent_run_id IS NOT NULL)
           ORDER BY started_at DESC`,
        )
        .all() as RunRow[]
      return rows.map(runFrom)
    },
    counts: () =>
      db
        .prepare(
          `SELECT (SELECT count(*) FROM versions) AS versions, (SELECT count(*) FROM runs) AS runs,
             (SELECT count(*) FROM flow_runs) AS flowRuns`,
        )
        .get() as ReturnType<Registry['counts']>,
    // Counts commits of other connections; what this one writes it knows itself.
    changeNumber: () => db.pragma('data_version', { simple: true }) as number,
    removeRuns: (before, keep, dryRun) => removeRuns(db, before, keep, dryRun),
    finishedOnce: (onceKey) => {
      const row = db.prepare("SELECT * FROM runs WHERE once_key = ? AND status = 'finished'").get(onceKey)
      if (row === undefined) return undefined
      const { report } = row as RunRow
      return { run: runFrom(row as RunRow), report: report == null ? null : JSON.parse(report) }
    },
  }
}

const insertRun = `
  INSERT INTO runs (run_id, algorithm, params, seed, split, lake_version, program_version, node_version, tags,
    status, started_at, process, parent_run_id, job, once_key)
  VALUES (@runId, @algorithm, @params, @seed, @split, @lakeVersion, @programVersion, @nodeVersion, @tags,
    'running', @startedAt, @process, @parentRunId, @job, @onceKey)`

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
      `UPDATE runs SET status = 'finished', finished_at = ?, split_fingerprint = ?, held_out = ?, metrics = ?, durations_ms = ?,
         artifact_path = ?, manifest_sha256 = ?, report = ?
       WHERE run_id = ? AND status = 'running'`,
    )
    .run(
      new Date().toISOString(),
      finished.splitFingerprint,
      JSON.stringify(finished.heldOut ?? {}),
      JSON.stringify(finished.metrics),
      JSON.stringify(finished.durationsMs),
      finished.artifact?.artifactPath ?? null,
      finished.artifact?.manifestSha256 ?? null,
      finished.report === undefined ? null : JSON.stringify(finished.report),
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

function listRuns(db: Database, filter: RunFilter): Run[] {
  const { algorithm, status, parentRunId, onceKey, limit = 1_000_000_000 } = filter
  // A registry that is only read may be older than the column; it has no trials then.
  const hasParents = hasColumn(db, 'runs', 'parent_run_id')
  if (!hasParents && parentRunId) return []
  if (onceKey !== undefined && !hasColumn(db, 'runs', 'once_key')) return []
  const conditions = [
    ...(algorithm === undefined ? [] : ['algorithm = @algorithm']),
    // What became of a run that says it is running is only known when its process is looked for.
    ...(status === undefined ? [] : ["status IN (@status, 'running')"]),
    ...(parentRunId === undefined || !hasParents ? [] : ['parent_run_id IS @parentRunId']),
    ...(onceKey === undefined ? [] : ['once_key = @onceKey']),
  ]
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
  const isDecidedLater = status === 'running' || status === 'killed'
  const rows = db
    .prepare(`SELECT * FROM runs ${where} ORDER BY started_at DESC, run_id DESC LIMIT @most`)
    .all({
      algorithm,
      status,
      parentRunId,
      onceKey,
      most: isDecidedLater ? -1 : limit + nRunning(db),
    }) as RunRow[]
  return rows
    .map(runFrom)
    .filter((run) => status === undefined || run.status === status)
    .slice(0, limit)
}

const sortColumns = new Map([
  ['startedAt', 'started_at'],
  ['algorithm', 'algorithm'],
  ['status', 'status'],
])
/** The name of a metric is a value, never a part of the statement. */
const metricColumn = '(SELECT CAST(value AS REAL) FROM json_each(metrics) WHERE key = @sort)'

function runPage(db: Database, filter: RunPageFilter): RunPage {
  const {
    algorithm,
    status,
    parentRunId,
    sort = 'startedAt',
    descending = true,
    limit = 50,
    offset = 0,
  } = filter
  const conditions = [
    ...(algorithm === undefined ? [] : ['algorithm = @algorithm']),
    ...(status === undefined ? [] : ['status = @status']),
    ...(parentRunId === undefined ? [] : ['parent_run_id IS @parentRunId']),
  ]
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
  const by = sortColumns.get(sort) ?? metricColumn
  const values = { algorithm, status, parentRunId, sort, limit, offset }
  const direction = descending ? 'DESC' : 'ASC'
  const rows = db
    .prepare(
      `SELECT * FROM runs ${where}
       ORDER BY ${by} ${direction} NULLS LAST, run_id ${direction} LIMIT @limit OFFSET @offset`,
    )
    .all(values) as RunRow[]
  const total = db.prepare(`SELECT count(*) FROM runs ${where}`).pluck().get(values) as number
  return { runs: rows.map(runFrom), total }
}

function removeRuns(db: Database, before: string, keep: number, dryRun: boolean): number {
  const stale = `
    SELECT run_id FROM (
      SELECT run_id, status, started_at, row_number() OVER (ORDER BY started_at DESC, run_id DESC) AS place FROM runs)
    WHERE status <> 'running' AND started_at < @before AND place > @keep
      AND run_id NOT IN (SELECT run_id FROM versions)`
  // A study stays as long as one of its trials does.
  const removable = `
    WITH stale AS (${stale})
    SELECT run_id FROM stale WHERE run_id NOT IN (
      SELECT parent_run_id FROM runs WHERE parent_run_id IS NOT NULL AND run_id NOT IN (SELECT run_id FROM stale))
    ORDER BY (SELECT parent_run_id IS NULL FROM runs WHERE runs.run_id = stale.run_id)`
  return db
    .transaction(() => {
      const ids = db.prepare(removable).pluck().all({ before, keep }) as string[]
      const [removeEpochs, removeRun] = [
        db.prepare('DELETE FROM epochs WHERE run_id = ?'),
        db.prepare('DELETE FROM runs WHERE run_id = ?'),
      ]
      if (!dryRun) {
        for (const id of ids) {
          removeEpochs.run(id)
          removeRun.run(id)
        }
      }
      return ids.length
    })
    .immediate()
}

function nRunning(db: Database): number {
  return db.prepare("SELECT count(*) FROM runs WHERE status = 'running'").pluck().get() as number
}

/** @throws RECSYS_RUN_UNKNOWN */
export function findRun(db: Database, runId: string): Run {
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
