import type { Ranking } from '../dataset/ranking.ts'
import type { Dataset, Masks } from '../dataset/types.ts'

/** What metrics need of a model: a rating for a pair, and how it orders items. */
export interface Scorer {
  /** Within the scale, never NaN. @param timestamp  Unix seconds, NaN where unknown */
  predict(userIndex: number, itemIndex: number, timestamp?: number): number
  ranking(): Ranking
  /** scores[i] of every item for somebody known by this history alone; left out where all get the same order. */
  scoreHistory?(history: readonly HistoryEntry[], scores: Float32Array): void
}

interface HistoryEntry {
  readonly itemIndex: number
  readonly rating: number
}

/** Which rows a model is judged on, and how long its lists are. */
export interface RankingQuestion {
  readonly dataset: Dataset
  readonly fold: Masks
  /** Lengths of the lists, each 1 or more; one ranking answers for all of them. */
  readonly ks: readonly number[]
  /** Also `auc`, which looks at every item instead of the best: about as much work again. */
  readonly auc?: boolean | undefined
  /** Category names of every item, for `diversity@k`; left out where the lake has none. */
  readonly categories?: ItemCategories | undefined
  /** Also the figures of the NCF protocol, under names of their own. */
  readonly sampled?: SampledProtocol | undefined
  readonly signal?: AbortSignal | undefined
}

export interface SampledProtocol {
  /** Items that each user's held-out ones compete with. */
  readonly nItems: number
  readonly seed: number
}

/** One list of names an item, in the order of the dataset's items. */
export type ItemCategories = readonly (readonly string[])[]

/** By name, as `metricCatalogue` has them: rmse, mae, auc, and ndcg@10, coverage@10 … for every k asked for. */
export type Metrics = Readonly<Record<string, number>>

/** Errors on the held-out rows, summed: parallel arrays. */
export interface ErrorSums {
  /** Held-out ratings of each user and of each item. */
  readonly counts: Int32Array
  /** Σ(r − r̂)² over the held-out rows: rmse = √(Σ squaredErrors ÷ Σ counts). */
  readonly squaredErrors: Float64Array
  /** Σ|r − r̂| over the held-out rows: mae = Σ absoluteErrors ÷ Σ counts. */
  readonly absoluteErrors: Float64Array
}

/**
 * What a model did for each user with held-out rows: the pairs that paired tests and bootstraps over users need. All
 * arrays are parallel to `users`, whose order depends on dataset and fold alone, never on the model.
 */
export interface PerUserMetrics extends ErrorSums {
  /** Dense indices of the dataset, ascending. */
  readonly users: Int32Array
  /** The same errors summed by item, one entry an item of the dataset: what paired tests on errors need as well. */
  readonly byItem: ErrorSums
  /**
   * By metric name, `ndcg@10` …: one value a user, whose mean over the users is the metric; NaN for a user who has no relevant
   * held-out item, and who takes no part in the mean.
   */
  readonly values: Readonly<Record<string, Float64Array>>
}

/** One model on one fold. */
export interface Evaluation {
  readonly metrics: Metrics
  readonly perUser: PerUserMetrics
  readonly lists: TopLists
}

/** The best items of every user with held-out rows. */
export interface TopLists {
  /** Dense indices of the dataset, ascending. */
  readonly users: Int32Array
  /** Length of every list: the largest k asked for. */
  readonly length: number
  /** users.length × length item indices, best first, −1 where the catalogue ends. */
  readonly items: Int32Array
}
