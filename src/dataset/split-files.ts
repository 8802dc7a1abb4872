import { RecsysError } from '../errors.ts'
import { readPairs } from './pair-file.ts'
import type { SplitSpec } from './split-spec.ts'
import type { Dataset, Masks } from './types.ts'

type FileSplit = Extract<SplitSpec, { kind: 'file' }>

/**
 * The rows that two rating files name by user and item, as `readPairs` reads them. Rows of the lake in neither file take
 * no part; ratings come from the lake, not from the files.
 * @throws RECSYS_PAIR_FILE when a file cannot be read; RECSYS_SPLIT_FILE when one names rows the lake lacks, or both the same row
 */
export function foldFromFiles(dataset: Dataset, spec: FileSplit): Masks {
  const findRow = rowFinder(dataset)
  const isTrain = maskOf(dataset, findRow, spec.trainPath)
  const isTest = maskOf(dataset, findRow, spec.testPath)
  const shared = isTest.findIndex((held, row) => held === 1 && isTrain[row] === 1)
  if (shared >= 0) {
    const { userIndex, itemIndex } = dataset.interactions
    const pair = inWords(dataset.users.ids[userIndex[shared]], dataset.items.ids[itemIndex[shared]])
    throw wrongFile(spec.testPath, `holds rows that are in ${spec.trainPath} too, the first is ${pair}`)
  }
  return { isTest, isTrain }
}

function maskOf(dataset: Dataset, findRow: RowFinder, path: string): Uint8Array {
  const mask = new Uint8Array(dataset.interactions.rating.length)
  let [nPairs, nMissing, first] = [0, 0, '']
  for (const { userId, itemId, line } of readPairs(path)) {
    nPairs++
    const row = findRow(userId, itemId)
    if (row >= 0) mask[row] = 1
    else if (nMissing++ === 0) first = `line ${line}: ${inWords(userId, itemId)}`
  }
  if (nMissing === 0) return mask
  throw wrongFile(
    path,
    `names ${nMissing} rows of ${nPairs} that the lake does not have, the first is ${first}`,
  )
}

/** First row of each user. */
function startsOf({ users, interactions }: Dataset): Int32Array {
  const starts = new Int32Array(users.size + 1)
  for (let row = 0; row < interactions.userIndex.length; row++) starts[interactions.userIndex[row] + 1]++
  for (let user = 0; user < users.size; user++) starts[user + 1] += starts[user]
  return starts
}

/** The row of a pair, −1 where the lake has no such pair. */
export type RowFinder = (userId: string, itemId: string) => number

export function rowFinder(dataset: Dataset): RowFinder {
  const userStarts = startsOf(dataset)
  return (userId, itemId) => {
    const [user, item] = [dataset.users.indexOf(userId), dataset.items.indexOf(itemId)]
    return user < 0 || item < 0 ? -1 : findRow(dataset, userStarts, user, item)
  }
}

/** Binary search: rows are sorted by (user, item). */
function findRow(dataset: Dataset, userStarts: Int32Array, user: number, item: number): number {
  const { itemIndex } = dataset.interactions
  let [low, high] = [userStarts[user], userStarts[user + 1]]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (itemIndex[middle] < item) low = middle + 1
    else high = middle
  }
  return low < userStarts[user + 1] && itemIndex[low] === item ? low : -1
}

function inWords(userId: string, itemId: string): string {
  return `user ${JSON.stringify(userId)}, item ${JSON.stringify(itemId)}`
}

function wrongFile(path: string, problem: string): RecsysError {
  return new RecsysError('RECSYS_SPLIT_FILE', { message: `${path} ${problem}`, field: 'split' })
}
