import type { Dataset, Masks } from './types.ts'

/** How large the parts of a fold are, and what of the held-out part nothing is known about. */
export interface HeldOutCounts {
  readonly nTrainRows: number
  /** Told to the model for lists, not learnt from. */
  readonly nFoldInRows: number
  readonly nHeldOutRows: number
  /** In no part. */
  readonly nLeftOutRows: number
  /** Users with at least one held-out row. */
  readonly nHeldOutUsers: number
  /** Users of the held-out part without a row that is learnt from or folded in. */
  readonly nColdUsers: number
  /** Items of the held-out part that no row is learnt from. */
  readonly nColdItems: number
  /** Held-out rows of a cold user or a cold item. */
  readonly nColdRows: number
}

export function countHeldOut({ users, items, interactions }: Dataset, fold: Masks): HeldOutCounts {
  const { isTest, isTrain, isFoldIn } = fold
  const { userIndex, itemIndex } = interactions
  const [knownUsers, knownItems] = [new Uint8Array(users.size), new Uint8Array(items.size)]
  let [nTrainRows, nFoldInRows] = [0, 0]
  for (let row = 0; row < isTest.length; row++) {
    const foldedIn = isFoldIn?.[row] ?? 0
    nTrainRows += isTrain[row]
    nFoldInRows += foldedIn
    if (isTrain[row] === 1) knownItems[itemIndex[row]] = 1
    if (isTrain[row] === 1 || foldedIn === 1) knownUsers[userIndex[row]] = 1
  }
  const [heldUsers, coldUsers, coldItems] = [new Set<number>(), new Set<number>(), new Set<number>()]
  let [nHeldOutRows, nColdRows] = [0, 0]
  for (let row = 0; row < isTest.length; row++) {
    if (isTest[row] === 0) continue
    const [user, item] = [userIndex[row], itemIndex[row]]
    heldUsers.add(user)
    if (knownUsers[user] === 0) coldUsers.add(user)
    if (knownItems[item] === 0) coldItems.add(item)
    if (knownUsers[user] === 0 || knownItems[item] === 0) nColdRows++
    nHeldOutRows++
  }
  return {
    ...{ nTrainRows, nFoldInRows, nHeldOutRows },
    nLeftOutRows: isTest.length - nTrainRows - nFoldInRows - nHeldOutRows,
    ...{ nHeldOutUsers: heldUsers.size, nColdUsers: coldUsers.size, nColdItems: coldItems.size, nColdRows },
  }
}
