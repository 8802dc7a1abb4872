import { CholeskyDecomposition, Matrix } from 'ml-matrix'
import type { Compute } from '../../kernels/compute.ts'
import type { RandomStream } from '../../kernels/random.ts'
import type { CheckpointArrays } from '../types.ts'
import { drawRowPrior, type RowPrior } from './hyperparameters.ts'
import { momentsOf } from './row-moments.ts'

/** A side of the ratings in shared memory. */
export interface RatedRows {
  readonly nRows: number
  readonly rowStarts: Int32Array
  readonly columns: Int32Array
}

/** λ of the first draw: until the terms are known they say little. */
const firstStrength = 30

/**
 * Who has rated what, whatever the rating (SVD++: Koren 2008): row ~ N(μ + share·Σ y, Λ⁻¹) with a term y of each row of
 * the other side that it has to do with and share = 1/√n. The terms have the prior N(0, (λΛ)⁻¹) and are drawn with the
 * rows' own (as the link matrix of Macau: Simm et al. 2017).
 */
export class ImplicitTerm {
  /** μ + share·Σ y of each row, `stride` floats each. */
  readonly priors: Float32Array
  readonly #described: RatedRows
  readonly #owners: RatedRows
  readonly #order: number
  readonly #stride: number
  readonly #nTerms: number
  readonly #terms: Float32Array
  readonly #shares: Float32Array
  readonly #offsets: Float32Array
  #strength = firstStrength

  constructor(described: RatedRows, owners: RatedRows, order: number, compute: Compute) {
    const stride = (order + 7) & ~7
    this.#described = described
    this.#owners = owners
    this.#order = order
    this.#stride = stride
    this.#nTerms = countRated(owners)
    this.priors = compute.float32(described.nRows * stride)
    this.#offsets = compute.float32(described.nRows * stride)
    this.#terms = compute.float32(owners.nRows * stride)
    this.#shares = compute.float32(described.nRows)
    const { rowStarts } = described
    for (let row = 0; row < described.nRows; row++) {
      this.#shares[row] = 1 / Math.sqrt(Math.max(1, rowStarts[row + 1] - rowStarts[row]))
    }
  }

  get terms(): Float32Array {
    return this.#terms
  }

  /** Draws Λ, μ, the terms and λ given the rows. @returns Λ and μ */
  async draw(samples: Float32Array, random: RandomStream, seed: number, compute: Compute): Promise<RowPrior> {
    return compute.scoped(async () => {
      const residuals = compute.float32(samples.length)
      for (let at = 0; at < residuals.length; at++) residuals[at] = samples[at] - this.#offsets[at]
      const rows = await momentsOf(residuals, this.#described, this.#order, compute)
      const termMoments = await momentsOf(this.#terms, this.#owners, this.#order, compute)
      const prior = drawRowPrior(rows, random, {
        nRows: this.#nTerms,
        strength: this.#strength,
        products: termMoments.products,
      })
      if (this.#nTerms === 0) return prior
      this.#shift(residuals, prior.mean, -1)
      await this.#drawTerms(residuals, prior.precision, seed, compute)
      this.#shift(residuals, prior.mean, 1)
      this.#describe(samples, residuals, prior.mean)
      await this.#drawStrength(prior.precision, random, compute)
      return prior
    })
  }

  async #drawTerms(residuals: Float32Array, precision: Float32Array, seed: number, compute: Compute) {
    const { nRows, rowStarts, columns } = this.#owners
    const root = compute.float32(this.#order * this.#stride)
    inverseRoot(precision, this.#order).forEach((line, f) => {
      root.set(line, f * this.#stride)
    })
    await compute.run({
      kernel: 'implicit_rows',
      nRows,
      rowsPerRange: Math.max(1, nRows),
      scratchBytes: 8 * this.#stride,
      args: [
        ...[rowStarts, columns, this.#shares, this.#terms, residuals],
        ...[this.#stride, this.#order, root, this.#strength, seed],
      ],
    })
  }

  /** λ ~ Gamma(1 + n·order/2, 1 + Σ yᵀΛy/2) */
  async #drawStrength(precision: Float32Array, random: RandomStream, compute: Compute): Promise<void> {
    const { products } = await momentsOf(this.#terms, this.#owners, this.#order, compute)
    const total = products.reduce((sum, value, at) => sum + value * precision[at], 0)
    this.#strength = random.gamma(1 + (this.#nTerms * this.#order) / 2) / (1 + total / 2)
  }

  /** Rows with ratings += sign·μ */
  #shift(rows: Float32Array, mean: Float32Array, sign: number): void {
    const { nRows, rowStarts } = this.#described
    for (let row = 0; row < nRows; row++) {
      if (rowStarts[row + 1] === rowStarts[row]) continue
      for (let f = 0; f < this.#order; f++) rows[row * this.#stride + f] += sign * mean[f]
    }
  }

  /** What the terms say of each row, and that with μ. */
  #describe(samples: Float32Array, residuals: Float32Array, mean: Float32Array): void {
    const [order, stride] = [this.#order, this.#stride]
    for (let row = 0; row < this.#described.nRows; row++) {
      for (let at = row * stride, f = 0; f < order; f++, at++) {
        this.#offsets[at] = samples[at] - residuals[at]
        this.priors[at] = mean[f] + this.#offsets[at]
      }
    }
  }

  arrays(name: string): CheckpointArrays {
    return {
      [`${name}Terms`]: this.#terms,
      [`${name}Offsets`]: this.#offsets,
      [`${name}Strength`]: Float64Array.of(this.#strength),
    }
  }

  restore(name: string, arrays: CheckpointArrays): void {
    this.#terms.set(arrays[`${name}Terms`])
    this.#offsets.set(arrays[`${name}Offsets`])
    this.#strength = arrays[`${name}Strength`][0]
  }
}

/** Bytes of an `ImplicitTerm`, while it draws. */
export function implicitBytes(nDescribed: number, nOwners: number, stride: number): number {
  return 4 * stride * (3 * nDescribed + nOwners) + 4 * nDescribed + 4 * stride * stride * 18
}

export function countRated({ nRows, rowStarts }: Pick<RatedRows, 'nRows' | 'rowStarts'>): number {
  let count = 0
  for (let row = 0; row < nRows; row++) if (rowStarts[row + 1] > rowStarts[row]) count++
  return count
}

/** Of the diagonal of L, where rounding has left nothing of a nearly singular Λ. */
const leastRoot = 1e-6

/** The rows of L⁻ᵀ with Λ = L·Lᵀ. */
function inverseRoot(precision: Float32Array, order: number): Float64Array[] {
  const symmetric = Matrix.from1DArray(order, order, Array.from(precision))
  const lower = new CholeskyDecomposition(symmetric).lowerTriangularMatrix
  const rows = Array.from({ length: order }, () => new Float64Array(order))
  for (let column = 0; column < order; column++) {
    for (let i = column; i < order; i++) {
      let value = i === column ? 1 : 0
      for (let j = column; j < i; j++) value -= lower.get(i, j) * rows[column][j]
      rows[column][i] = value / Math.max(leastRoot, lower.get(i, i))
    }
  }
  return rows
}
