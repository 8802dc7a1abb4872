import type { Csr, TrainingSet } from '../../dataset/types.ts'
import type { Compute } from '../../kernels/compute.ts'
import { eigenBytes, eigenSymmetric } from '../../kernels/eigen.ts'
import { gramRowsScratchBytes, rotateScratchBytes } from '../../kernels/scratch.ts'
import { bothSidesOutside } from '../entries-outside.ts'
import type { EntriesOutside } from '../types.ts'
import { chooseMethods, ialsScratchBytes } from './cost-model.ts'
import type { AlsParams } from './parameters.ts'

/** One side of the factorisation in shared memory. */
export interface Side {
  readonly nRows: number
  readonly rowStarts: Int32Array
  readonly columns: Int32Array
  /** c of every entry; undefined where all are 1. */
  readonly weights: Float32Array | undefined
  /** `widthOf(factors)` floats a row. */
  readonly rows: Float32Array
  readonly objective: Float64Array
  readonly penalty: Float64Array
}

/** Floats a row: the factors up to a multiple of 8. */
export function widthOf(factors: number): number {
  return (factors + 7) & ~7
}

/** Rows of one partial Gram matrix: few enough slots to fit, enough to keep all threads busy. */
function rowsPerSlot(nRows: number): number {
  return Math.max(256, Math.ceil(nRows / 16 / 4) * 4)
}

export function makeSide(
  csr: Csr,
  weights: Float32Array | undefined,
  factors: number,
  compute: Compute,
): Side {
  const rowStarts = compute.int32(csr.nRows + 1)
  rowStarts.set(csr.rowStarts)
  return {
    nRows: csr.nRows,
    rowStarts,
    columns: compute.entries(csr.columns),
    weights: weights && compute.entries(weights),
    rows: compute.float32(Math.ceil(csr.nRows / 4) * 4 * widthOf(factors)),
    objective: compute.float64(csr.nRows),
    penalty: compute.float64(csr.nRows),
  }
}

/** Bytes of shared memory that a training takes, scratch of `nThreads` threads included. */
export function alsBytes(train: TrainingSet, params: AlsParams, nThreads: number): number {
  const width = widthOf(params.factors)
  const nEntries = train.byUser.columns.length
  const weights = params.confidence === 'none' && params.halfLife === 0 ? 0 : 8
  const rows = (train.nUsers + train.nItems) * (4 * width + 20)
  const squares = 4 * width * width * 18 + eigenBytes(width)
  const basis = Math.max(gramRowsScratchBytes(width), rotateScratchBytes(width))
  const scratch = Math.max(basis, ialsScratchBytes(width, chooseMethods(params)))
  return rows + nEntries * (8 + weights) + squares + nThreads * scratch
}

/** Columns, and weights where they differ from 1, of both sides. */
export function alsOutside(train: TrainingSet, { confidence, halfLife }: AlsParams): EntriesOutside {
  const nWeights = confidence === 'none' && halfLife === 0 ? 0 : 1
  return bothSidesOutside(train, { nArrays: 1 + nWeights, nCopied: nWeights })
}

/**
 * Turns both sides into the basis in which `other` has a diagonal Gram matrix; no product of a row of one side with one of
 * the other changes.
 * @returns that diagonal
 */
export async function toEigenbasis(
  own: Side,
  other: Side,
  width: number,
  { compute, signal, keepOwn }: { compute: Compute; signal?: AbortSignal | undefined; keepOwn: boolean },
): Promise<Float32Array> {
  return compute.scoped(async () => {
    const matrix = await gramOf(other, width, compute, signal)
    const { values, rotation } = descending(await eigenSymmetric(compute, matrix, width), width, compute)
    for (const side of keepOwn ? [other, own] : [other]) {
      const args = [side.rows, width, rotation]
      await compute.run({
        kernel: 'rotate_rows',
        nRows: side.nRows,
        scratchBytes: rotateScratchBytes(width),
        args,
        signal,
      })
    }
    return values.map((value) => Math.max(0, value))
  })
}

/** The largest eigenvalue first, so that what pads the factors comes last. */
function descending(
  { values, vectors }: { readonly values: Float32Array; readonly vectors: Float32Array },
  width: number,
  compute: Compute,
) {
  const order = Array.from(values.keys()).sort((a, b) => values[b] - values[a] || a - b)
  const rotation = compute.float32(width * width)
  for (let i = 0; i < width; i++) {
    for (let j = 0; j < width; j++) rotation[i * width + j] = vectors[i * width + order[j]]
  }
  return { values: Float32Array.from(order, (at) => values[at]), rotation }
}

/** YᵀY, both triangles, in the memory of the scope. */
export async function gramOf(
  { rows, nRows }: Side,
  width: number,
  compute: Compute,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const rowsPerRange = rowsPerSlot(nRows)
  const nSlots = Math.ceil(nRows / rowsPerRange)
  const partials = compute.float32(nSlots * width * width)
  await compute.run({
    kernel: 'gram_rows',
    nRows,
    rowsPerRange,
    scratchBytes: gramRowsScratchBytes(width),
    args: [rows, width, rowsPerRange, partials],
    signal,
  })
  const sum = compute.float32(width * width)
  for (let slot = 0; slot < nSlots; slot++) {
    const partial = partials.subarray(slot * width * width, (slot + 1) * width * width)
    for (let i = 0; i < width; i++) {
      for (let at = i * width; at <= i * width + i; at++) sum[at] += partial[at]
    }
  }
  for (let i = 0; i < width; i++) for (let j = i + 1; j < width; j++) sum[i * width + j] = sum[j * width + i]
  return sum
}

/** Solves every row of `own` against `other`, and leaves both in the eigenbasis of `other`. */
export async function halfStep(
  own: Side,
  other: Side,
  params: AlsParams,
  { compute, signal }: { compute: Compute; signal?: AbortSignal | undefined },
): Promise<void> {
  const width = widthOf(params.factors)
  const methods = chooseMethods(params)
  const keepOwn = methods.cgSteps > 0
  const gram = await toEigenbasis(own, other, width, { compute, signal, keepOwn })
  await compute.scoped(async () => {
    const diagonal = compute.float32(width)
    diagonal.set(gram.map((value) => params.unobservedWeight * value))
    const ridge = [Math.max(params.reg, 1e-9), params.unobservedWeight * other.nRows, params.regExponent]
    await compute.run({
      kernel: 'ials_rows',
      nRows: own.nRows,
      rowStarts: own.rowStarts,
      scratchBytes: ialsScratchBytes(width, methods),
      args: [
        ...[own.rowStarts, own.columns, own.weights ?? 0, own.rows, other.rows, width, diagonal],
        ...[...ridge, methods.nDual, methods.cgSteps, own.objective, own.penalty],
      ],
      signal,
    })
  })
}

/** Σ c(1 − ŷ)² + α₀ Σ ŷ² + both sides' penalties, after a half step of `own`. */
export function lossOf(own: Side, other: Side): number {
  const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0)
  return sum(own.objective) + sum(other.penalty)
}
