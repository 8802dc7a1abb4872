import type { MetricValues, ModelVersion } from '../registry/types.ts'

/** The rows that always stand beside a model. */
export interface Baselines {
  readonly globalMean: MetricValues
  readonly bias: MetricValues
  readonly popularity: MetricValues
}

/** Models scored on the same held-out rows. */
export interface HoldoutScores {
  readonly lakeVersion: number
  readonly split: string
  readonly splitFingerprint: string
  readonly nHeldOutRows: number
  /** Users with at least one held-out row. */
  readonly nHeldOutUsers: number
  /** What a model must be shown against: keys rmse, mae, ndcg@k, recall@k, precision@k, map@k, mrr@k, hitRate@k, coverage@k. */
  readonly baselines: Baselines
  /** One entry a version, in the order asked for. */
  readonly scores: readonly MetricValues[]
}

export interface HoldoutQuestion {
  readonly dataDir: string
  readonly versions: readonly ModelVersion[]
  /** The rows: this lake version, cut by this split and seed. */
  readonly lakeVersion: number
  readonly split: string
  readonly seed: number
  readonly k: number
  readonly nThreads?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((text: string) => void) | undefined
}
