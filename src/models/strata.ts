import type { Csr } from '../dataset/types.ts'
import type { Compute } from '../kernels/compute.ts'
import { fmix32 } from '../kernels/random.ts'

/** Blocks a side: enough for as many threads, and few enough that each has work for a while. */
export const nBlocks = 16

/** The entries of a matrix by block of the user and block of the item, in shared memory (Gemulla et al. 2011). */
export interface Strata {
  readonly blockStarts: Int32Array
  readonly users: Int32Array
  readonly items: Int32Array
  readonly values: Float32Array
}

export function allocateStrata(nEntries: number, compute: Compute): Strata {
  return {
    blockStarts: compute.int32(nBlocks * nBlocks + 1),
    users: compute.int32(nEntries),
    items: compute.int32(nEntries),
    values: compute.float32(nEntries),
  }
}

/** Bytes that `allocateStrata` takes. */
export function strataBytes(nEntries: number): number {
  return 12 * nEntries + 4 * nBlocks * nBlocks + 256
}

/** The block of a row in an epoch: a hash, so that heavy rows are spread and meet others every time. */
export function blockOf(row: number, seed: number): number {
  return (fmix32(Math.imul(row + 1, 0x9e3779b1) ^ seed) >>> 0) % nBlocks
}

/**
 * Sorts the entries into their blocks, those of a block in an order that a hash gives.
 * @param targetOf  what stands beside an entry, from its value
 */
export function fillStrata(
  strata: Strata,
  byUser: Csr,
  seed: number,
  targetOf: (value: number) => number,
): void {
  const userBlocks = blocksOf(byUser.nRows, seed)
  const itemBlocks = blocksOf(byUser.nColumns, seed + 1)
  const order = entryOrder(byUser.columns.length, seed)
  const cells = new Uint16Array(order.length)
  const entryUsers = usersOf(byUser)
  const { blockStarts, users, items, values } = strata
  blockStarts.fill(0)
  for (let entry = 0; entry < cells.length; entry++) {
    cells[entry] = userBlocks[entryUsers[entry]] * nBlocks + itemBlocks[byUser.columns[entry]]
    blockStarts[cells[entry] + 1]++
  }
  for (let cell = 0; cell < nBlocks * nBlocks; cell++) blockStarts[cell + 1] += blockStarts[cell]
  const next = blockStarts.slice()
  for (const entry of order) {
    const place = next[cells[entry]]++
    users[place] = entryUsers[entry]
    items[place] = byUser.columns[entry]
    values[place] = targetOf(byUser.values[entry])
  }
}

function blocksOf(nRows: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: nRows }, (_, row) => blockOf(row, seed))
}

function usersOf({ nRows, rowStarts, columns }: Csr): Int32Array {
  const users = new Int32Array(columns.length)
  for (let row = 0; row < nRows; row++) users.fill(row, rowStarts[row], rowStarts[row + 1])
  return users
}

/** A permutation of the entries: a stride that shares no factor with their number, from a place that the seed gives. */
function entryOrder(nEntries: number, seed: number): Int32Array {
  const order = new Int32Array(nEntries)
  if (nEntries === 0) return order
  let stride = Math.max(1, Math.floor(nEntries * 0.6180339887))
  while (greatestCommonDivisor(stride, nEntries) !== 1) stride++
  let place = (fmix32(seed) >>> 0) % nEntries
  for (let at = 0; at < nEntries; at++) {
    order[at] = place
    place += stride
    if (place >= nEntries) place -= nEntries
  }
  return order
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}
