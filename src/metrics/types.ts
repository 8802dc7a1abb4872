import type { Ranking } from '../dataset/ranking.ts'

/** What metrics need of a model: a rating for a pair, and how it orders items. */
export interface Scorer {
  /** Within the scale, never NaN. @param timestamp  Unix seconds, NaN where unknown */
  predict(userIndex: number, itemIndex: number, timestamp?: number): number
  ranking(): Ranking
}

/** By name: rmse, mae, and ndcg@k, recall@k, precision@k, map@k, mrr@k, hitRate@k, coverage@k. */
export type Metrics = Readonly<Record<string, number>>
