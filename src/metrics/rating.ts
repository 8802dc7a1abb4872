import type { Dataset, Masks } from '../dataset/types.ts'
import type { ErrorSums, Metrics, PerUserMetrics, Scorer } from './types.ts'

/** Errors of the held-out ratings, summed by user and by item in double precision; held-out rows without a rating do not count. */
export type RatingErrors = Pick<PerUserMetrics, 'users' | 'byItem' | keyof ErrorSums>

/** Predictions come clipped to the scale from the scorer. */
export function ratingErrors(
  { interactions, users, items }: Dataset,
  { isTest }: Masks,
  scorer: Scorer,
): RatingErrors {
  const { userIndex, itemIndex, rating, timestamp } = interactions
  const [byUser, byItem] = [noErrors(users.size), noErrors(items.size)]
  const isHeldOut = new Uint8Array(users.size)
  for (let row = 0; row < isTest.length; row++) {
    if (isTest[row] === 0) continue
    const [user, item] = [userIndex[row], itemIndex[row]]
    isHeldOut[user] = 1
    if (Number.isNaN(rating[row])) continue
    const error = rating[row] - scorer.predict(user, item, timestamp[row])
    add(byUser, user, error)
    add(byItem, item, error)
  }
  const withRows = Int32Array.from(isHeldOut.keys()).filter((user) => isHeldOut[user] === 1)
  return {
    users: withRows,
    counts: Int32Array.from(withRows, (user) => byUser.counts[user]),
    squaredErrors: Float64Array.from(withRows, (user) => byUser.squaredErrors[user]),
    absoluteErrors: Float64Array.from(withRows, (user) => byUser.absoluteErrors[user]),
    byItem,
  }
}

function noErrors(length: number): ErrorSums {
  return {
    counts: new Int32Array(length),
    squaredErrors: new Float64Array(length),
    absoluteErrors: new Float64Array(length),
  }
}

function add({ counts, squaredErrors, absoluteErrors }: ErrorSums, at: number, error: number): void {
  counts[at]++
  squaredErrors[at] += error * error
  absoluteErrors[at] += Math.abs(error)
}

/**
 * rmse = √(Σ(r − r̂)² / n), mae = Σ|r − r̂| / n over the held-out ratings. No such metrics where there is none, or where all
 * ratings of the data are equal: then there is nothing to predict.
 */
export function errorMetrics(errors: ErrorSums, { kind }: Pick<Dataset, 'kind'>): Metrics {
  const sum = (values: ArrayLike<number>) => {
    let total = 0
    for (let at = 0; at < values.length; at++) total += values[at]
    return total
  }
  const n = sum(errors.counts)
  if (n === 0 || kind === 'implicit') return {}
  return { rmse: Math.sqrt(sum(errors.squaredErrors) / n), mae: sum(errors.absoluteErrors) / n }
}

/** `errorMetrics` of a scorer on the held-out rows. */
export function ratingMetrics(dataset: Dataset, fold: Masks, scorer: Scorer): Metrics {
  return errorMetrics(ratingErrors(dataset, fold, scorer), dataset)
}
