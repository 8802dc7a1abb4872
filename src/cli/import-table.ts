import type { InitTablesReport } from '../pipeline/init-tables.ts'
import { type Cell, renderTable } from './table.ts'

/** What an import did, for people. */
export function importTable(report: InitTablesReport): string {
  const rows: Cell[][] = [
    ['rows read', report.rowsRead],
    ['rows kept', report.rowsKept],
    ['rows duplicate', report.rowsDuplicate],
    ['rows rejected', report.rowsRejected],
    ...(report.mode === 'append' ? [['rows replaced', report.rowsReplaced]] : []),
    ['interactions', report.interactions],
    ['users', report.users],
    ['items', report.items],
    ['density', `${(100 * report.density).toFixed(2)} %`],
    ['version of interactions', report.versions.interactions],
    ['version of items', report.versions.items],
    ['version of users', report.versions.users],
    ['seconds', (report.durationMs / 1000).toFixed(1)],
  ]
  const table = renderTable(['lake', report.source], rows)
  return report.rejectsFile === null ? table : `${table}\n${rejectedRows(report)}`
}

function rejectedRows({ rejectReasons, rejectsFile }: InitTablesReport): string {
  const rows = rejectReasons.map(({ reason, count, example }) => [reason, count, example.slice(0, 60)])
  return `${renderTable(['set aside because', 'rows', 'such as'], rows)}\nAll of them: ${rejectsFile}`
}
