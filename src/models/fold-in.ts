import { CholeskyDecomposition, Matrix } from 'ml-matrix'
import { nonNegativeLeastSquares } from './non-negative.ts'
import type { Ridge } from './ridge.ts'
import type { HistoryEntry } from './types.ts'

/** How a new user's row is found from a history. */
export interface FoldIn {
  readonly ridge: Ridge
  readonly nonNegative: boolean
}

/** The items as the fit left them; `factors` row-major, `width` floats an item. */
export interface FoldInItems {
  readonly factors: Float32Array
  readonly bias: Float32Array
  readonly width: number
  /** What the model adds to every prediction. */
  readonly mean: number
}

/**
 * The half step of the training for one row in double precision: (Σ g·gᵀ + Λ) x = Σ t·g with g = (q, 1), as in
 * `als_rows`, or the same objective over x ≥ 0.
 * @param history  at least one entry
 * @returns the factors, without the bias: it moves all items alike
 */
export function foldInFactors(
  history: readonly HistoryEntry[],
  items: FoldInItems,
  how: FoldIn,
): Float32Array {
  const order = items.width + 1
  const gram = new Float64Array(order * order)
  const right = new Float64Array(order)
  const n = history.length
  const { reg, damping, regBias, biasDamping } = how.ridge
  addEntries(history, items, gram, right)
  for (let f = 0; f < order; f++) {
    const ridge = f < items.width ? reg * n + damping : regBias * n + biasDamping
    gram[f * order + f] += Math.max(ridge, 1e-9 * gram[f * order + f])
    for (let g = f + 1; g < order; g++) gram[f * order + g] = gram[g * order + f]
  }
  const x = how.nonNegative
    ? nonNegativeLeastSquares(gram, right)
    : new CholeskyDecomposition(Matrix.from1DArray(order, order, gram))
        .solve(Matrix.columnVector(right))
        .to1DArray()
  return Float32Array.from(x.slice(0, items.width))
}

/** The lower triangle of gram += Σ g·gᵀ and right += Σ t·g. */
function addEntries(
  history: readonly HistoryEntry[],
  { factors, bias, width, mean }: FoldInItems,
  gram: Float64Array,
  right: Float64Array,
): void {
  const order = width + 1
  const feature = new Float64Array(order).fill(1)
  for (const { itemIndex, rating } of history) {
    const start = itemIndex * width
    for (let f = 0; f < width; f++) feature[f] = factors[start + f]
    const target = rating - mean - bias[itemIndex]
    for (let f = 0; f < order; f++) {
      const left = feature[f]
      right[f] += target * left
      for (let g = 0; g <= f; g++) gram[f * order + g] += left * feature[g]
    }
  }
}
