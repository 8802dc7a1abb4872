import type { AlgorithmName, Params } from '../../models/types.ts'
import type { TrainReport } from '../train.ts'
import type { ParameterImportance } from './importance.ts'
import type { Strategy } from './suggest.ts'

/** What is searched: all that a resumed study takes over from the one that was interrupted. */
export interface TuneJob {
  readonly algorithm: AlgorithmName
  /** Fixed in every trial. */
  readonly params: Params
  /** In place of where the schema says to look: `reg=0.001..0.1:log`. */
  readonly space: readonly string[]
  readonly strategy: Strategy
  readonly nTrials: number
  /** Whether trials without hope end early. */
  readonly prune: boolean
  /** `rmse`, `ndcg@10` …; left out: what the algorithm is made for. */
  readonly metric?: string | undefined
  /** Share of the training rows that trials are judged by. */
  readonly validation: number
  readonly k: number
  readonly seed: number
  readonly split: string
  /** Name of the registered model. */
  readonly name: string
  readonly lakeVersion?: number | undefined
  readonly tags: Readonly<Record<string, string>>
}

/** How and where it is done. */
export interface TuneSetting {
  readonly dataDir: string
  /** After it no new trial begins. */
  readonly timeoutMs?: number | undefined
  readonly nThreads?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (text: string) => void
}

/** A trial that is over. */
export interface Trial {
  /** From 0; the first is the setting that the schema has for a default. */
  readonly number: number
  readonly runId: string
  readonly state: 'finished' | 'pruned' | 'failed'
  /** What was searched, without what is fixed. */
  readonly params: Params
  /** Of the validation rows; null for a trial that failed. */
  readonly value: number | null
  /** Of the trials up to this one; null while none has finished. */
  readonly bestSoFar: number | null
  readonly durationMs: number
  readonly error: string | null
}

/** The `--json` document of `recsys tune`. */
export interface TuneReport {
  readonly runId: string
  readonly algorithm: AlgorithmName
  readonly strategy: Strategy
  readonly metric: string
  readonly validation: number
  readonly space: readonly string[]
  readonly seed: number
  readonly split: string
  readonly lakeVersion: number
  readonly trials: readonly Trial[]
  readonly nFinished: number
  readonly nPruned: number
  readonly nFailed: number
  /** Trials that an interrupted study had finished before this one went on. */
  readonly nTakenOver: number
  /** Whether the time was over before all trials were done. */
  readonly timedOut: boolean
  readonly best: Trial
  /** Most important first; empty when there are too few trials to tell. */
  readonly importances: readonly ParameterImportance[]
  /** The best setting, trained on the whole training part and registered, with its figures on the held-out rows. */
  readonly model: TrainReport
}
