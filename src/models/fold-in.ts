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
  const { gram, right } = equations(history, items, how.ridge)
  return Float32Array.from(solve(gram, right, how).slice(0, items.width))
}

/**
 * What each entry adds to the item's score: ⟨q, A⁻¹ t·g⟩ with A and t·g as above, since x is linear in the targets (Hu,
 * Koren & Volinsky 2008, eq. 7). Over x ≥ 0 that holds among the factors that are above 0.
 * @param contributions  out, one an entry
 */
export function explainFoldIn(
  history: readonly HistoryEntry[],
  items: FoldInItems,
  how: FoldIn,
  itemIndex: number,
  contributions: Float32Array,
): void {
  if (history.length === 0) return
  const { factors, bias, width, mean } = items
  const { gram, right } = equations(history, items, how.ridge)
  const q = new Float64Array(width + 1)
  q.set(factors.subarray(itemIndex * width, (itemIndex + 1) * width))
  if (how.nonNegative) keepActive(gram, q, solve(gram, right, how))
  const z = solveSymmetric(gram, q)
  history.forEach((entry, at) => {
    let product = z[width]
    for (let f = 0; f < width; f++) product += z[f] * factors[entry.itemIndex * width + f]
    contributions[at] = product * (entry.rating - mean - bias[entry.itemIndex])
  })
}

/** Rows and columns of the factors at 0 become those of the identity, so that they take no part. */
function keepActive(gram: Float64Array, q: Float64Array, x: ArrayLike<number>): void {
  const order = q.length
  for (let f = 0; f < order; f++) {
    if (x[f] > 0) continue
    q[f] = 0
    for (let g = 0; g < order; g++) {
      gram[f * order + g] = 0
      gram[g * order + f] = 0
    }
    gram[f * order + f] = 1
  }
}

function equations(history: readonly HistoryEntry[], items: FoldInItems, ridge: Ridge) {
  const order = items.width + 1
  const gram = new Float64Array(order * order)
  const right = new Float64Array(order)
  const n = history.length
  const { reg, damping, regBias, biasDamping } = ridge
  addEntries(history, items, gram, right)
  for (let f = 0; f < order; f++) {
    const added = f < items.width ? reg * n + damping : regBias * n + biasDamping
    gram[f * order + f] += Math.max(added, 1e-9 * gram[f * order + f])
    for (let g = f + 1; g < order; g++) gram[f * order + g] = gram[g * order + f]
  }
  return { gram, right }
}

function solve(gram: Float64Array, right: Float64Array, how: FoldIn): Float64Array {
  return how.nonNegative ? nonNegativeLeastSquares(gram, right) : solveSymmetric(gram, right)
}

function solveSymmetric(gram: Float64Array, right: Float64Array): Float64Array {
  const order = right.length
  const decomposition = new CholeskyDecomposition(Matrix.from1DArray(order, order, gram))
  return Float64Array.from(decomposition.solve(Matrix.columnVector(right)).to1DArray())
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
