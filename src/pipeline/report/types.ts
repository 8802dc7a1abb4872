import type { HeldOutCounts } from '../../dataset/held-out-counts.ts'
import type { PairedResult } from '../../metrics/paired/compare.ts'
import type { SegmentMetrics } from '../../metrics/segments.ts'
import type { EpochPoint, MetricValues, ParamValues } from '../../registry/types.ts'
import type { SegmentResult } from '../compare-versions.ts'

/** All that the page of an evaluation shows. */
export interface EvaluationDetails {
  readonly name: string
  /** null for a run that is not registered. */
  readonly version: number | null
  readonly algorithm: string
  readonly stage: string
  readonly runId: string
  readonly params: ParamValues
  readonly seed: number
  readonly lakeVersion: number
  readonly split: string
  /** Of the run that trained it, ISO 8601. */
  readonly trainedAt: string
  readonly counts: HeldOutCounts
  readonly notes: readonly string[]
  /** Lengths of the lists that were asked for. */
  readonly ks: readonly number[]
  /** Lengths of the curves. */
  readonly curveKs: readonly number[]
  /** Baselines first, the champion where there is one, the model last; metrics at all lengths. */
  readonly models: readonly NamedMetrics[]
  readonly confidence: number
  /** The model against each of the others, user by user. */
  readonly comparisons: readonly NamedComparison[]
  readonly segments: readonly SegmentMetrics[]
  /** Against the champion, where there is one. */
  readonly segmentResults: readonly SegmentResult[]
  readonly learning: readonly EpochPoint[]
  readonly examples: readonly ExampleUser[]
}

export interface NamedMetrics {
  readonly label: string
  readonly metrics: MetricValues
}

export interface NamedComparison {
  readonly against: string
  readonly results: readonly PairedResult[]
}

/** What one user has liked, and what the model would show. */
export interface ExampleUser {
  readonly userId: string
  readonly segment: string
  readonly nTrainRows: number
  readonly nHeldOutRows: number
  /** The best rated of the training rows. */
  readonly history: readonly ExampleItem[]
  readonly recommendations: readonly (ExampleItem & { readonly isHit: boolean })[]
}

export interface ExampleItem {
  readonly itemId: string
  readonly title: string | null
  readonly categories: readonly string[]
  /** Of the user; null where there is none. */
  readonly rating: number | null
}
