import { CholeskyDecomposition, inverse, Matrix } from 'ml-matrix'
import type { RandomStream } from '../../kernels/random.ts'

/** The normal prior of the rows of one side, as one draw has it. */
export interface RowPrior {
  /** Λ, order × order */
  readonly precision: Float32Array
  /** μ, order */
  readonly mean: Float32Array
}

/** What a side's rows say about their prior. */
export interface RowMoments {
  readonly nRows: number
  /** Σ x, order */
  readonly sum: Float64Array
  /** Σ x·xᵀ, order × order */
  readonly products: Float64Array
}

/** Further rows with the prior N(0, (strength·Λ)⁻¹), and Σ y·yᵀ over them. */
export interface LinkedRows {
  readonly nRows: number
  readonly strength: number
  readonly products: Float64Array
}

/** Prior rows at μ₀ = 0; as in Salakhutdinov & Mnih 2008, section 3. */
const meanStrength = 2

/**
 * Draws Λ ~ W(W*, ν*) and μ ~ N(μ*, (β*Λ)⁻¹) from the posterior of a normal–Wishart prior with W₀ = I, ν₀ = order,
 * μ₀ = 0, β₀ = 2 (Salakhutdinov & Mnih 2008, eq. 14).
 */
export function drawRowPrior(
  { nRows, sum, products }: RowMoments,
  random: RandomStream,
  linked?: LinkedRows,
): RowPrior {
  const order = sum.length
  const strength = meanStrength + nRows
  // W*⁻¹ = I + Σ xxᵀ − (Σx)(Σx)ᵀ/β*, which is eq. 14 for μ₀ = 0.
  const scatter = Matrix.from1DArray(order, order, Array.from(products))
  for (let i = 0; i < order; i++) {
    for (let j = 0; j < order; j++) {
      const more = linked ? linked.strength * linked.products[i * order + j] : 0
      scatter.set(i, j, scatter.get(i, j) + more + (i === j ? 1 : 0) - (sum[i] * sum[j]) / strength)
    }
  }
  const precision = drawWishart(inverse(scatter), order + nRows + (linked?.nRows ?? 0), random)
  const mean = drawNormal(precision, strength, random)
  for (let i = 0; i < order; i++) mean[i] += sum[i] / strength
  return { precision: Float32Array.from(precision.to1DArray()), mean: Float32Array.from(mean) }
}

/** L·A·Aᵀ·Lᵀ of W = L·Lᵀ with A as in Bartlett (1933). */
function drawWishart(scale: Matrix, degrees: number, random: RandomStream): Matrix {
  const order = scale.rows
  const bartlett = Matrix.zeros(order, order)
  for (let i = 0; i < order; i++) {
    bartlett.set(i, i, Math.sqrt(2 * random.gamma((degrees - i) / 2)))
    for (let j = 0; j < i; j++) bartlett.set(i, j, random.normal())
  }
  const symmetric = scale.clone().add(scale.transpose()).mul(0.5)
  const root = new CholeskyDecomposition(symmetric).lowerTriangularMatrix.mmul(bartlett)
  return root.mmul(root.transpose())
}

/** N(0, (strength·Λ)⁻¹): Lᵀx = z with Λ = L·Lᵀ */
function drawNormal(precision: Matrix, strength: number, random: RandomStream): Float64Array {
  const order = precision.rows
  const lower = new CholeskyDecomposition(precision).lowerTriangularMatrix
  const x = Float64Array.from({ length: order }, () => random.normal() / Math.sqrt(strength))
  for (let i = order - 1; i >= 0; i--) {
    for (let j = i + 1; j < order; j++) x[i] -= lower.get(j, i) * x[j]
    x[i] /= lower.get(i, i)
  }
  return x
}
