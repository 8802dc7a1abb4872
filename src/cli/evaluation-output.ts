import { sampledNote } from '../metrics/catalogue.ts'
import type { SegmentMetrics } from '../metrics/segments.ts'
import type { CrossValidationReport } from '../pipeline/cross-validate.ts'
import { type EvaluationReport, subjectText } from '../pipeline/evaluate.ts'
import { heldOutLine, metricColumns, usualMetrics } from './metric-tables.ts'
import { renderTable } from './table.ts'

export function evaluationSummary(report: EvaluationReport): string {
  const { version, algorithm, stage, lakeVersion, split, segments, splitNotes } = report
  return [
    `${subjectText(report)}: ${algorithm}, stage ${stage}, lake version ${lakeVersion}, split ${split}`,
    heldOutLine(report),
    ...splitNotes,
    metricColumns(report.baselines, {
      [version === null ? algorithm : `${algorithm} v${version}`]: report.metrics,
    }),
    ...(report.sampled === null ? [] : [sampledNote]),
    ...(segments.length === 0 ? [] : [segmentTable(segments)]),
  ].join('\n')
}

function segmentTable(segments: readonly SegmentMetrics[]): string {
  const metrics = usualMetrics(segments[0].metrics)
  const rows = segments.map(({ name, nUsers, nHeldOutRows, metrics: values }) => [
    name,
    nUsers,
    nHeldOutRows,
    ...metrics.map((metric) => values[metric]),
  ])
  return renderTable(['segment', 'users', 'rows', ...metrics], rows)
}

export function crossValidationSummary(report: CrossValidationReport): string {
  const { algorithm, split, lakeVersion, folds, metrics, deviations, durationMs, heldOut } = report
  const names = usualMetrics(metrics)
  const rows = [
    ...folds.map((fold, at) => [`fold ${at + 1}`, ...names.map((name) => fold[name])]),
    ['mean', ...names.map((name) => metrics[name])],
    ['standard deviation', ...names.map((name) => deviations[name])],
  ]
  return [
    `${algorithm} on ${folds.length} fold${folds.length === 1 ? '' : 's'}: lake version ${lakeVersion}, split ${split}, ${(durationMs / 1000).toFixed(1)} s`,
    ...heldOut.map((counts, at) => `${folds.length > 1 ? `fold ${at + 1}: ` : ''}${heldOutLine(counts)}`),
    ...report.splitNotes,
    ...(folds.length > 1 ? [renderTable(['', ...names], rows)] : []),
    `beside the baselines${folds.length > 1 ? ', means over the folds' : ''}`,
    metricColumns(report.baselines, { [algorithm]: metrics }),
    ...(report.sampled === null ? [] : [sampledNote]),
  ].join('\n')
}
