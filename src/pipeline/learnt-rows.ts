import type { ArtifactContent } from '../artifacts/types.ts'
import { rowFinder } from '../dataset/split-files.ts'
import type { Dataset, Fold } from '../dataset/types.ts'
import { RecsysError } from '../errors.ts'
import { type DataQuestion, prepareData } from './prepare.ts'

/** The rows that models are scored on now. */
export interface ScoredRows extends Pick<DataQuestion, 'dataDir' | 'split' | 'seed'> {
  readonly dataset: Dataset
  readonly fold: Fold
}

/**
 * How many of the held-out rows a model has learnt from, by cutting its own lake version again; null where that cut cannot be
 * made any more, since the files of a `file` split or the lake's old version have changed.
 */
export async function countLearntRows(
  scored: ScoredRows,
  { manifest }: Pick<ArtifactContent, 'manifest'>,
): Promise<number | null> {
  const { dataset, fold, split } = scored
  const sameLake = manifest.lakeVersion === dataset.lakeVersion
  if (sameLake && manifest.splitFingerprint === fold.fingerprint) return 0
  const sameSplit = manifest.split === split
  // By ids alone: a row that is held out now was held out then.
  if (sameSplit && /^(hash|users):/.test(split)) return 0
  const own = await cutAgain({ ...scored, ...manifest })
  return own && countShared(scored, own)
}

/** @throws RECSYS_SPLIT_LEAK when the model has learnt from held-out rows, or nobody can tell */
export function requireUnlearnt(nLearnt: number | null, model: string, nHeldOutRows: number): void {
  if (nLearnt === 0) return
  const what =
    nLearnt === null
      ? 'was trained on a split that cannot be made again: nobody can tell what it has learnt from'
      : `has learnt from ${nLearnt.toLocaleString('en-US')} of the ${nHeldOutRows.toLocaleString('en-US')} rows held out here`
  throw new RecsysError('RECSYS_SPLIT_LEAK', { message: `${model} ${what}`, field: 'split' })
}

async function cutAgain(own: DataQuestion & { readonly splitFingerprint: string }) {
  try {
    const { dataset, folds } = await prepareData(own)
    const fold = folds.find(({ fingerprint }) => fingerprint === own.splitFingerprint)
    return fold ? { dataset, fold } : null
  } catch (error) {
    if (error instanceof RecsysError && error.exitCode === 4) return null
    throw error
  }
}

function countShared(
  { dataset, fold }: ScoredRows,
  own: { readonly dataset: Dataset; readonly fold: Fold },
): number {
  const { users, items, interactions } = dataset
  const findRow = rowFinder(own.dataset)
  let nShared = 0
  for (let row = 0; row < fold.isTest.length; row++) {
    if (fold.isTest[row] === 0) continue
    const then = findRow(users.ids[interactions.userIndex[row]], items.ids[interactions.itemIndex[row]])
    if (then >= 0 && own.fold.isTrain[then] === 1) nShared++
  }
  return nShared
}
