const sweeps = 30

/**
 * argmin xᵀAx − 2⟨b, x⟩ over x ≥ 0 by cyclic coordinate descent (Hsieh & Dhillon 2011).
 * @param gram   A, row-major, symmetric with a positive diagonal, order × order
 * @param right  b, order
 */
export function nonNegativeLeastSquares(gram: Float64Array, right: Float64Array): Float64Array {
  const order = right.length
  const x = new Float64Array(order)
  for (let sweep = 0; sweep < sweeps; sweep++) {
    for (let f = 0; f < order; f++) {
      const row = f * order
      let gradient = right[f]
      for (let g = 0; g < order; g++) gradient -= gram[row + g] * x[g]
      x[f] = Math.max(0, x[f] + gradient / gram[row + f])
    }
  }
  return x
}
