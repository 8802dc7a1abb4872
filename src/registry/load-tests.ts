import type { Database } from 'better-sqlite3'
import { hasTable } from './has-table.ts'
import { type LoadTestRow, loadTestFrom } from './rows.ts'
import type { Registry } from './types.ts'

type LoadTestCalls = Pick<Registry, 'attachLoadTest' | 'loadTest' | 'loadTests'>

/** The calls of the registry that concern load tests of versions. */
export function loadTestCalls(db: Database, { version }: Pick<Registry, 'version'>): LoadTestCalls {
  return {
    attachLoadTest: (test) => {
      version(test.name, test.version)
      const attached = { ...test, at: new Date().toISOString() }
      db.prepare(
        'INSERT INTO load_tests (at, name, version, figures, report) VALUES (@at, @name, @version, @figures, @report)',
      ).run({ ...attached, figures: JSON.stringify(test.figures), report: JSON.stringify(test.report) })
      return attached
    },
    loadTests: (limit) => {
      if (!hasTable(db, 'load_tests')) return []
      const rows = db
        .prepare('SELECT name, version, at, figures, report FROM load_tests ORDER BY id DESC LIMIT ?')
        .all(limit)
      return (rows as LoadTestRow[]).map(loadTestFrom)
    },
    loadTest: (name, number) => {
      version(name, number)
      if (!hasTable(db, 'load_tests')) return undefined
      const row = db
        .prepare(
          'SELECT name, version, at, figures, report FROM load_tests WHERE name = ? AND version = ? ORDER BY id DESC LIMIT 1',
        )
        .get(name, number) as LoadTestRow | undefined
      return row && loadTestFrom(row)
    },
  }
}
