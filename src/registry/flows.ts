import type { Database } from 'better-sqlite3'
import { RecsysError } from '../errors.ts'
import type {
  FlowCalls,
  FlowRun,
  FlowRunDetails,
  FlowRunFilter,
  LeftoverProcess,
  NewFlowRun,
  TaskAttempt,
  TaskChange,
  TaskLogLine,
  TaskRun,
} from './flow-types.ts'
import { hasTable } from './has-table.ts'
import { mayStillRun, ownIdentity, pidOf } from './process-identity.ts'
import { newRunId } from './run-id.ts'

/** The calls of the registry that concern flows. */
export function flowCalls(db: Database): FlowCalls {
  return {
    createFlowRun: (run) => createFlowRun(db, run),
    resumeFlowRun: (flowRunId) => resumeFlowRun(db, flowRunId),
    beginAttempt: (flowRunId, task) => beginAttempt(db, flowRunId, task),
    recordProcess: (flowRunId, task, attempt, identity) =>
      void db
        .prepare('UPDATE task_attempts SET process = ? WHERE flow_run_id = ? AND task = ? AND attempt = ?')
        .run(identity, flowRunId, task, attempt),
    endAttempt: (flowRunId, task, attempt, { state, exitCode, message, waitMs }, change) => {
      // The commit point of a task: its attempt is over and its result there, or neither.
      db.transaction(() => {
        db.prepare(
          `UPDATE task_attempts SET state = ?, exit_code = ?, message = ?, wait_ms = ?, finished_at = ?
           WHERE flow_run_id = ? AND task = ? AND attempt = ?`,
        ).run(state, exitCode, message, waitMs, now(), flowRunId, task, attempt)
        changeTask(db, flowRunId, task, change)
      }).immediate()
    },
    changeTask: (flowRunId, task, change) => changeTask(db, flowRunId, task, change),
    addTask: (flowRunId, task) => {
      db.prepare(
        `INSERT INTO task_runs (flow_run_id, task, position, state)
         SELECT @flowRunId, @task, max(position) + 1, 'pending' FROM task_runs WHERE flow_run_id = @flowRunId
         ON CONFLICT (flow_run_id, task) DO UPDATE SET state = 'pending'`,
      ).run({ flowRunId, task })
    },
    endFlowRun: (flowRunId, state, message) =>
      void db
        .prepare(
          "UPDATE flow_runs SET state = ?, message = ?, finished_at = ? WHERE flow_run_id = ? AND state = 'running'",
        )
        .run(state, message, now(), flowRunId),
    askToCancel: (flowRunId) =>
      db
        .prepare("UPDATE flow_runs SET cancel_asked_at = ? WHERE flow_run_id = ? AND state = 'running'")
        .run(now(), flowRunId).changes > 0,
    isCancelAsked: (flowRunId) =>
      db
        .prepare('SELECT cancel_asked_at IS NOT NULL FROM flow_runs WHERE flow_run_id = ?')
        .pluck()
        .get(flowRunId) === 1,
    logLines: (flowRunId, lines) => {
      const insert = db.prepare(
        'INSERT INTO task_logs (flow_run_id, task, attempt, at, stream, line) VALUES (?, @task, @attempt, @at, @stream, @line)',
      )
      db.transaction(() => {
        for (const line of lines) insert.run(flowRunId, line)
      }).immediate()
    },
    flowRuns: (filter = {}) => listFlowRuns(db, filter),
    flowRun: (flowRunId) => findFlowRun(db, flowRunId),
    flowLogs: (flowRunId, { task = '', after = 0, limit = 100_000 } = {}) =>
      db
        .prepare(
          `SELECT id, task, attempt, at, stream, line FROM task_logs
           WHERE flow_run_id = ? AND id > ? AND ? IN (task, '') ORDER BY id LIMIT ?`,
        )
        .all(flowRunId, after, task, limit) as (TaskLogLine & { id: number })[],
    cachedResult: (cacheKey) => {
      const row = db
        .prepare(
          `SELECT flow_run_id, result FROM task_runs WHERE cache_key = ? AND state = 'succeeded' AND result IS NOT NULL
           ORDER BY finished_at DESC LIMIT 1`,
        )
        .get(cacheKey) as { flow_run_id: string; result: string } | undefined
      return row && { flowRunId: row.flow_run_id, result: JSON.parse(row.result) }
    },
    removeFlowRuns: (before, keep, dryRun) => removeFlowRuns(db, before, keep, dryRun),
  }
}

