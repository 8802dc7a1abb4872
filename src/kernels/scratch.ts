/** Private memory that dense kernels need, see `assembly/gemm.ts`. */
const depthBlock = 256
const rowBlock = 64
/** One panel of sixteen columns (eight where lanes are four) and one tile of four rows that is cut off. */
const panelBytes = 4 * 16 * (depthBlock + 4)

export const gemmScratchBytes = 4 * rowBlock * depthBlock + panelBytes

export function rotateScratchBytes(width: number): number {
  return 4 * rowBlock * width + panelBytes
}

export function gramRowsScratchBytes(width: number): number {
  return 4 * ((width + 15) & ~15) * Math.max(64, Math.min(256, Math.floor(2 ** 17 / width)))
}

/** A block of scores, 64 users by as many items as `assembly/rank-rows.ts` ranks at a time, and two counters a user. */
export const rankRowsScratchBytes = gemmScratchBytes + 4 * rowBlock * (256 + 2)

/** Scores of 16 users for all items, those of one user's relevant items, and a product. */
export function aucRowsScratchBytes(nItems: number): number {
  return 4 * ((nItems + 3) & ~3) * (16 + 1) + gemmScratchBytes
}

/** Eight right-hand sides. */
export function triangularScratchBytes(order: number): number {
  return 32 * order
}
