import type { Evaluation } from '../../metrics/types.ts'
import type { AttachedLoadTest } from '../../registry/types.ts'
import type { MetricChoice, MinimumGain } from '../metric-order.ts'
import type { EvaluatedBaselines } from '../types.ts'

/** What a challenger has to show before it takes a stage. */
export interface PromotionPolicy {
  /** The metric that decides. */
  readonly metric: MetricChoice
  /** By how much it has to be better than the champion. */
  readonly minGain: MinimumGain
  /** With it, the interval of the gain has to lie above zero. */
  readonly confidence: number | undefined
  /** Rows that the challenger has to beat in the metric, besides the champion. */
  readonly mustBeat: readonly BaselineName[]
  readonly guards: readonly Guard[]
}

export const baselineNames = ['popularity', 'bias', 'globalMean'] as const
export type BaselineName = (typeof baselineNames)[number]

/** A bound that another figure has to keep, whatever the metric says. */
export interface Guard {
  /** As it was written. */
  readonly text: string
  /** `ndcg@10`, `coverage@10`, `p95LatencyMs` … */
  readonly measure: string
  readonly source: 'metric' | 'load test'
  readonly operator: '>=' | '<=' | '>' | '<'
  /** In the measure's unit; relative: the share by which it may change against the champion. */
  readonly bound: number
  readonly relative: boolean
}

/** The policy as flags and files write it; what is left out comes from the next place, in the end from the defaults. */
export interface PolicyTexts {
  readonly metric?: string | undefined
  readonly minGain?: string | undefined
  readonly confidence?: string | undefined
  readonly mustBeat?: readonly string[] | undefined
  readonly guards?: readonly string[] | undefined
}

/** What a policy is judged on: models scored on the same rows, and what load tests found. */
export interface Evidence {
  readonly challenger: Evaluation
  /** undefined when the stage is empty, or when the version there cannot be read. */
  readonly champion: Evaluation | undefined
  readonly baselines: EvaluatedBaselines
  readonly loadTests: {
    readonly challenger: AttachedLoadTest | undefined
    readonly champion: AttachedLoadTest | undefined
  }
}
