import type { EpochReport } from '../models/types.ts'
import { memoryText } from '../pipeline/memory-plan.ts'
import type { TrainReport } from '../pipeline/train.ts'
import { heldOutLine, metricTable } from './metric-tables.ts'

/** `epoch 3/15  loss 0.6123  trainRmse 0.7012  2 s left`, with the pace since the first epoch of the fit. */
export function epochLines(): (report: EpochReport) => string {
  let first: { readonly epoch: number; readonly at: number } | undefined
  return ({ epoch, nEpochs, metrics }) => {
    const now = performance.now()
    if (first === undefined || epoch <= first.epoch) first = { epoch, at: now }
    const figures = Object.entries(metrics).map(([name, value]) => `${name} ${value.toFixed(4)}`)
    const paceMs = (now - first.at) / (epoch - first.epoch)
    // The first epoch has no pace yet.
    const left = epoch > first.epoch ? [`${((paceMs / 1000) * (nEpochs - epoch)).toFixed(1)} s left`] : []
    return [`epoch ${epoch}/${nEpochs}`, ...figures, ...left].join('  ')
  }
}

export function trainSummary(report: TrainReport): string {
  const { name, version, algorithm, runId, lakeVersion, split, durationsMs, artifactBytes, memory } = report
  const seconds = Object.entries(durationsMs).map(([phase, ms]) => `${phase} ${(ms / 1000).toFixed(2)} s`)
  return [
    `${version === null ? 'not registered' : `${name} v${version}`}: ${algorithm}, run ${runId}, lake version ${lakeVersion}, split ${split}`,
    `${report.nTrainRows.toLocaleString('en-US')} ratings learnt from, ${heldOutLine(report)}`,
    ...report.splitNotes,
    metricTable(report.baselines, {
      [version === null ? algorithm : `${algorithm} v${version}`]: report.metrics,
    }),
    `${seconds.join(', ')}; artifact ${(artifactBytes / 1e6).toFixed(1)} MB, ${memoryText(memory)}`,
    version === null ? `Next: recsys models register ${runId}` : 'Next: recsys promote',
  ].join('\n')
}
