import { combineHashes, hashId } from '../dataset/id-hash.ts'
import type { Dataset, Masks } from '../dataset/types.ts'

/** Share of the training rows that early stopping judges by. */
const validationShare = 0.05

/**
 * A slice of the training rows, by a hash of the ids, to decide on: held-out rows are for the verdict alone.
 * @returns the masks without these rows, to learn from, and the fold that has them for its test part
 */
export function cutValidation(
  { users, items, ratings }: Dataset,
  fold: Masks,
): { learn: Masks; validate: Masks } {
  const salt = hashId('validation')
  const userHashes = users.ids.map(hashId)
  const itemHashes = items.ids.map((id) => {
    const { high, low } = hashId(id)
    return { high: high ^ salt.high, low: low ^ salt.low }
  })
  const isTest = fold.isTrain.map((isTrain, row) => {
    if (isTrain === 0) return 0
    const place = combineHashes(userHashes[ratings.userIndex[row]], itemHashes[ratings.itemIndex[row]])
    return place < validationShare ? 1 : 0
  })
  const isTrain = fold.isTrain.map((isOne, row) => isOne - isTest[row])
  return { learn: { isTest: fold.isTest, isTrain }, validate: { isTrain, isTest } }
}
