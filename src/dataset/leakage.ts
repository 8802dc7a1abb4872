import { RecsysError } from '../errors.ts'
import type { SplitSpec } from './split-spec.ts'
import { rowsOfUsers } from './split-time.ts'
import type { Dataset, Masks } from './types.ts'

/**
 * Looks at the masks themselves, whoever made them: no held-out row may be learnt from, under `temporal` no row of the future,
 * under `leave-last` none of the user's own future, under `users` none of a held-out user.
 * @throws RECSYS_SPLIT_LEAK
 */
export function requireNoLeak(dataset: Dataset, fold: Masks, spec: SplitSpec): void {
  requireApart(dataset, fold)
  if (spec.kind === 'temporal') requirePastOnly(dataset, fold, 0, fold.isTest.length, spec.kind)
  if (spec.kind !== 'leave-last' && spec.kind !== 'users') return
  for (const [start, end] of rowsOfUsers(dataset)) {
    if (spec.kind === 'leave-last') requirePastOnly(dataset, fold, start, end, spec.kind)
    else requireUnknownUser(dataset, fold, start, end)
  }
}

/** Rows of one pair lie beside each other. */
function requireApart(dataset: Dataset, { isTest, isTrain, isFoldIn }: Masks): void {
  const { userIndex, itemIndex } = dataset.interactions
  const isLearnt = (row: number) => isTrain[row] === 1 || isFoldIn?.[row] === 1
  for (let row = 0; row < isTest.length; row++) {
    if (isTest[row] === 1 && isLearnt(row)) throw leak(dataset, row, 'is in the training part too')
    if (row === 0 || userIndex[row] !== userIndex[row - 1] || itemIndex[row] !== itemIndex[row - 1]) continue
    if (isTest[row] !== isTest[row - 1])
      throw leak(dataset, row, 'has another row of the same pair in the other part')
  }
}

/** Strict under a global cut; a user's own last rows may be as old as those before. */
function requirePastOnly(
  dataset: Dataset,
  { isTest, isTrain }: Masks,
  start: number,
  end: number,
  kind: 'temporal' | 'leave-last',
): void {
  const { timestamp } = dataset.interactions
  let first = Number.POSITIVE_INFINITY
  for (let row = start; row < end; row++)
    if (isTest[row] === 1 && timestamp[row] < first) first = timestamp[row]
  for (let row = start; row < end; row++) {
    if (isTrain[row] === 0) continue
    const isFuture = kind === 'temporal' ? timestamp[row] >= first : timestamp[row] > first
    if (isFuture) throw leak(dataset, row, 'is learnt from, yet comes after rows that are held out')
    if (kind === 'temporal' && Number.isNaN(timestamp[row]))
      throw leak(dataset, row, 'is learnt from, yet its time is unknown')
  }
}

function requireUnknownUser(dataset: Dataset, { isTest, isTrain }: Masks, start: number, end: number): void {
  if (!isTest.subarray(start, end).includes(1)) return
  const learnt = start + isTrain.subarray(start, end).indexOf(1)
  if (learnt >= start) throw leak(dataset, learnt, 'is learnt from, yet its user is held out')
}

function leak({ users, items, interactions }: Dataset, row: number, what: string): RecsysError {
  const [user, item] = [users.ids[interactions.userIndex[row]], items.ids[interactions.itemIndex[row]]]
  return new RecsysError('RECSYS_SPLIT_LEAK', {
    message: `the row of user ${JSON.stringify(user)} and item ${JSON.stringify(item)} ${what}`,
    field: 'split',
  })
}
