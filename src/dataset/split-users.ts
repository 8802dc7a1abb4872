import { combineHashes, hashId } from './id-hash.ts'
import { rowPlaces, rowsOfUsers } from './split-time.ts'
import type { Dataset, Masks } from './types.ts'

/** Of a held-out user's history what is told to the model, as in the protocol of Liang et al. 2018 (Mult-VAE). */
const foldInShare = 0.8

/**
 * Strong generalisation: a share of the users, by a hash of their ids, is not learnt from at all. Of the history of each of
 * them a fifth (rounded down, by a hash of user and item) is held out; the rest is what the model folds in. Who has fewer than
 * five rows is not asked.
 */
export function holdOutUsers(dataset: Dataset, fraction: number): Masks {
  const nRows = dataset.interactions.rating.length
  const [isTest, isTrain, isFoldIn] = [new Uint8Array(nRows), new Uint8Array(nRows), new Uint8Array(nRows)]
  const [salt, place] = [hashId('held-out users'), rowPlaces(dataset)]
  let nUsers = 0
  for (const [start, end] of rowsOfUsers(dataset)) {
    const userId = dataset.users.ids[dataset.interactions.userIndex[start]]
    if (combineHashes(salt, hashId(userId)) >= fraction) {
      isTrain.fill(1, start, end)
      continue
    }
    nUsers++
    const rows = Int32Array.from({ length: end - start }, (_, at) => start + at)
    rows.sort((a, b) => place(a) - place(b))
    const nTest = Math.floor((1 - foldInShare) * rows.length + 1e-9)
    rows.forEach((row, at) => {
      if (at < nTest) isTest[row] = 1
      else isFoldIn[row] = 1
    })
  }
  const notes = [
    `${nUsers.toLocaleString('en-US')} users are not learnt from; lists come from ${100 * foldInShare} % of their history, ratings are predicted as for unknown users`,
  ]
  return { isTest, isTrain, isFoldIn, notes }
}