function now(): string {
  return new Date().toISOString()
}

function createFlowRun(db: Database, run: NewFlowRun): string {
  const flowRunId = newRunId()
  // The commit point: run, tasks and lock are there together.
  db.transaction(() => {
    closeAbandonedFlows(db)
    requireUnlocked(db, run.lock)
    db.prepare(
      `INSERT INTO flow_runs (flow_run_id, flow, lock, plan, params, cause, parent_flow_run_id, state, started_at,
         program_version, process)
       VALUES (?, ?, ?, ?, ?, ?, ?, 'running', ?, ?, ?)`,
    ).run(
      ...[flowRunId, run.flow, run.lock, JSON.stringify(run.plan), JSON.stringify(run.params)],
      ...[run.cause, run.parentFlowRunId, now(), run.programVersion, ownIdentity()],
    )
    const insert = db.prepare(
      'INSERT INTO task_runs (flow_run_id, task, position, state, result, cached_from, finished_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
    )
    run.tasks.forEach(({ task, takenOver }, position) => {
      if (takenOver) {
        const result = takenOver.result && JSON.stringify(takenOver.result)
        insert.run(flowRunId, task, position, 'cached', result, takenOver.from, now())
      } else insert.run(flowRunId, task, position, 'pending', null, null, null)
    })
  }).immediate()
  return flowRunId
}

function requireUnlocked(db: Database, lock: string | null): void {
  if (lock === null) return
  const holder = db
    .prepare(
      "SELECT flow_run_id, flow, started_at, process FROM flow_runs WHERE lock = ? AND state = 'running'",
    )
    .get(lock) as Pick<FlowRow, 'flow_run_id' | 'flow' | 'started_at' | 'process'> | undefined
  if (holder === undefined) return
  const [host, pid] = holder.process.split(' ')
  throw new RecsysError('RECSYS_FLOW_LOCKED', {
    message: `${holder.flow} is running already: run ${holder.flow_run_id}, begun at ${holder.started_at} by process ${pid} on ${host}`,
    data: { flowRunId: holder.flow_run_id },
  })
}

function resumeFlowRun(db: Database, flowRunId: string): readonly LeftoverProcess[] {
  return db
    .transaction(() => {
      closeAbandonedFlows(db)
      const { state, lock } = findFlowRun(db, flowRunId)
      if (state === 'running' || state === 'succeeded') {
        throw new RecsysError('RECSYS_REGISTRY_CONFLICT', {
          message: `flow run ${flowRunId} ${state === 'running' ? 'is running' : 'has succeeded'}, expected one that crashed, failed or was cancelled`,
          remedy: 'See `recsys flow list`; --from TASK runs a part of it again.',
        })
      }
      requireUnlocked(db, lock)
      const attempts = db
        .prepare(
          "SELECT task, process FROM task_attempts WHERE flow_run_id = ? AND state = 'crashed' AND process IS NOT NULL",
        )
        .all(flowRunId) as { task: string; process: string }[]
      db.prepare(
        `UPDATE flow_runs SET state = 'running', message = NULL, finished_at = NULL, cancel_asked_at = NULL, process = ?
         WHERE flow_run_id = ?`,
      ).run(ownIdentity(), flowRunId)
      db.prepare(
        `UPDATE task_runs SET state = 'pending', message = NULL, finished_at = NULL
         WHERE flow_run_id = ? AND state NOT IN ('succeeded', 'cached') AND task NOT LIKE 'undo %'`,
      ).run(flowRunId)
      return attempts.flatMap(({ task, process }) => {
        const pid = pidOf(process)
        return mayStillRun(process) && pid !== undefined ? [{ task, pid, identity: process }] : []
      })
    })
    .immediate()
}

