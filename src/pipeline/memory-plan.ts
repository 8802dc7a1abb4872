import { totalmem } from 'node:os'
import type { TrainingSet } from '../dataset/types.ts'
import { RecsysError } from '../errors.ts'
import type { Compute } from '../kernels/compute.ts'
import type { Algorithm, EntriesOutside, Params } from '../models/types.ts'

/** What a training will need, in bytes, known before it starts. */
export interface MemoryPlan {
  /** For the fit, in memory that all threads share: what 32-bit addresses reach. */
  readonly sharedBytes: number
  /** For the rows of the lake, the split and the rows by user and by item. */
  readonly dataBytes: number
  /** Entries of the training rows that stay outside of the shared memory because it could not hold them; 0: none. */
  readonly outsideBytes: number
}

export interface MemoryNeed {
  /** As the algorithm says. */
  readonly sharedBytes: number
  readonly outside?: EntriesOutside | undefined
  readonly nThreads: number
  /** Of the shared memory. */
  readonly mostSharedBytes: number
}

/** Indices, rating, time and two marks of a row; columns, values and starts of both orders. */
const bytesPerRow = 4 + 4 + 4 + 8 + 2
const bytesPerEntry = 2 * (4 + 4)

/**
 * Plans a fit and tells `compute` where to keep the entries.
 * @throws RECSYS_MEMORY before anything is started
 */
export function planFit(
  algorithm: Algorithm,
  params: Params,
  train: TrainingSet,
  { nRows, compute }: { readonly nRows: number; readonly compute: Compute },
): MemoryPlan {
  const { nThreads, maxBytes: mostSharedBytes } = compute
  const sharedBytes = algorithm.memoryBytes(train, params, nThreads)
  const outside = algorithm.entriesOutside?.(train, params)
  const plan = planMemory({ sharedBytes, outside, nThreads, mostSharedBytes }, train, nRows)
  if (plan.outsideBytes > 0) compute.keepEntriesOutside()
  return plan
}

/**
 * Entries are in the shared memory, where kernels read them at once, as long as all fits into it.
 * @throws RECSYS_MEMORY
 */
export function planMemory(need: MemoryNeed, train: TrainingSet, nRows: number): MemoryPlan {
  const { mostSharedBytes, outside, nThreads } = need
  let { sharedBytes } = need
  let [outsideBytes, copiedBytes] = [0, 0]
  if (sharedBytes > mostSharedBytes && outside !== undefined && outside.entryBytes > 0) {
    sharedBytes += nThreads * outside.windowBytes - outside.entryBytes
    outsideBytes = outside.entryBytes
    copiedBytes = outside.copiedBytes
  }
  if (sharedBytes > mostSharedBytes) throw tooMuch('shared memory for the fit', sharedBytes, mostSharedBytes)
  const dataBytes = nRows * bytesPerRow + train.byUser.columns.length * bytesPerEntry + copiedBytes
  const limit = memoryLimit()
  if (sharedBytes + dataBytes > limit) throw tooMuch('memory', sharedBytes + dataBytes, limit)
  return { sharedBytes, dataBytes, outsideBytes }
}

/** `memory: 0.84 GB for the fit, 0.95 GB for the data, of 24.0 GB` */
export function memoryText({ sharedBytes, dataBytes, outsideBytes }: MemoryPlan): string {
  const [fit, data, outside, limit] = [sharedBytes, dataBytes, outsideBytes, memoryLimit()].map(gigabytes)
  const read = outsideBytes > 0 ? ` (${outside} of it read range by range)` : ''
  return `memory: ${fit} for the fit, ${data} for the data${read}, of ${limit}`
}

/** What the machine or the container gives. */
function memoryLimit(): number {
  const constrained = process.constrainedMemory()
  return constrained > 0 && constrained < totalmem() ? constrained : totalmem()
}

function tooMuch(what: string, neededBytes: number, limitBytes: number): RecsysError {
  return new RecsysError('RECSYS_MEMORY', {
    message: `training needs ${gigabytes(neededBytes)} of ${what}, expected at most ${gigabytes(limitBytes)}`,
    data: { neededBytes, limitBytes },
  })
}

function gigabytes(bytes: number): string {
  return bytes < 1e8 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`
}
