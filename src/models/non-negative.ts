import type { Matrix } from 'ml-matrix'

const sweeps = 30

/**
 * argmin xᵀAx − 2⟨b, x⟩ over x ≥ 0 by cyclic coordinate descent (Hsieh & Dhillon 2011).
 * @param gram  A, symmetric with a positive diagonal, order × order
 */
export function nonNegativeLeastSquares(gram: Matrix, right: readonly number[]): number[] {
  const x = right.map(() => 0)
  for (let sweep = 0; sweep < sweeps; sweep++) {
    for (let f = 0; f < x.length; f++) {
      let gradient = right[f]
      for (let g = 0; g < x.length; g++) gradient -= gram.get(f, g) * x[g]
      x[f] = Math.max(0, x[f] + gradient / gram.get(f, f))
    }
  }
  return x
}
