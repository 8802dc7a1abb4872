import { byUser } from '../dataset/dataset.ts'
import type { RankingQuestion } from './types.ts'

/** A part of the users with held-out rows. */
export interface UserSegment {
  /** `activity 1 of 4` (fewest training rows) to `activity 4 of 4`, `cold users`, `warm users`. */
  readonly name: string
  /** Places in `PerUserMetrics.users`, ascending; never empty. */
  readonly places: Int32Array
  readonly nHeldOutRows: number
}

const nQuartiles = 4

/**
 * Quartiles by the number of training rows (equal numbers by user index, so that the four are of a size), and cold users, who
 * have none, beside warm ones. Every user is in one quartile, and either cold or warm.
 */
export function userSegments({
  dataset,
  fold,
}: Pick<RankingQuestion, 'dataset' | 'fold'>): readonly UserSegment[] {
  const [train, heldOut] = [byUser(dataset, fold.isTrain), byUser(dataset, fold.isTest)]
  const rowsOf = ({ rowStarts }: typeof train, user: number) => rowStarts[user + 1] - rowStarts[user]
  const users = Int32Array.from({ length: dataset.users.size }, (_, user) => user)
  const activity = users.filter((user) => rowsOf(heldOut, user) > 0).map((user) => rowsOf(train, user))
  const places = Int32Array.from(activity.keys())
  const byActivity = places.toSorted((a, b) => activity[a] - activity[b] || a - b)
  const quartile = (n: number) =>
    byActivity
      .subarray(
        Math.round((n * places.length) / nQuartiles),
        Math.round(((n + 1) * places.length) / nQuartiles),
      )
      .toSorted()
  const heldOutRows = users.filter((user) => rowsOf(heldOut, user) > 0).map((user) => rowsOf(heldOut, user))
  return [
    ...Array.from({ length: nQuartiles }, (_, n) => ({
      name: `activity ${n + 1} of ${nQuartiles}`,
      places: quartile(n),
    })),
    { name: 'cold users', places: places.filter((place) => activity[place] === 0) },
    { name: 'warm users', places: places.filter((place) => activity[place] > 0) },
  ]
    .filter((segment) => segment.places.length > 0)
    .map((segment) => ({
      ...segment,
      nHeldOutRows: segment.places.reduce((sum, place) => sum + heldOutRows[place], 0),
    }))
}
