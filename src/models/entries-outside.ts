import type { TrainingSet } from '../dataset/types.ts'
import { windowBytes, windowEntries } from '../kernels/entry-window.ts'
import type { EntriesOutside } from './types.ts'

/**
 * For algorithms that go over rows by user and by item in ranges of the default size.
 * @param nArrays  arrays of entries that a kernel takes
 * @param nCopied  of these, arrays that the training set does not have
 */
export function bothSidesOutside(
  { byUser, byItem }: TrainingSet,
  { nArrays, nCopied }: { readonly nArrays: number; readonly nCopied: number },
): EntriesOutside {
  const windows = [byUser, byItem].map(({ rowStarts }) => windowBytes(windowEntries(rowStarts), nArrays))
  const arrayBytes = 8 * byUser.columns.length
  return {
    entryBytes: nArrays * arrayBytes,
    copiedBytes: nCopied * arrayBytes,
    // The window of the one side may still be held when that of the other is taken.
    windowBytes: windows[0] + windows[1],
  }
}
