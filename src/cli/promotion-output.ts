import type { PromotionReport, ScoredVersion } from '../pipeline/promote.ts'
import type { RollbackReport } from '../pipeline/rollback.ts'
import { renderTable } from './table.ts'

export function promotionSummary(report: PromotionReport): string {
  const { metric, challenger, champion, popularity, lakeVersion, split, notes } = report
  const row = (role: string, scored: ScoredVersion) => [
    role,
    `v${scored.version}`,
    scored.algorithm,
    scored.value,
  ]
  const rows = [row('challenger', challenger)]
  if (champion) rows.push(row('champion', champion))
  rows.push(['popularity', '', '', popularity])
  return [
    `${report.nHeldOutRows.toLocaleString('en-US')} held-out ratings of lake version ${lakeVersion}, split ${split}`,
    renderTable(['', 'version', 'algorithm', metric], rows),
    renderTable(['clause', 'found', ''], report.clauses.map(clauseRow)),
    ...notes.map((note) => `Note: ${note}.`),
    verdict(report),
  ].join('\n')
}

function clauseRow({ clause, found, met }: PromotionReport['clauses'][number]): string[] {
  return [clause, found, met ? 'met' : 'missed']
}

function verdict({ name, challenger, champion, stage, outcome, reason, dryRun }: PromotionReport): string {
  const version = `${name} v${challenger.version}`
  const would = dryRun ? 'would be ' : ''
  if (outcome === 'refused') return `${version} ${dryRun ? 'would stay' : 'stays'} out of ${stage}: ${reason}`
  const replaced = champion ? `, replacing v${champion.version}` : ''
  return `${version} ${dryRun ? `${would}put` : 'is now'} in ${stage}${replaced}: ${outcome === 'forced' ? 'forced, ' : ''}${reason}`
}

export function rollbackSummary({ name, version, algorithm, replaced }: RollbackReport): string {
  return `${name} v${version} (${algorithm}) is back in production, replacing v${replaced}`
}
