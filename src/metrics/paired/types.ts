/** Sums of two models on the same rows. */
export interface PairedSums {
  /** All at least 0, the same of both models: they are judged on the same rows. */
  readonly weights: Float64Array
  readonly champion: Float64Array
  readonly challenger: Float64Array
}

/**
 * One metric of two models, user by user. A model's value is Σ sums ÷ Σ weights over the users, and the square root of that
 * with `root`: NDCG has one value and the weight 1 a user, RMSE the squared errors and the number of ratings.
 */
export interface PairedSample extends PairedSums {
  readonly metric: string
  readonly lowerIsBetter: boolean
  readonly root: boolean
  /** The same rows summed by item, where the metric is a mean over rows. */
  readonly byItem?: PairedSums | undefined
}

/** From, to: with the chosen confidence the gain lies between. */
export type Interval = readonly [low: number, high: number]
