/** Private memory that dense kernels need, see `assembly/gemm.ts`. */
const depthBlock = 256
const rowBlock = 64
/** One panel of eight columns and one tile that is cut off. */
const panelBytes = 4 * (8 * depthBlock + 32)

export const gemmScratchBytes = 4 * rowBlock * depthBlock + panelBytes

export function rotateScratchBytes(width: number): number {
  return 4 * rowBlock * width + panelBytes
}

export function gramRowsScratchBytes(width: number): number {
  return 4 * width * Math.max(64, Math.min(256, Math.floor(2 ** 17 / width)))
}

/** Eight right-hand sides. */
export function triangularScratchBytes(order: number): number {
  return 32 * order
}
