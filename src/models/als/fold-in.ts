import { dotAt } from '../dot-product.ts'
import type { HistoryEntry } from '../types.ts'

/** What a new row is solved against. */
export interface FoldInSide {
  /** nItems × width */
  readonly factors: Float32Array
  /** α₀·YᵀY, width × width */
  readonly background: Float64Array
  readonly width: number
  /** ρ of a row with n entries. */
  readonly ridge: (n: number) => number
  /** c of an entry by its value. */
  readonly weightOf: (value: number) => number
}

const tolerance = 1e-8

/**
 * Solves (α₀YᵀY + ρ + Σ c·yyᵀ) z = right in double precision by conjugate gradients: a history never has so many entries
 * that a factorisation of d × d would pay, and the weights keep the system well conditioned.
 */
export function solveRow(
  history: readonly HistoryEntry[],
  side: FoldInSide,
  right: Float64Array,
): Float64Array {
  const { width } = side
  const x = new Float64Array(width)
  const residual = right.slice()
  const direction = right.slice()
  const product = new Float64Array(width)
  let rr = dotAt(residual, 0, residual, 0, width)
  const enough = tolerance ** 2 * rr
  for (let step = 0; step < 2 * width && rr > enough; step++) {
    multiply(history, side, direction, product)
    const alpha = rr / dotAt(direction, 0, product, 0, width)
    for (let f = 0; f < width; f++) {
      x[f] += alpha * direction[f]
      residual[f] -= alpha * product[f]
    }
    const next = dotAt(residual, 0, residual, 0, width)
    for (let f = 0; f < width; f++) direction[f] = residual[f] + (next / rr) * direction[f]
    rr = next
  }
  return x
}

/** Σ c·y */
export function rightSide(
  history: readonly HistoryEntry[],
  { factors, width, weightOf }: FoldInSide,
): Float64Array {
  const right = new Float64Array(width)
  for (const { itemIndex, rating } of history) {
    const c = weightOf(rating)
    for (let f = 0; f < width; f++) right[f] += c * factors[itemIndex * width + f]
  }
  return right
}

function multiply(
  history: readonly HistoryEntry[],
  side: FoldInSide,
  p: Float64Array,
  out: Float64Array,
): void {
  const { factors, background, width, weightOf } = side
  const rho = side.ridge(history.length)
  for (let f = 0; f < width; f++) out[f] = rho * p[f] + dotAt(background, f, p, 0, width)
  for (const { itemIndex, rating } of history) {
    const share = weightOf(rating) * dotAt(factors, itemIndex, p, 0, width)
    for (let f = 0; f < width; f++) out[f] += share * factors[itemIndex * width + f]
  }
}
