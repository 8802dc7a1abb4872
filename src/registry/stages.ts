import type { Database } from 'better-sqlite3'
import { RecsysError } from '../errors.ts'
import { hasColumn } from './has-table.ts'
import { requireModelName } from './model-name.ts'
import { type AuditRow, auditFrom } from './rows.ts'
import type { AuditEntry, ModelVersion, Registry, StageChange } from './types.ts'
import { announce } from './webhooks.ts'

type StageCalls = Pick<
  Registry,
  | 'previousProduction'
  | 'formerProduction'
  | 'changeStage'
  | 'recordRefusal'
  | 'archive'
  | 'history'
  | 'decidedOnce'
>

/** The calls of the registry that move versions between stages, each with its row in the audit trail. */
export function stageCalls(
  db: Database,
  { version, inStage }: Pick<Registry, 'version' | 'inStage'>,
): StageCalls {
  const history = (name?: string): AuditEntry[] => {
    if (name !== undefined) requireModelName(name)
    const rows = db.prepare("SELECT * FROM audit WHERE ? IN (name, '') ORDER BY id").all(name ?? '')
    return (rows as AuditRow[]).map(auditFrom)
  }
  const former = (name: string, limit: number) => {
    const stack = productionStack(history(name)).reverse()
    const others = [...new Set(stack)].filter((number) => number !== stack[0])
    return others.slice(0, limit).map((number) => version(name, number))
  }
  return {
    history,
    previousProduction: (name) => former(name, 1)[0],
    formerProduction: former,
    changeStage: (change) => {
      // The commit point of a promotion: stage, archive and audit row in one transaction.
      const { name, stage } = change
      db.transaction(() =>
        moveToStage(db, change, version(name, change.version), inStage(name, stage)),
      ).immediate()
      return version(name, change.version)
    },
    recordRefusal: ({ previous, ...refusal }) => {
      version(refusal.name, refusal.version)
      audit(db, { clauses: [], ...refusal, action: 'refuse', previousVersion: previous })
    },
    archive: (name, number, reason) => {
      db.transaction(() => archive(db, version(name, number), reason)).immediate()
      return version(name, number)
    },
    decidedOnce: (onceKey) => {
      if (!hasColumn(db, 'audit', 'once_key')) return undefined
      const row = db.prepare('SELECT * FROM audit WHERE once_key = ? ORDER BY id LIMIT 1').get(onceKey)
      return row === undefined ? undefined : auditFrom(row as AuditRow)
    },
  }
}

/**
 * The versions that have been in production, the present one last, each above the one it replaced. A rollback takes away
 * what it replaced, so that a second one goes further back and not forth again.
 */
export function productionStack(history: readonly AuditEntry[]): number[] {
  const stack: number[] = []
  for (const { action, stage, version } of history) {
    if (stage !== 'production') continue
    if (action === 'refuse') continue
    if (action === 'rollback' && stack.includes(version)) stack.length = stack.lastIndexOf(version) + 1
    else stack.push(version)
  }
  return stack
}

function moveToStage(
  db: Database,
  change: StageChange,
  moved: ModelVersion,
  present: ModelVersion | undefined,
): void {
  requireExpected(change, present)
  requireMovable(change, moved)
  const { name, version, stage, expectedPrevious } = change
  const setStage = db.prepare('UPDATE versions SET stage = ? WHERE name = ? AND version = ?')
  if (present) setStage.run(stage === 'production' ? 'archived' : 'none', name, present.version)
  setStage.run(stage, name, version)
  // What is in production is no longer on trial.
  if (stage === 'production')
    db.prepare('DELETE FROM trials WHERE name = ? AND version = ?').run(name, version)
  audit(db, { clauses: [], ...change, previousVersion: expectedPrevious })
  if (stage === 'production') announce(db, 'promotion', announcementOf(change, moved))
}

function announcementOf(
  { name, version, action, reason, figures, expectedPrevious }: StageChange,
  { runId, algorithm, metrics }: ModelVersion,
) {
  return {
    name,
    version,
    previousVersion: expectedPrevious,
    action,
    reason,
    figures,
    runId,
    algorithm,
    metrics,
  }
}

/** A decision against one version must not move another: two promotions at once. */
function requireExpected({ name, stage, expectedPrevious }: StageChange, present?: ModelVersion): void {
  if ((present?.version ?? null) === expectedPrevious) return
  const [got, expected] = [present?.version, expectedPrevious].map((number) =>
    number == null ? 'none' : `v${number}`,
  )
  throw new RecsysError('RECSYS_REGISTRY_CONFLICT', {
    message: `${name} has ${got} in ${stage}, expected ${expected}`,
  })
}

/** Nothing moves to where it is, and production is never emptied by a move to staging. */
function requireMovable({ name, version, stage }: StageChange, moved: ModelVersion): void {
  if (moved.stage !== stage && moved.stage !== 'production') return
  throw new RecsysError('RECSYS_REGISTRY_CONFLICT', {
    message: `${name} v${version} is in ${moved.stage} already`,
    remedy: 'Choose another version, or roll back first.',
  })
}

function archive(db: Database, { name, version, stage }: ModelVersion, reason: string): void {
  if (stage === 'production') {
    throw new RecsysError('RECSYS_REGISTRY_CONFLICT', {
      message: `${name} v${version} is in production`,
      remedy: 'Promote or roll back to another version first.',
    })
  }
  db.prepare("UPDATE versions SET stage = 'archived' WHERE name = ? AND version = ?").run(name, version)
  audit(db, {
    name,
    version,
    stage: 'archived',
    action: 'archive',
    previousVersion: null,
    reason,
    figures: {},
    clauses: [],
  })
}

/** Writes a row of the audit trail, in the transaction of what it tells. */
export function audit(
  db: Database,
  entry: Omit<AuditEntry, 'id' | 'at' | 'onceKey'> & { readonly onceKey?: string | null },
): void {
  const { name, action, stage, version, previousVersion, reason, figures, clauses, onceKey = null } = entry
  db.prepare(
    `INSERT INTO audit (at, name, action, stage, version, previous_version, reason, figures, clauses, once_key)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    new Date().toISOString(),
    name,
    action,
    stage,
    version,
    previousVersion,
    reason,
    JSON.stringify(figures),
    JSON.stringify(clauses),
    onceKey,
  )
}
