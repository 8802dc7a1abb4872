import { createBitset, has, insertAll } from '../shared/bitset.ts'
import { textAt } from '../shared/id-table.ts'
import type { SharedModel } from '../shared/shared-model.ts'
import { createTopK, selectTopK } from './top-k.ts'

export interface SimilarUser {
  readonly userId: string
  /** From -1 to 1. */
  readonly similarity: number
}

/**
 * The k users nearest to one: by the cosine of their factors, or where a model has none by the cosine of what they have
 * touched, |A ∩ B| / √(|A| |B|). Users who have nothing in common with anybody are not among them.
 */
export function similarUsers(shared: SharedModel, userIndex: number, k: number): SimilarUser[] {
  const similarity =
    shared.rankedBy === 'factors' ? byFactors(shared, userIndex) : byHistory(shared, userIndex)
  similarity[userIndex] = Number.NaN
  const best = createTopK(k)
  selectTopK(similarity, createBitset(similarity.length), k, best)
  return Array.from(best.indices.subarray(0, best.count), (index, rank) => {
    return { userId: textAt(shared.users, index), similarity: best.scores[rank]! }
  }).filter((user) => user.similarity !== 0)
}

function byFactors({ userRows, scoring, users }: SharedModel, userIndex: number): Float32Array {
  const { width } = scoring
  const similarity = new Float32Array(users.size)
  const own = userRows.subarray(userIndex * width, (userIndex + 1) * width)
  const left = scoring.blocks.constantColumn
  for (let user = 0; user < similarity.length; user++) {
    const start = user * width
    let [product, square] = [0, 0]
    for (let i = 0; i < width; i++) {
      if (i === left) continue
      const value = userRows[start + i]!
      product += value * own[i]!
      square += value * value
    }
    similarity[user] = square > 0 ? product / Math.sqrt(square) : 0
  }
  const ownNorm = Math.sqrt(own.reduce((sum, value, i) => (i === left ? sum : sum + value * value), 0))
  return ownNorm > 0 ? similarity.map((value) => value / ownNorm) : similarity.fill(0)
}

function byHistory(
  { historyStarts, historyItems, users, items }: SharedModel,
  userIndex: number,
): Float32Array {
  const similarity = new Float32Array(users.size)
  const touched = createBitset(items.size)
  const ownLength = historyStarts[userIndex + 1]! - historyStarts[userIndex]!
  insertAll(touched, historyItems.subarray(historyStarts[userIndex], historyStarts[userIndex + 1]))
  for (let user = 0; user < similarity.length; user++) {
    const [start, end] = [historyStarts[user]!, historyStarts[user + 1]!]
    let common = 0
    for (let entry = start; entry < end; entry++) if (has(touched, historyItems[entry]!)) common++
    if (common > 0) similarity[user] = common / Math.sqrt(ownLength * (end - start))
  }
  return similarity
}
