import { totalmem } from 'node:os'
import type { TrainingSet } from '../dataset/types.ts'
import { RecsysError } from '../errors.ts'

/** What a training will need, in bytes, known before it starts. */
export interface MemoryPlan {
  /** For the fit, in memory that all threads share: what 32-bit addresses reach. */
  readonly sharedBytes: number
  /** For the rows of the lake, the split and the rows by user and by item. */
  readonly dataBytes: number
}

/** All that 32-bit addresses reach. */
const mostSharedBytes = 2 ** 32

/** Indices, rating, time and two marks of a row; columns, values and starts of both orders. */
const bytesPerRow = 4 + 4 + 4 + 8 + 2
const bytesPerEntry = 2 * (4 + 4)

/**
 * @param sharedBytes  as the algorithm says
 * @throws RECSYS_MEMORY before anything is started
 */
export function planMemory(sharedBytes: number, train: TrainingSet, nRows: number): MemoryPlan {
  if (sharedBytes > mostSharedBytes) throw tooMuch('shared memory for the fit', sharedBytes, mostSharedBytes)
  const dataBytes = nRows * bytesPerRow + train.byUser.columns.length * bytesPerEntry
  const limit = memoryLimit()
  if (sharedBytes + dataBytes > limit) throw tooMuch('memory', sharedBytes + dataBytes, limit)
  return { sharedBytes, dataBytes }
}

/** `memory: 0.84 GB for the fit, 0.95 GB for the data, of 24.0 GB` */
export function memoryText({ sharedBytes, dataBytes }: MemoryPlan): string {
  const [fit, data, limit] = [sharedBytes, dataBytes, memoryLimit()].map(gigabytes)
  return `memory: ${fit} for the fit, ${data} for the data, of ${limit}`
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
