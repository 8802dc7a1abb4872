import type { Csr } from '../dataset/types.ts'
import type { Compute } from '../kernels/compute.ts'
import { fmix32 } from '../kernels/random.ts'

/**
 * Blocks a side: as many threads can work at once, and the fewer there are, the more entries of a user lie together
 * (MovieLens 1M, 100 factors: 16 blocks take 8 % longer, 32 take 25 %).
 */
export const nBlocks = 8

/** A matrix, and its entries by block of the user and block of the item (Gemulla et al. 2011), in shared memory. */
export interface Strata {
  readonly nUsers: number
  readonly rowStarts: Int32Array
  readonly columns: Int32Array
  readonly targets: Float32Array
  /** The users of each block, in the order in which they take their turn. */
  readonly userStarts: Int32Array
  readonly userOrder: Int32Array
  readonly itemBlocks: Int32Array
  readonly blockStarts: Int32Array
  /** In a block one user after the other, the items of each ascending. */
  readonly users: Int32Array
  readonly items: Int32Array
  readonly values: Float32Array
}

/** @param targetOf  what a pass takes in place of a value */
export function allocateStrata(
  { nRows, nColumns, rowStarts, columns, values }: Csr,
  targetOf: (value: number) => number,
  compute: Compute,
): Strata {
  const nEntries = columns.length
  const strata = {
    nUsers: nRows,
    rowStarts: compute.int32(nRows + 1),
    columns: compute.int32(nEntries),
    targets: compute.float32(nEntries),
    userStarts: compute.int32(nBlocks + 1),
    userOrder: compute.int32(nRows),
    itemBlocks: compute.int32(nColumns),
    blockStarts: compute.int32(nBlocks * nBlocks + 1),
    users: compute.int32(nEntries),
    items: compute.int32(nEntries),
    values: compute.float32(nEntries),
  }
  strata.rowStarts.set(rowStarts)
  strata.columns.set(columns)
  for (let entry = 0; entry < nEntries; entry++) strata.targets[entry] = targetOf(values[entry])
  return strata
}

/** Bytes that `allocateStrata` takes. */
export function strataBytes({ nRows, nColumns, columns }: Csr): number {
  return 20 * columns.length + 8 * nRows + 4 * nColumns + 4 * nBlocks * nBlocks + 1024
}

/** The block of a row in an epoch: a hash, so that heavy rows are spread and meet others every time. */
export function blockOf(row: number, seed: number): number {
  return (fmix32(Math.imul(row + 1, 0x9e3779b1) ^ seed) >>> 0) % nBlocks
}

/** Sorts the entries into blocks and the users of a block into an order that the seed gives. */
export async function fillStrata(strata: Strata, seed: number, compute: Compute): Promise<void> {
  const { rowStarts, columns, targets, userStarts, userOrder, itemBlocks } = strata
  const { blockStarts, users, items, values } = strata
  for (let item = 0; item < itemBlocks.length; item++) itemBlocks[item] = blockOf(item, seed + 1)
  orderUsers(strata, seed)
  blockStarts[nBlocks * nBlocks] = columns.length
  const args = [nBlocks, userStarts, userOrder, itemBlocks, rowStarts, columns, targets]
  await compute.run({
    kernel: 'strata_blocks',
    nRows: nBlocks,
    rowsPerRange: 1,
    scratchBytes: 4 * nBlocks,
    args: [...args, blockStarts, users, items, values],
  })
}

/** The users by block, and where the entries of each block of users begin. */
function orderUsers({ nUsers, rowStarts, userStarts, userOrder, blockStarts }: Strata, seed: number): void {
  const blocks = Uint8Array.from({ length: nUsers }, (_, user) => blockOf(user, seed))
  const nEntries = new Float64Array(nBlocks)
  userStarts.fill(0)
  for (let user = 0; user < nUsers; user++) {
    userStarts[blocks[user] + 1]++
    nEntries[blocks[user]] += rowStarts[user + 1] - rowStarts[user]
  }
  let firstEntry = 0
  for (let block = 0; block < nBlocks; block++) {
    blockStarts[block * nBlocks] = firstEntry
    firstEntry += nEntries[block]
    userStarts[block + 1] += userStarts[block]
  }
  const next = userStarts.slice()
  visitScattered(nUsers, seed, (user) => {
    userOrder[next[blocks[user]]++] = user
  })
}

/** Every index once: a stride that shares no factor with their number, from a place that the seed gives. */
function visitScattered(length: number, seed: number, visit: (index: number) => void): void {
  if (length === 0) return
  let stride = Math.max(1, Math.floor(length * 0.6180339887))
  while (greatestCommonDivisor(stride, length) !== 1) stride++
  let place = (fmix32(seed) >>> 0) % length
  for (let at = 0; at < length; at++) {
    visit(place)
    place += stride
    if (place >= length) place -= length
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}
