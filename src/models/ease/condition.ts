import type { TrainingSet } from '../../dataset/types.ts'

/** The condition beyond which single precision loses more than two of its seven digits in the weights. */
const mostForSingle = 1e5

const nSteps = 12

/** Whether (XᵀX + λ)⁻¹ asks for double precision: λ is small beside the largest eigenvalue of XᵀX. */
export function needsDouble(train: TrainingSet, lambda: number): boolean {
  return (largestEigenvalue(train) + lambda) / lambda > mostForSingle
}

/**
 * The largest eigenvalue of XᵀX, X binary, from below: steps of the power method from a vector of ones, which is never
 * orthogonal to the leading eigenvector, since that has no negative elements (Perron–Frobenius).
 */
export function largestEigenvalue({ nItems, byUser }: TrainingSet): number {
  let vector = new Float64Array(nItems).fill(1 / Math.sqrt(Math.max(1, nItems)))
  let length = 0
  for (let step = 0; step < nSteps; step++) {
    const image = new Float64Array(nItems)
    for (let user = 0; user < byUser.nRows; user++) {
      const columns = byUser.columns.subarray(byUser.rowStarts[user], byUser.rowStarts[user + 1])
      let sum = 0
      for (const item of columns) sum += vector[item]
      for (const item of columns) image[item] += sum
    }
    length = Math.sqrt(image.reduce((total, value) => total + value * value, 0))
    if (length === 0) return 0
    vector = image.map((value) => value / length)
  }
  return length
}
