import type { Dataset, Masks } from '../dataset/types.ts'
import type { ErrorSums, Metrics, PerUserMetrics, Scorer } from './types.ts'

/** Errors of the held-out ratings, summed a user and an item in double precision. */
export type RatingErrors = Pick<PerUserMetrics, 'users' | 'byItem' | keyof ErrorSums>

/** Predictions come clipped to the scale from the scorer. */
export function ratingErrors(
  { ratings, users, items }: Dataset,
  { isTest }: Masks,
  scorer: Scorer,
): RatingErrors {
  const { userIndex, itemIndex, rating, timestamp } = ratings
  const [byUser, byItem] = [noErrors(users.size), noErrors(items.size)]
  for (let row = 0; row < isTest.length; row++) {
    if (isTest[row] === 0) continue
    const [user, item] = [userIndex[row], itemIndex[row]]
    const error = rating[row] - scorer.predict(user, item, timestamp[row])
    add(byUser, user, error)
    add(byItem, item, error)
  }
  const withRows = Int32Array.from(byUser.counts.keys()).filter((user) => byUser.counts[user] > 0)
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

/** rmse = √(Σ(r − r̂)² / n), mae = Σ|r − r̂| / n over all held-out rows; NaN when there is none. */
export function errorMetrics(errors: ErrorSums): Metrics {
  const sum = (values: ArrayLike<number>) => {
    let total = 0
    for (let at = 0; at < values.length; at++) total += values[at]
    return total
  }
  const n = sum(errors.counts)
  return { rmse: Math.sqrt(sum(errors.squaredErrors) / n), mae: sum(errors.absoluteErrors) / n }
}

/** `errorMetrics` of a scorer on the held-out rows. */
export function ratingMetrics(dataset: Dataset, fold: Masks, scorer: Scorer): Metrics {
  return errorMetrics(ratingErrors(dataset, fold, scorer))
}
