import type { HeldOutCounts } from '../dataset/held-out-counts.ts'
import type { SegmentMetrics } from '../metrics/segments.ts'
import type { Evaluation } from '../metrics/types.ts'
import type { MetricValues, ModelVersion } from '../registry/types.ts'
import type { PreparedData } from './prepare.ts'

/** The rows that always stand beside a model. */
export interface Baselines {
  readonly globalMean: MetricValues
  readonly bias: MetricValues
  readonly popularity: MetricValues
}

export type EvaluatedBaselines = Readonly<Record<keyof Baselines, Evaluation>>

/** Models scored on the same held-out rows. */
export interface HoldoutScores extends HeldOutCounts {
  readonly data: PreparedData
  readonly lakeVersion: number
  readonly split: string
  readonly splitFingerprint: string
  /** What a reader of the numbers should know of the cut. */
  readonly splitNotes: readonly string[]
  /** What a model must be shown against; keys as in `metricCatalogue`. */
  readonly baselines: Baselines
  readonly evaluatedBaselines: EvaluatedBaselines
  /** One entry a version, in the order asked for: the metrics, and what it did for each user. */
  readonly evaluations: readonly Evaluation[]
  /**
   * How many of the held-out rows each has learnt from: 0, unless its lake version or split is another one. null where nobody
   * can tell.
   */
  readonly nLearntRows: readonly (number | null)[]
  /** Of each, where segments were asked for. */
  readonly segments: readonly (readonly SegmentMetrics[])[]
  /** The metrics of each. */
  readonly scores: readonly MetricValues[]
}

export interface HoldoutQuestion {
  readonly dataDir: string
  readonly versions: readonly ModelVersion[]
  /** The rows: this lake version, cut by this split and seed. */
  readonly lakeVersion: number
  readonly split: string
  readonly seed: number
  /** Lengths of the lists. */
  readonly ks: readonly number[]
  /** Further lengths, as far as the catalogue goes. */
  readonly furtherKs?: readonly number[] | undefined
  /** Also `auc`. */
  readonly auc?: boolean | undefined
  readonly segments?: boolean | undefined
  /** Also the NCF protocol with so many sampled items. */
  readonly sampled?: number | undefined
  readonly nThreads?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((text: string) => void) | undefined
}
