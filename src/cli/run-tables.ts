import type { HeldOutCounts } from '../dataset/held-out-counts.ts'
import { showDuration } from '../duration.ts'
import type { ComparedValue, RunComparison, RunDetails, RunList } from '../pipeline/run-queries.ts'
import type { EpochPoint, Run } from '../registry/types.ts'
import { heldOutLine } from './metric-tables.ts'
import { between, headlineMetrics, pairs, printable, showTime } from './registry-text.ts'
import { sparkline } from './sparkline.ts'
import { renderTable } from './table.ts'

export function runListTable({ runs }: RunList): string {
  if (runs.length === 0) return 'No runs.'
  const metrics = headlineMetrics(runs)
  const rows = runs.map((run) => [
    run.runId,
    run.status,
    run.algorithm,
    pairs(run.params),
    ...metrics.map((metric) => run.metrics[metric]),
    showTime(run.startedAt),
    took(run),
  ])
  return renderTable(['run', 'status', 'algorithm', 'parameters', ...metrics, 'started (UTC)', 'took'], rows)
}

export function runDetailsText({ run, epochs, version }: RunDetails): string {
  const parts = [`run ${run.runId}`, renderTable(['property', 'value'], runProperties(run, version))]
  const metrics = Object.entries(run.metrics)
  if (metrics.length > 0) parts.push(renderTable(['metric', 'value'], metrics))
  if (epochs.length > 0) parts.push(curveTable(epochs), epochTable(epochs))
  return parts.join('\n')
}

function runProperties(run: Run, version: RunDetails['version']): string[][] {
  const phases = Object.entries(run.durationsMs).map(([phase, ms]) => `${phase} ${showDuration(ms)}`)
  return [
    ['status', run.status],
    ...(run.error === null ? [] : [['error', printable(run.error)]]),
    ['algorithm', run.algorithm],
    ['parameters', pairs(run.params)],
    ['seed', String(run.seed)],
    ['split', printable(run.split)],
    ['split fingerprint', run.splitFingerprint ?? ''],
    ['held out', 'nHeldOutRows' in run.heldOut ? heldOutLine(run.heldOut as unknown as HeldOutCounts) : ''],
    ['lake version', String(run.lakeVersion)],
    ['registered as', version === null ? '' : `${version.name} v${version.version} (${version.stage})`],
    ['started (UTC)', showTime(run.startedAt)],
    ['took', took(run)],
    ['phases', phases.join(', ')],
    ['tags', pairs(run.tags)],
    ['recsys, Node', `${run.programVersion}, ${run.nodeVersion}`],
  ]
}

function took({ startedAt, finishedAt }: Run): string {
  return finishedAt === null ? '-' : showDuration(between(startedAt, finishedAt))
}

/** One line a metric: how it went from the first epoch to the last. */
function curveTable(epochs: readonly EpochPoint[]): string {
  const rows = metricNames(epochs).map((metric) => {
    const values = epochs.filter((point) => point.metric === metric).map(({ value }) => value)
    return [metric, sparkline(values), values[0], values.at(-1)]
  })
  return renderTable(['metric', 'by epoch', 'first', 'last'], rows)
}

/** More epochs than this are thinned out evenly; the first and the last always stay. */
const mostEpochRows = 12

function epochTable(epochs: readonly EpochPoint[]): string {
  const numbers = [...new Set(epochs.map(({ epoch }) => epoch))]
  const nRows = Math.min(mostEpochRows, numbers.length)
  const step = (numbers.length - 1) / Math.max(1, nRows - 1)
  const shown = Array.from({ length: nRows }, (_, row) => numbers[Math.round(row * step)])
  const metrics = metricNames(epochs)
  const values = new Map(epochs.map(({ epoch, metric, value }) => [`${epoch} ${metric}`, value]))
  const rows = shown.map((epoch) => [epoch, ...metrics.map((metric) => values.get(`${epoch} ${metric}`))])
  return renderTable(['epoch', ...metrics], rows)
}

function metricNames(epochs: readonly EpochPoint[]): string[] {
  return [...new Set(epochs.map(({ metric }) => metric))]
}

export function runComparisonText({ runs, sameHeldOutRows, rows }: RunComparison): string {
  const [first, second] = runs
  const groups = new Map<string, ComparedValue[]>()
  for (const row of rows) groups.set(row.group, [...(groups.get(row.group) ?? []), row])
  const parts = [...groups].map(([group, values]) =>
    renderTable([titles[group], first.runId, second.runId, 'difference'], values.map(comparedRow)),
  )
  if (!sameHeldOutRows) {
    parts.push('The two were not scored on the same held-out rows: their metrics cannot be compared.')
  }
  return parts.join('\n')
}

const titles: Readonly<Record<string, string>> = {
  run: 'run',
  params: 'parameter',
  metrics: 'metric',
  durationsMs: 'duration, ms',
  tags: 'tag',
}

function comparedRow({
  group,
  name,
  first,
  second,
  difference,
  same,
}: ComparedValue): (string | number | boolean | null)[] {
  // A seed or a lake version is a name, not an amount: no thousands separators.
  const shown = [first, second].map((value) =>
    group === 'run' && value !== null ? printable(String(value)) : value,
  )
  return [printable(name), ...shown, same ? '=' : signed(difference)]
}

function signed(difference: number | null): string {
  if (difference === null) return 'differs'
  const text = Number.isInteger(difference) ? String(difference) : difference.toFixed(4)
  return difference > 0 ? `+${text}` : text
}
