import { defaultRowsPerRange } from './compute.ts'

/** The most entries that a range of rows has: what a thread must have room for that copies them in. */
export function windowEntries(rowStarts: Int32Array, rowsPerRange: number = defaultRowsPerRange): number {
  const nRows = rowStarts.length - 1
  let most = 0
  for (let lo = 0; lo < nRows; lo += rowsPerRange) {
    most = Math.max(most, rowStarts[Math.min(nRows, lo + rowsPerRange)] - rowStarts[lo])
  }
  return most
}

/** Bytes of a thread's window for so many arrays side by side, each of them aligned. */
export function windowBytes(nEntries: number, nArrays: number): number {
  return nArrays * arrayBytes(nEntries)
}

/** Bytes from one array of a window to the next. */
export function arrayBytes(nEntries: number): number {
  return Math.ceil((4 * nEntries) / 64) * 64
}
