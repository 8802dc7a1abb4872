import { combineHashes, hashId } from '../dataset/id-hash.ts'
import type { Dataset, Masks } from '../dataset/types.ts'

/** Of early stopping: it judges a curve, and every row kept aside is one less to learn from. */
const earlyStoppingShare = 0.05

/**
 * A slice of the training rows, by a hash of the ids, to decide on: held-out rows are for the verdict alone.
 * @param share  of the training rows
 * @returns the masks without these rows, to learn from, and those that have them for their test part
 */
export function cutValidation(
  { users, items, interactions }: Dataset,
  fold: Masks,
  share = earlyStoppingShare,
): { learn: Masks; validate: Masks } {
  const salt = hashId('validation')
  const userHashes = users.ids.map(hashId)
  const itemHashes = items.ids.map((id) => {
    const { high, low } = hashId(id)
    return { high: high ^ salt.high, low: low ^ salt.low }
  })
  const isTest = fold.isTrain.map((isTrain, row) => {
    if (isTrain === 0) return 0
    const place = combineHashes(
      userHashes[interactions.userIndex[row]],
      itemHashes[interactions.itemIndex[row]],
    )
    return place < share ? 1 : 0
  })
  const isTrain = fold.isTrain.map((isOne, row) => isOne - isTest[row])
  // The users of these rows are learnt from: nobody is folded in.
  return { learn: { isTest: fold.isTest, isTrain }, validate: { isTrain, isTest } }
}
