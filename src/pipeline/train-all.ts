import { RecsysError } from '../errors.ts'
import { algorithms } from '../models/algorithms.ts'
import type { AlgorithmName } from '../models/types.ts'
import { type TrainOptions, type TrainReport, train } from './train.ts'
import type { Baselines } from './types.ts'

/** The `--json` document of `recsys train --all`. */
export interface TrainAllReport {
  readonly reports: readonly TrainReport[]
  /** Algorithms that this machine or this catalogue is too small or too large for, and why. */
  readonly refused: readonly { readonly algorithm: AlgorithmName; readonly reason: string }[]
  readonly baselines: Baselines | undefined
  readonly warnings: readonly string[]
}

/**
 * Trains and registers every algorithm with its defaults on the same rows, one after the other. An algorithm that does not
 * fit into memory is named and left out.
 */
export async function trainAll(options: Omit<TrainOptions, 'algorithm' | 'params'>): Promise<TrainAllReport> {
  const reports: TrainReport[] = []
  const refused: { algorithm: AlgorithmName; reason: string }[] = []
  for (const algorithm of Object.keys(algorithms) as AlgorithmName[]) {
    try {
      reports.push(await train({ ...options, algorithm, params: {} }))
    } catch (error) {
      if (!(error instanceof RecsysError && error.code === 'RECSYS_MEMORY')) throw error
      refused.push({ algorithm, reason: error.message })
    }
  }
  return { reports, refused, baselines: reports[0]?.baselines, warnings: warningsOf(reports) }
}

/** The lowest RMSE says little about lists: who promotes by it should know. */
function warningsOf(reports: readonly TrainReport[]): string[] {
  const [best] = reports.toSorted((a, b) => a.metrics.rmse - b.metrics.rmse)
  if (best === undefined) return []
  const ndcg = `ndcg@${best.k}`
  const [own, popularity] = [best.metrics[ndcg], best.baselines.popularity[ndcg]]
  if (!(own < popularity)) return []
  const figures = `${ndcg} ${own.toFixed(4)} against ${popularity.toFixed(4)}`
  return [
    `${best.algorithm} has the best rmse, yet ranks worse than popularity (${figures}): to serve lists, promote by --metric ${ndcg}.`,
  ]
}
