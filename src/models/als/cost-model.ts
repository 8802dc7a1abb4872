import type { AlsParams } from './parameters.ts'

/** How rows are solved: up to `nDual` entries in the dual, longer ones in the primal or by `cgSteps` steps of CG. */
export interface RowMethods {
  readonly nDual: number
  /** 0: in the primal. */
  readonly cgSteps: number
}

/** Entries beyond which the dual is never tried: its scratch grows with their square. */
const mostDual = 2048

/**
 * Seconds a row, up to a common factor, by operations and measured rates (`node test/bench/kernels.bench.ts`): a rank-k
 * update runs at twice the speed of the factorisation of a small matrix and of products with a vector.
 */
const costs = {
  primal: (n: number, d: number) => n * d * d + 2 * (d ** 3 / 3 + 2 * d * d),
  dual: (n: number, d: number) => n * n * d + 2 * (n ** 3 / 3 + 4 * n * d),
  cg: (n: number, d: number, steps: number) => 2 * (4 * (steps + 1) * n * d + 10 * steps * d),
}

/** The cheapest way for each length of a row; costs cross once, so that one threshold says it all. */
export function chooseMethods({
  factors: d,
  solver,
  cgSteps,
}: Pick<AlsParams, 'factors' | 'solver' | 'cgSteps'>): RowMethods {
  if (solver === 'cg') return { nDual: 0, cgSteps }
  const cgWins = solver === 'auto' && costs.cg(d, d, cgSteps) < costs.primal(d, d)
  const long = (n: number) => (cgWins ? costs.cg(n, d, cgSteps) : costs.primal(n, d))
  let nDual = 0
  while (nDual < mostDual && costs.dual(nDual + 1, d) < long(nDual + 1)) nDual++
  return { nDual, cgSteps: cgWins ? cgSteps : 0 }
}

/** Bytes of scratch that `ials_rows` needs. @param width  floats a row */
export function ialsScratchBytes(width: number, { nDual }: RowMethods): number {
  const order = (nDual + 7) & ~7
  const primal = 64 * (width + 16) + width * (width + 4) + 64
  const dual = width + order + order * (order + 4) + width * order
  const cg = 5 * width + 32 + width * (Math.max(64, Math.floor((1 << 20) / width)) + 4)
  return 4 * Math.max(primal, dual, cg)
}
