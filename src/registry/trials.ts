import type { Database } from 'better-sqlite3'
import { RecsysError } from '../errors.ts'
import { hasTable } from './has-table.ts'
import { requireModelName } from './model-name.ts'
import { audit } from './stages.ts'
import type { ModelTrial, Registry } from './types.ts'

type TrialCalls = Pick<Registry, 'trial' | 'startTrial' | 'endTrial'>

/** The calls of the registry that concern trials on live requests, each with its row in the audit trail. */
export function trialCalls(db: Database, { version }: Pick<Registry, 'version'>): TrialCalls {
  const trial = (name: string): ModelTrial | undefined => {
    requireModelName(name)
    if (!hasTable(db, 'trials')) return undefined
    const select = 'SELECT name, version, mode, share, started_at AS startedAt FROM trials WHERE name = ?'
    return db.prepare(select).get(name) as ModelTrial | undefined
  }
  return {
    trial,
    startTrial: ({ name, version: number, mode, share }, reason) => {
      const start = db.transaction(() => {
        const { stage } = version(name, number)
        if (stage === 'production') throw inProduction(name, number)
        const previousVersion = trial(name)?.version ?? null
        db.prepare('INSERT OR REPLACE INTO trials VALUES (?, ?, ?, ?, ?)').run(
          ...[name, number, mode, share, new Date().toISOString()],
        )
        const figures = { share }
        audit(db, {
          name,
          version: number,
          stage,
          action: mode,
          previousVersion,
          reason,
          figures,
          clauses: [],
        })
        return trial(name)!
      })
      return start.immediate()
    },
    endTrial: (name, reason, figures, number) => {
      const end = db.transaction(() => {
        const present = trial(name)
        if (present === undefined || (number !== undefined && present.version !== number)) return undefined
        db.prepare('DELETE FROM trials WHERE name = ?').run(name)
        const { stage } = version(name, present.version)
        const row = { name, version: present.version, stage, previousVersion: null, reason, figures }
        audit(db, { ...row, action: 'end-trial', clauses: [] })
        return present
      })
      return end.immediate()
    },
  }
}

function inProduction(name: string, version: number): RecsysError {
  return new RecsysError('RECSYS_REGISTRY_CONFLICT', {
    message: `${name} v${version} is in production: there is nothing to try it beside`,
    remedy: 'Choose another version.',
  })
}
