import { RecsysError } from '../../errors.ts'
import { type IdTable, indexOfId, textAt } from '../shared/id-table.ts'
import type { SharedModel } from '../shared/shared-model.ts'

/** Ids that are looked up: enough to tell half from three quarters, few enough to be done at once. */
const sampleSize = 1000

/**
 * Refuses a version that has lost sight of most of the users or items in service: trained on another file, or on a part of it.
 * @param least  share that it has to know, of the most popular items and of users from all over
 * @throws RECSYS_MODEL_UNFIT
 */
export function requireCoverage(present: SharedModel, next: SharedModel, least: number): void {
  if (least === 0) return
  const items = Array.from(present.popularOrder.subarray(0, sampleSize))
  const step = Math.max(1, Math.floor(present.users.size / sampleSize))
  const users = Array.from({ length: Math.min(sampleSize, present.users.size) }, (_, i) => i * step)
  check('items', items, present.items, next.items, least)
  check('users', users, present.users, next.users, least)
}

function check(
  what: string,
  indices: readonly number[],
  present: IdTable,
  next: IdTable,
  least: number,
): void {
  if (indices.length === 0) return
  const known = indices.filter((index) => indexOfId(next, textAt(present, index)) >= 0).length
  const share = known / indices.length
  if (share >= least) return
  throw new RecsysError('RECSYS_MODEL_UNFIT', {
    message: `the new model knows ${percent(share)} of the ${what} in service, expected ${percent(least)} at least`,
    remedy: 'Train it on the same ids, or serve with a lower --min-coverage if the change is meant.',
  })
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`
}
