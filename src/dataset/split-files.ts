import { readFileSync } from 'node:fs'
import { RecsysError } from '../errors.ts'
import type { SplitSpec } from './split-spec.ts'
import type { Dataset, Fold } from './types.ts'

type FileSplit = Extract<SplitSpec, { kind: 'file' }>

/**
 * The rows that two rating files name by user and item, in columns one and two (tab, comma, semicolon, `::` or spaces
 * between them; a header is skipped). Rows of the lake in neither file take no part.
 * @throws RECSYS_SPLIT_FILE when a file cannot be read, names rows the lake lacks, or both name the same row
 */
export function foldFromFiles(dataset: Dataset, spec: FileSplit): Pick<Fold, 'isTest' | 'isTrain'> {
  const rowOf = rowIndex(dataset)
  const isTrain = maskOf(dataset, rowOf, spec.trainPath)
  const isTest = maskOf(dataset, rowOf, spec.testPath)
  const shared = isTest.findIndex((held, row) => held === 1 && isTrain[row] === 1)
  if (shared >= 0) {
    const { userIndex, itemIndex } = dataset.ratings
    const pair = `user ${dataset.users.ids[userIndex[shared]]}, item ${dataset.items.ids[itemIndex[shared]]}`
    throw wrongFile(spec.testPath, `holds rows that are in ${spec.trainPath} too, the first is ${pair}`)
  }
  return { isTest, isTrain }
}

function rowIndex({ items, ratings }: Dataset): Map<number, number> {
  const rows = new Map<number, number>()
  for (let row = 0; row < ratings.rating.length; row++) {
    rows.set(ratings.userIndex[row] * items.size + ratings.itemIndex[row], row)
  }
  return rows
}

function maskOf(dataset: Dataset, rowOf: Map<number, number>, path: string): Uint8Array {
  const mask = new Uint8Array(dataset.ratings.rating.length)
  const missing: number[] = []
  const lines = readLines(path)
  lines.forEach((line, at) => {
    if (line.trim() === '') return
    const row = findRow(dataset, rowOf, line)
    if (row !== undefined) mask[row] = 1
    // The first line may be a header.
    else if (at > 0) missing.push(at + 1)
  })
  if (missing.length > 0) {
    const where = `${missing.length} of ${lines.length} lines`
    throw wrongFile(path, `names rows that the lake does not have: ${where}, the first is line ${missing[0]}`)
  }
  return mask
}

function findRow({ users, items }: Dataset, rowOf: Map<number, number>, line: string): number | undefined {
  const [userId = '', itemId = ''] = line
    .split(/::|[\t,;]|\s+/)
    .map((cell) => cell.trim().replace(/^"|"$/g, ''))
  const [user, item] = [users.indexOf(userId), items.indexOf(itemId)]
  return user < 0 || item < 0 ? undefined : rowOf.get(user * items.size + item)
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split(/\r?\n/)
  } catch (cause) {
    throw wrongFile(path, `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, cause)
  }
}

function wrongFile(path: string, problem: string, cause?: unknown): RecsysError {
  return new RecsysError('RECSYS_SPLIT_FILE', { message: `${path} ${problem}`, field: 'split', cause })
}
