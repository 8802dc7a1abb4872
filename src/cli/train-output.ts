import type { EpochReport } from '../models/types.ts'
import type { TrainReport } from '../pipeline/train.ts'
import { heldOutLine, metricTable } from './metric-tables.ts'

/** `epoch 3/15  loss 0.6123  trainRmse 0.7012  2 s left`, with the pace since the first call. */
export function epochLines(): (report: EpochReport) => string {
  let started: number | undefined
  return ({ epoch, nEpochs, metrics }) => {
    const now = performance.now()
    started ??= now
    const figures = Object.entries(metrics).map(([name, value]) => `${name} ${value.toFixed(4)}`)
    // The first epoch has no pace yet.
    const left =
      epoch > 1 ? [`${(((now - started) / (epoch - 1) / 1000) * (nEpochs - epoch)).toFixed(1)} s left`] : []
    return [`epoch ${epoch}/${nEpochs}`, ...figures, ...left].join('  ')
  }
}

export function trainSummary(report: TrainReport): string {
  const { name, version, algorithm, runId, lakeVersion, split, durationsMs, artifactBytes } = report
  const seconds = Object.entries(durationsMs).map(([phase, ms]) => `${phase} ${(ms / 1000).toFixed(2)} s`)
  return [
    `${name} v${version}: ${algorithm}, run ${runId}, lake version ${lakeVersion}, split ${split}`,
    `${report.nTrainRows.toLocaleString('en-US')} ratings learnt from, ${heldOutLine(report)}`,
    metricTable(report.baselines, { [`${algorithm} v${version}`]: report.metrics }),
    `${seconds.join(', ')}; artifact ${(artifactBytes / 1e6).toFixed(1)} MB`,
    'Next: recsys promote',
  ].join('\n')
}
