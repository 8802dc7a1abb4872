import { readFileSync } from 'node:fs'
import type { Csr, TrainingSet } from '../../src/dataset/types.ts'
import { normalAt, uniformAt } from '../../src/kernels/random.ts'

export interface RatingRow {
  readonly user: number
  readonly item: number
  readonly rating: number
  /** Unix seconds */
  readonly timestamp?: number
}

/** Ratings that a biased factorisation of rank 3 explains up to noise, on a scale of 1 to 5. */
export function generatedRatings(nUsers: number, nItems: number, share: number, seed: number): RatingRow[] {
  const rows: RatingRow[] = []
  for (let user = 0; user < nUsers; user++) {
    for (let item = 0; item < nItems; item++) {
      if (uniformAt(seed, user * nItems + item) >= share) continue
      let rating = 3.3 + 0.5 * normalAt(seed + 1, user) + 0.5 * normalAt(seed + 2, item)
      for (let f = 0; f < 3; f++)
        rating += 0.5 * normalAt(seed + 3, 3 * user + f) * normalAt(seed + 4, 3 * item + f)
      rating += 0.4 * normalAt(seed + 5, user * nItems + item)
      rows.push({ user, item, rating: Math.min(5, Math.max(1, Math.round(rating))) })
    }
  }
  return rows
}

/** MovieLens 100K as dense indices. */
export function readMovieLens100k(folder: string): RatingRow[] {
  const lines = readFileSync(`${folder}/u.data`, 'utf8').trimEnd().split('\n')
  const cells = lines.map((line) => line.split('\t').map(Number))
  return cells.map(([user, item, rating]) => ({ user: user - 1, item: item - 1, rating }))
}

/** @param changes  to what the rows say */
export function trainingSetOf(
  rows: readonly RatingRow[],
  nUsers: number,
  nItems: number,
  changes: Partial<TrainingSet> = {},
): TrainingSet {
  const flipped = rows.map(({ user, item, rating }) => ({ user: item, item: user, rating }))
  const range = rows.length === 0 ? [1, 5] : [1, rows.reduce((most, { rating }) => Math.max(most, rating), 1)]
  const set: TrainingSet = {
    kind: 'explicit',
    nUsers,
    nItems,
    get ratings() {
      return set
    },
    weights: () => undefined,
    byUser: csrOf(rows, nUsers, nItems),
    byItem: csrOf(flipped, nItems, nUsers),
    ratingRange: range as [number, number],
    timestamps: () => Float64Array.from(inUserOrder(rows), ({ timestamp }) => timestamp ?? Number.NaN),
    ...changes,
  }
  return set
}

function inUserOrder(rows: readonly RatingRow[]): RatingRow[] {
  return [...rows].sort((a, b) => a.user - b.user || a.item - b.item)
}

function csrOf(rows: readonly RatingRow[], nRows: number, nColumns: number): Csr {
  const sorted = inUserOrder(rows)
  const rowStarts = new Int32Array(nRows + 1)
  for (const { user } of sorted) rowStarts[user + 1]++
  for (let row = 0; row < nRows; row++) rowStarts[row + 1] += rowStarts[row]
  return {
    nRows,
    nColumns,
    rowStarts,
    columns: Int32Array.from(sorted, ({ item }) => item),
    values: Float32Array.from(sorted, ({ rating }) => rating),
  }
}