function beginAttempt(db: Database, flowRunId: string, task: string): number {
  return db
    .transaction(() => {
      const row = db
        .prepare(
          `UPDATE task_runs SET state = 'running', attempts = attempts + 1, started_at = coalesce(started_at, ?),
             finished_at = NULL, message = NULL
           WHERE flow_run_id = ? AND task = ? RETURNING attempts`,
        )
        .get(now(), flowRunId, task) as { attempts: number }
      db.prepare(
        "INSERT INTO task_attempts (flow_run_id, task, attempt, state, started_at) VALUES (?, ?, ?, 'running', ?)",
      ).run(flowRunId, task, row.attempts, now())
      return row.attempts
    })
    .immediate()
}

function changeTask(db: Database, flowRunId: string, task: string, change: TaskChange): void {
  const { state, result = null, message = null, cacheKey = null, cachedFrom = null } = change
  const isOver = !['pending', 'running', 'retrying'].includes(state)
  db.prepare(
    `UPDATE task_runs SET state = ?, result = ?, message = ?, cache_key = ?, cached_from = ?, finished_at = ?
     WHERE flow_run_id = ? AND task = ?`,
  ).run(
    state,
    result && JSON.stringify(result),
    message,
    cacheKey,
    cachedFrom,
    isOver ? now() : null,
    flowRunId,
    task,
  )
}

/** What is written of a run whose process ended without a word. */
const abandoned = 'the process ended before the flow was done'

/** Writes down what became of flows whose process is gone. */
export function closeAbandonedFlows(db: Database): void {
  const running = db
    .prepare("SELECT flow_run_id, process FROM flow_runs WHERE state = 'running'")
    .all() as Pick<FlowRow, 'flow_run_id' | 'process'>[]
  for (const { flow_run_id: id, process } of running) if (!mayStillRun(process)) closeOne(db, id)
}

function closeOne(db: Database, flowRunId: string): void {
  db.transaction(() => {
    const at = now()
    const { changes } = db
      .prepare(
        "UPDATE flow_runs SET state = 'crashed', message = ?, finished_at = ? WHERE flow_run_id = ? AND state = 'running'",
      )
      .run(abandoned, at, flowRunId)
    if (changes === 0) return
    db.prepare(
      `UPDATE task_runs SET state = 'crashed', message = ?, finished_at = ?
       WHERE flow_run_id = ? AND state IN ('running', 'retrying')`,
    ).run(abandoned, at, flowRunId)
    db.prepare(
      "UPDATE task_attempts SET state = 'crashed', message = ?, finished_at = ? WHERE flow_run_id = ? AND state = 'running'",
    ).run(abandoned, at, flowRunId)
  }).immediate()
}

interface FlowRow {
  flow_run_id: string
  flow: string
  lock: string | null
  plan: string
  params: string
  cause: string
  parent_flow_run_id: string | null
  state: FlowRun['state']
  message: string | null
  started_at: string
  finished_at: string | null
  program_version: string
  process: string
}

function flowRunFrom(row: FlowRow): FlowRun {
  const gone = row.state === 'running' && !mayStillRun(row.process)
  return {
    flowRunId: row.flow_run_id,
    flow: row.flow,
    lock: row.lock,
    plan: JSON.parse(row.plan),
    params: JSON.parse(row.params),
    cause: row.cause,
    parentFlowRunId: row.parent_flow_run_id,
    state: gone ? 'crashed' : row.state,
    message: gone ? abandoned : row.message,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    programVersion: row.program_version,
  }
}

