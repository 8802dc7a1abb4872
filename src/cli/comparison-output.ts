import type { PairedResult } from '../metrics/paired/compare.ts'
import type { ComparisonReport, SegmentResult } from '../pipeline/compare-versions.ts'
import { heldOutLine } from './metric-tables.ts'
import { renderTable } from './table.ts'

export function comparisonSummary(report: ComparisonReport): string {
  const { challenger, champion, lakeVersion, split, confidence, results, notes } = report
  const title = ({ name, version, algorithm, stage }: ComparisonReport['challenger']) =>
    `${name} v${version} (${stage === 'none' ? algorithm : `${algorithm}, ${stage}`})`
  return [
    `${title(challenger)} against ${title(champion)}: lake version ${lakeVersion}, split ${split}`,
    heldOutLine(report),
    renderTable(resultColumns(report), results.map(resultRow)),
    segmentTable(report),
    `Intervals: ${percent(confidence)} bootstrap over users. p: randomisation test, adjusted by Holm for ${counted(results.length, 'metric')}.`,
    ...notes.map((note) => `Note: ${note}.`),
    verdictLine(report),
  ].join('\n')
}

function resultColumns({ challenger, champion }: ComparisonReport): string[] {
  return [
    'metric',
    `v${champion.version}`,
    `v${challenger.version}`,
    'gain',
    'gain %',
    'from',
    'to',
    'p',
    'wins',
    'ties',
    'losses',
    'verdict',
  ]
}

function resultRow(result: PairedResult) {
  const { metric, champion, challenger, gain, relativeGain, interval, adjustedP, users } = result
  const [low, high] = interval
  const figures = [champion, challenger, signed(gain), signedPercent(relativeGain), signed(low), signed(high)]
  return [metric, ...figures, showP(adjustedP), users.wins, users.ties, users.losses, result.verdict]
}

/** Where the users of the first metric win and lose. */
function segmentTable({ results, segments }: ComparisonReport): string {
  const [first] = results
  const rows = segments.filter(({ metric }) => metric === first?.metric).map(segmentRow)
  return renderTable([`${first?.metric} of`, 'users', 'gain', 'from', 'to', 'wins', 'ties', 'losses'], rows)
}

function segmentRow({ segment, nUsers, gain, interval, users }: SegmentResult) {
  return [segment, nUsers, signed(gain), ...interval.map(signed), users.wins, users.ties, users.losses]
}

/** Who is better in the first metric, by how much, and how sure that is. */
export function verdictLine({
  challenger,
  champion,
  confidence,
  results,
  nHeldOutUsers,
}: ComparisonReport): string {
  const [{ metric, verdict, gain, relativeGain, interval, adjustedP }] = results
  const other =
    champion.name === challenger.name ? `v${champion.version}` : `${champion.name} v${champion.version}`
  const [low, high] = interval.map(signed)
  const what = verdict === 'not distinguishable' ? 'not distinguishable from' : `${verdict} than`
  return `${challenger.name} v${challenger.version} is ${what} ${other} in ${metric}: gain ${signed(gain)} (${signedPercent(relativeGain)}), ${percent(confidence)} interval ${low} to ${high}, p ${showP(adjustedP)}, ${counted(nHeldOutUsers, 'user')}`
}

function signed(value: number): string {
  if (Number.isNaN(value)) return '-'
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(5)}`
}

function signedPercent(share: number): string {
  if (!Number.isFinite(share)) return '-'
  return `${share < 0 ? '−' : '+'}${Math.abs(100 * share).toFixed(2)} %`
}

function showP(p: number): string {
  return p < 0.001 ? '< 0.001' : p.toFixed(3)
}

function percent(share: number): string {
  return `${+(100 * share).toFixed(2)} %`
}

function counted(n: number, what: string): string {
  return `${n.toLocaleString('en-US')} ${what}${n === 1 ? '' : 's'}`
}
