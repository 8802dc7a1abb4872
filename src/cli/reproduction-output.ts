import type { ReproductionReport } from '../pipeline/reproduce.ts'
import { printable } from './registry-text.ts'
import { renderTable } from './table.ts'

export function reproductionSummary(report: ReproductionReport): string {
  const { name, version, algorithm, runId, lakeVersion, split, seed, files, differences, environment } =
    report
  const fileRows = files.map((file) => [
    file.name,
    file.storedSha256.slice(0, 16),
    file.newSha256.slice(0, 16),
    file.identical ? 'identical' : 'differs',
  ])
  const differing = [...differences, ...environment].map(({ what, stored, again }) => [
    what,
    printable(stored),
    printable(again),
  ])
  return [
    `${name} v${version}: ${algorithm}, run ${runId}, lake version ${lakeVersion}, split ${printable(split)}, seed ${seed}`,
    renderTable(['file', 'stored SHA-256', 'trained again', ''], fileRows),
    ...(differing.length > 0 ? [renderTable(['what differs', 'stored', 'trained again'], differing)] : []),
    ...report.notes.map((note) => `Note: ${note}.`),
    report.identical ? 'identical: every byte is the same' : 'not identical',
  ].join('\n')
}