function listFlowRuns(db: Database, { limit = 1_000_000, flow = '', state }: FlowRunFilter): FlowRun[] {
  if (!hasTable(db, 'flow_runs')) return []
  const rows = db
    .prepare(
      `SELECT * FROM flow_runs WHERE ? IN (flow, '') AND ? IN (state, '')
       ORDER BY started_at DESC, flow_run_id DESC LIMIT ?`,
    )
    .all(flow, state ?? '', limit) as FlowRow[]
  return rows.map(flowRunFrom)
}

function findFlowRun(db: Database, flowRunId: string): FlowRunDetails {
  const rows = (
    hasTable(db, 'flow_runs')
      ? db
          .prepare('SELECT * FROM flow_runs WHERE substr(flow_run_id, 1, length(?)) = ? LIMIT 2')
          .all(flowRunId, flowRunId)
      : []
  ) as FlowRow[]
  const [row] = rows
  if (row === undefined || rows.length > 1 || flowRunId === '') {
    throw new RecsysError('RECSYS_FLOW_RUN_UNKNOWN', {
      message: `${JSON.stringify(flowRunId.slice(0, 60))} is ${row === undefined ? 'no' : 'the beginning of more than one'} flow run id`,
      field: 'run',
    })
  }
  const run = flowRunFrom(row)
  const gone = run.state === 'crashed'
  const tasks = db
    .prepare('SELECT * FROM task_runs WHERE flow_run_id = ? ORDER BY position')
    .all(run.flowRunId) as TaskRow[]
  const attempts = db
    .prepare('SELECT * FROM task_attempts WHERE flow_run_id = ? ORDER BY started_at, task, attempt')
    .all(run.flowRunId) as AttemptRow[]
  return {
    ...run,
    tasks: tasks.map((task) => taskFrom(task, gone)),
    attempts: attempts.map((attempt) => attemptFrom(attempt, gone)),
  }
}

interface TaskRow {
  task: string
  position: number
  state: TaskRun['state']
  attempts: number
  started_at: string | null
  finished_at: string | null
  cache_key: string | null
  cached_from: string | null
  result: string | null
  message: string | null
}

function taskFrom(row: TaskRow, gone: boolean): TaskRun {
  const isCrashed = gone && (row.state === 'running' || row.state === 'retrying')
  return {
    task: row.task,
    position: row.position,
    state: isCrashed ? 'crashed' : row.state,
    attempts: row.attempts,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    cacheKey: row.cache_key,
    cachedFrom: row.cached_from,
    result: row.result === null ? null : JSON.parse(row.result),
    message: isCrashed ? abandoned : row.message,
  }
}

interface AttemptRow {
  task: string
  attempt: number
  state: TaskAttempt['state']
  started_at: string
  finished_at: string | null
  exit_code: number | null
  message: string | null
  wait_ms: number | null
}

function attemptFrom(row: AttemptRow, gone: boolean): TaskAttempt {
  const isCrashed = gone && row.state === 'running'
  return {
    task: row.task,
    attempt: row.attempt,
    state: isCrashed ? 'crashed' : row.state,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    exitCode: row.exit_code,
    message: isCrashed ? abandoned : row.message,
    waitMs: row.wait_ms,
  }
}

function removeFlowRuns(db: Database, before: string, keep: number, dryRun: boolean): number {
  const stale = `
    SELECT flow_run_id FROM (
      SELECT flow_run_id, state, started_at,
        row_number() OVER (PARTITION BY flow ORDER BY started_at DESC, flow_run_id DESC) AS place
      FROM flow_runs)
    WHERE state <> 'running' AND started_at < ? AND place > ?`
  if (dryRun) return db.prepare(`SELECT count(*) FROM (${stale})`).pluck().get(before, keep) as number
  return db
    .transaction(() => {
      const ids = db.prepare(stale).pluck().all(before, keep) as string[]
      const orphan = db.prepare('UPDATE flow_runs SET parent_flow_run_id = NULL WHERE parent_flow_run_id = ?')
      const remove = db.prepare('DELETE FROM flow_runs WHERE flow_run_id = ?')
      for (const id of ids) {
        orphan.run(id)
        remove.run(id)
      }
      return ids.length
    })
    .immediate()
}
