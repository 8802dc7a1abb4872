import type { Trial, TuneReport } from '../pipeline/tune/types.ts'
import { pairs, printable } from './registry-text.ts'
import { renderTable } from './table.ts'
import { trainSummary } from './train-output.ts'

export function tuneSummary(report: TuneReport): string {
  const { runId, algorithm, strategy, metric, validation, lakeVersion, split, trials, best, model } = report
  const share = `${+(100 * validation).toPrecision(4)} %`
  const parts = [
    `study ${runId}: ${algorithm} by ${strategy}, lake version ${lakeVersion}, split ${split}`,
    `searched ${report.space.join(' ')}, judged by ${metric} on ${share} of the training rows`,
    trialTable(trials, metric),
    ...importanceTable(report),
    counts(report),
    `best: trial ${best.number} with ${pairs(best.params)}, ${metric} ${best.value?.toFixed(5)} on the validation rows`,
    '',
    trainSummary(model),
  ]
  return parts.join('\n')
}

function trialTable(trials: readonly Trial[], metric: string): string {
  const rows = trials.map(({ number, state, params, value, bestSoFar, durationMs, error }) => [
    String(number),
    state,
    error === null ? pairs(params) : printable(error, 60),
    value?.toFixed(5),
    bestSoFar?.toFixed(5),
    `${(durationMs / 1000).toFixed(1)} s`,
  ])
  return renderTable(['trial', '', 'parameters', metric, 'best so far', 'took'], rows)
}

function importanceTable({ importances }: TuneReport): string[] {
  if (importances.length < 2) return []
  const rows = importances.map(({ name, share }) => [name, `${(100 * share).toFixed(0)} %`])
  return [renderTable(['parameter', 'importance'], rows)]
}

function counts({ nFinished, nPruned, nFailed, nTakenOver, timedOut }: TuneReport): string {
  const parts = [`${nFinished} finished`, `${nPruned} pruned`, `${nFailed} failed`]
  if (nTakenOver > 0) parts.push(`${nTakenOver} taken over from before the interruption`)
  return `${parts.join(', ')}${timedOut ? '; the time was over before all had begun' : ''}`
}
