import type { TrainingSet } from './types.ts'

/** The mean training rating; the middle of the scale when there is none. */
export function meanRating({ ratings, ratingRange }: TrainingSet): number {
  const { values } = ratings.byUser
  if (values.length === 0) return (ratingRange[0] + ratingRange[1]) / 2
  let sum = 0
  for (let entry = 0; entry < values.length; entry++) sum += values[entry]
  return sum / values.length
}
