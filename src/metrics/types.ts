/** What metrics need of a model: a rating for a pair, and the order of items as one inner product. */
export interface Scorer {
  /** Within the scale, never NaN. */
  predict(userIndex: number, itemIndex: number): number
  /** score(u, i) = ⟨userRows[u], itemRows[i]⟩ plus a term of the user alone; row-major, `width` a multiple of 4. */
  rankingFactors(): {
    readonly width: number
    readonly userRows: Float32Array
    readonly itemRows: Float32Array
  }
}

/** By name: rmse, mae, and ndcg@k, recall@k, precision@k, map@k, mrr@k, hitRate@k, coverage@k. */
export type Metrics = Readonly<Record<string, number>>
