import type { Database } from 'better-sqlite3'
import { RecsysError } from '../errors.ts'
import { hasTable } from './has-table.ts'
import { mayStillRun, ownIdentity } from './process-identity.ts'
import type { Firing, Schedule, ScheduleCalls } from './schedule-types.ts'

/** The calls of the registry that concern schedules. */
export function scheduleCalls(db: Database): ScheduleCalls {
  const find = (name: string) => findSchedule(db, name)
  return {
    addSchedule: (schedule) => {
      const { changes } = db
        .prepare(
          `INSERT INTO schedules (name, cron, time_zone, command, condition, missed, overlap, created_at, next_due_at)
           VALUES (@name, @cron, @timeZone, @command, @condition, @missed, @overlap, @createdAt, @nextDueAt)
           ON CONFLICT DO NOTHING`,
        )
        .run({
          ...schedule,
          command: JSON.stringify(schedule.command),
          createdAt: new Date().toISOString(),
        })
      if (changes === 0) {
        throw new RecsysError('RECSYS_SCHEDULE_EXISTS', {
          message: `there is a schedule ${schedule.name} already`,
          field: 'name',
        })
      }
      return find(schedule.name)
    },
    schedules: () => {
      if (!hasTable(db, 'schedules')) return []
      return (db.prepare('SELECT * FROM schedules ORDER BY name').all() as ScheduleRow[]).map(scheduleFrom)
    },
    schedule: find,
    removeSchedule: (name) => {
      const schedule = find(name)
      db.prepare('DELETE FROM schedules WHERE name = ?').run(name)
      return schedule
    },
    pauseSchedule: (name, isPaused, nextDueAt) => {
      find(name)
      db.prepare('UPDATE schedules SET paused_at = ?, next_due_at = ? WHERE name = ?').run(
        isPaused ? new Date().toISOString() : null,
        nextDueAt,
        name,
      )
      return find(name)
    },
    claimFiring: (schedule, dueAt, nextDueAt, outcome, note = null) =>
      db
        .transaction(() => {
          const row = db
            .prepare(
              `INSERT INTO firings (schedule, due_at, at, outcome, note, process) VALUES (?, ?, ?, ?, ?, ?)
               ON CONFLICT DO NOTHING RETURNING *`,
            )
            .get(schedule.name, dueAt, new Date().toISOString(), outcome, note, ownIdentity()) as
            | FiringRow
            | undefined
          db.prepare(
            'UPDATE schedules SET next_due_at = ?, last_due_at = max(coalesce(last_due_at, ?), ?) WHERE name = ?',
          ).run(nextDueAt, dueAt, dueAt, schedule.name)
          return row && firingFrom(row)
        })
        .immediate(),
    setNextDue: (name, nextDueAt) =>
      void db.prepare('UPDATE schedules SET next_due_at = ? WHERE name = ?').run(nextDueAt, name),
    changeFiring: (id, { outcome, note, flowRunId }) =>
      void db
        .prepare(
          `UPDATE firings SET outcome = coalesce(?, outcome), note = coalesce(?, note), flow_run_id = coalesce(?, flow_run_id)
           WHERE id = ?`,
        )
        .run(outcome ?? null, note ?? null, flowRunId ?? null, id),
    firings: ({ schedule = '', limit = 1_000_000 } = {}) => {
      if (!hasTable(db, 'firings')) return []
      const rows = db
        .prepare("SELECT * FROM firings WHERE ? IN (schedule, '') ORDER BY id DESC LIMIT ?")
        .all(schedule, limit)
      return (rows as FiringRow[]).map(firingFrom)
    },
    removeOldNews: (before, dryRun) => {
      const stale = [
        "firings WHERE at < @before AND outcome NOT IN ('started', 'queued')",
        'deliveries WHERE created_at < @before AND next_attempt_at IS NULL',
      ]
      const counts = stale.map((rows) => {
        if (dryRun) return db.prepare(`SELECT count(*) FROM ${rows}`).pluck().get({ before }) as number
        return db.prepare(`DELETE FROM ${rows}`).run({ before }).changes
      })
      return counts.reduce((sum, count) => sum + count, 0)
    },
    adoptFirings: () =>
      db
        .transaction(() => {
          const rows = db
            .prepare("SELECT * FROM firings WHERE outcome IN ('started', 'queued') ORDER BY id")
            .all() as FiringRow[]
          const orphans = rows.filter(({ process }) => process === null || !mayStillRun(process))
          const adopt = db.prepare('UPDATE firings SET process = ? WHERE id = ?')
          for (const { id } of orphans) adopt.run(ownIdentity(), id)
          return orphans.map(firingFrom)
        })
        .immediate(),
  }
}

function findSchedule(db: Database, name: string): Schedule {
  const row = hasTable(db, 'schedules') && db.prepare('SELECT * FROM schedules WHERE name = ?').get(name)
  if (row) return scheduleFrom(row as ScheduleRow)
  throw new RecsysError('RECSYS_SCHEDULE_UNKNOWN', {
    message: `there is no schedule ${JSON.stringify(name.slice(0, 60))}`,
    field: 'schedule',
  })
}

interface ScheduleRow {
  name: string
  cron: string
  time_zone: string
  command: string
  condition: string | null
  missed: Schedule['missed']
  overlap: Schedule['overlap']
  created_at: string
  paused_at: string | null
  next_due_at: string | null
  last_due_at: string | null
}

function scheduleFrom(row: ScheduleRow): Schedule {
  return {
    name: row.name,
    cron: row.cron,
    timeZone: row.time_zone,
    command: JSON.parse(row.command),
    condition: row.condition,
    missed: row.missed,
    overlap: row.overlap,
    createdAt: row.created_at,
    pausedAt: row.paused_at,
    nextDueAt: row.next_due_at,
    lastDueAt: row.last_due_at,
  }
}

interface FiringRow {
  id: number
  schedule: string
  due_at: string
  at: string
  outcome: Firing['outcome']
  note: string | null
  flow_run_id: string | null
  process: string | null
}

function firingFrom(row: FiringRow): Firing {
  const { id, schedule, due_at: dueAt, at, outcome, note, flow_run_id: flowRunId } = row
  return { id, schedule, dueAt, at, outcome, note, flowRunId }
}
