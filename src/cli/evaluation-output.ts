import type { CrossValidationReport } from '../pipeline/cross-validate.ts'
import type { EvaluationReport } from '../pipeline/evaluate.ts'
import { heldOutLine, metricTable } from './metric-tables.ts'
import { renderTable } from './table.ts'

export function evaluationSummary(report: EvaluationReport): string {
  const { name, version, algorithm, stage, lakeVersion, split } = report
  return [
    `${name} v${version}: ${algorithm}, stage ${stage}, lake version ${lakeVersion}, split ${split}`,
    heldOutLine(report),
    metricTable(report.baselines, { [`${algorithm} v${version}`]: report.metrics }),
  ].join('\n')
}

export function crossValidationSummary(report: CrossValidationReport): string {
  const { algorithm, split, lakeVersion, folds, metrics, deviations, durationMs } = report
  const names = Object.keys(metrics)
  const rows = [
    ...folds.map((fold, at) => [`fold ${at + 1}`, ...names.map((name) => fold[name])]),
    ['mean', ...names.map((name) => metrics[name])],
    ['standard deviation', ...names.map((name) => deviations[name])],
  ]
  return [
    `${algorithm} on ${folds.length} fold${folds.length === 1 ? '' : 's'}: lake version ${lakeVersion}, split ${split}, ${(durationMs / 1000).toFixed(1)} s`,
    renderTable(['', ...names], rows),
    'beside the baselines, means over the folds',
    metricTable(report.baselines, { [algorithm]: metrics }),
  ].join('\n')
}
