import type { Dataset, Masks } from '../dataset/types.ts'
import type { Metrics, Scorer } from './types.ts'

/**
 * Of the held-out ratings: rmse = √(Σ(r − r̂)² / n), mae = Σ|r − r̂| / n, accumulated in double precision. NaN when there
 * is none.
 */
export function ratingMetrics({ ratings }: Dataset, { isTest }: Masks, scorer: Scorer): Metrics {
  const { userIndex, itemIndex, rating, timestamp } = ratings
  let [squares, absolutes, n] = [0, 0, 0]
  for (let row = 0; row < isTest.length; row++) {
    if (isTest[row] === 0) continue
    const error = rating[row] - scorer.predict(userIndex[row], itemIndex[row], timestamp[row])
    squares += error * error
    absolutes += Math.abs(error)
    n++
  }
  return { rmse: Math.sqrt(squares / n), mae: absolutes / n }
}
