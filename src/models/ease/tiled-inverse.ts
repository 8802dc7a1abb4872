import type { Csr } from '../../dataset/types.ts'
import type { Compute } from '../../kernels/compute.ts'

export const tileSize = 64
const tileNumbers = tileSize * tileSize

/** A symmetric matrix in shared memory, the lower triangle in tiles: see `kernels/assembly/tiles.ts`. */
export interface Tiles {
  readonly nBlocks: number
  readonly data: Numbers
}

/** Of single or of double precision. */
export type Numbers = Float32Array | Float64Array

export function numbers(compute: Compute, isDouble: boolean, length: number): Numbers {
  return isDouble ? compute.float64(length) : compute.float32(length)
}

/** Compressed rows in shared memory. */
export interface SharedRows {
  readonly starts: Int32Array
  readonly columns: Int32Array
}

export function shareRows({ nRows, rowStarts, columns }: Csr, compute: Compute): SharedRows {
  const shared = { starts: compute.int32(nRows + 1), columns: compute.int32(columns.length) }
  shared.starts.set(rowStarts)
  shared.columns.set(columns)
  return shared
}

function nTiles(nBlocks: number): number {
  return (nBlocks * (nBlocks + 1)) / 2
}

/** Bytes of shared memory that `invertGram` takes for a matrix of that order. */
export function tiledInverseBytes(order: number, isDouble: boolean): number {
  const nBlocks = Math.ceil(order / tileSize)
  return (isDouble ? 8 : 4) * tileNumbers * (nTiles(nBlocks) + 2 * nBlocks)
}

export interface InverseContext {
  readonly compute: Compute
  readonly isDouble: boolean
  readonly signal?: AbortSignal | undefined
  /** Told how far it is, from 0 to 1. */
  onProgress?(share: number): void
}

/**
 * (XᵀX + λ)⁻¹ of a binary X with `order` columns, by a blocked Cholesky factor, its inverse and the product of that with
 * itself: order³ operations in all, every step over the tiles of one row or column in parallel.
 * @param byColumn  rows that have each column
 * @param byRow     columns that each row has, ascending
 */
export async function invertGram(
  order: number,
  lambda: number,
  { byColumn, byRow }: { readonly byColumn: SharedRows; readonly byRow: SharedRows },
  context: InverseContext,
): Promise<Tiles> {
  const { compute, isDouble, signal } = context
  const nBlocks = Math.ceil(order / tileSize)
  const tiles = { nBlocks, data: numbers(compute, isDouble, nTiles(nBlocks) * tileNumbers) }
  const csr = [byColumn.starts, byColumn.columns, byRow.starts, byRow.columns]
  const args = [tiles.data, order, lambda, ...csr, Number(isDouble)]
  await compute.run({ kernel: 'tile_gram_rows', nRows: nBlocks, rowsPerRange: 1, args, signal })
  await compute.scoped(async () => {
    const inverses = numbers(compute, isDouble, nBlocks * tileNumbers)
    await factor(tiles, inverses, context)
    await invertFactor(tiles, inverses, context)
    await multiply(tiles, inverses, context)
  })
  return tiles
}

/** A tile job: `nRows` rows or columns of tiles, in ranges small enough for all threads. */
function tileJob(
  kernel: string,
  nRows: number,
  args: readonly (number | Numbers)[],
  { isDouble, signal }: InverseContext,
) {
  const rowsPerRange = Math.max(1, Math.floor(nRows / 32))
  const scratchBytes = 2 * (isDouble ? 8 : 4) * tileNumbers
  return { kernel, nRows, rowsPerRange, scratchBytes, args: [...args, Number(isDouble)], signal }
}

async function factor({ nBlocks, data }: Tiles, inverses: Numbers, context: InverseContext): Promise<void> {
  const { compute } = context
  for (let k = 0; k < nBlocks; k++) {
    await compute.run(tileJob('tile_update_rows', nBlocks - k, [data, k], context))
    await compute.run(tileJob('tile_factor', 1, [data, k, inverses], context))
    await compute.run(tileJob('tile_solve_rows', nBlocks - k - 1, [data, k], context))
    // The work up to column k grows as 3(k/n)² − 2(k/n)³.
    const share = (k + 1) / nBlocks
    context.onProgress?.((3 * share ** 2 - 2 * share ** 3) / 3)
  }
}

async function invertFactor(
  { nBlocks, data }: Tiles,
  inverses: Numbers,
  context: InverseContext,
): Promise<void> {
  const { compute, isDouble } = context
  const row = numbers(compute, isDouble, nBlocks * tileNumbers)
  for (let i = 1; i < nBlocks; i++) {
    const first = nTiles(i) * tileNumbers
    row.set(data.subarray(first, first + i * tileNumbers))
    await compute.run(tileJob('tile_inverse_columns', i, [data, i, row, inverses], context))
    context.onProgress?.((1 + (i / nBlocks) ** 3) / 3)
  }
}

async function multiply({ nBlocks, data }: Tiles, inverses: Numbers, context: InverseContext): Promise<void> {
  const { compute } = context
  for (let i = 0; i < nBlocks; i++) {
    await compute.run(tileJob('tile_product_columns', i + 1, [data, i, nBlocks, inverses], context))
    const share = (i + 1) / nBlocks
    context.onProgress?.((2 + 3 * share ** 2 - 2 * share ** 3) / 3)
  }
}
