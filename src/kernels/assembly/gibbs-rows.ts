import { cholesky, solveTransposed } from './cholesky'
import { normalEquations, panelWidth } from './normal-equations'
import { fillNormal } from './random'

/**
 * One half step of Gibbs sampling for biased matrix factorisation (Salakhutdinov & Mnih 2008, eq. 11–13, the biases being
 * further columns, and the noise differing by row and by column): row x = (p, b) has the conditional
 * N(A⁻¹(Λm + α Σ c·t·g), A⁻¹) with A = Λ + α Σ c·g·gᵀ, g = (q, 1) and t = value − bias of the column. A row without entries becomes zero and has the prior's mean.
 * @param samples    out, `stride` floats a row: factors, bias, zeros
 * @param means      out, as `samples`: the conditional means
 * @param other      samples of the other side
 * @param stride     a multiple of 8
 * @param alphas     α of each row
 * @param roots      √c of each column
 * @param precision  Λ, row-major, order × order with order = nFactors + 1
 * @param priors     m, one a row, `stride` floats each, or one for all where `ownPriors` is 0
 * @param seed       of this half step: the normals of a row depend on it and on the row alone
 * @param squares    out, float64 a row: Σ c(t − ⟨g, x⟩)²
 */
export function gibbs_rows(
  lo: i32, hi: i32, scratch: usize, rowStarts: usize, columns: usize, values: usize, samples: usize, means: usize,
  other: usize, nFactors: i32, stride: i32, alphas: usize, roots: usize, precision: usize, priors: usize, ownPriors: i32, seed: i32,
  squares: usize,
): void {
  const width = panelWidth(nFactors)
  const order = nFactors + 1
  const bytes = <usize>stride << 2
  for (let row = lo; row < hi; row++) {
    const start = load<i32>(rowStarts + (<usize>row << 2))
    const n = load<i32>(rowStarts + (<usize>row << 2), 4) - start
    const x = samples + <usize>row * bytes
    const mean = means + <usize>row * bytes
    const prior = ownPriors ? priors + <usize>row * bytes : priors
    store<f64>(squares + (<usize>row << 3), 0)
    memory.fill(x, 0, bytes)
    memory.copy(mean, prior, bytes)
    if (n == 0) continue
    const entries = <usize>start << 2
    const a = normalEquations(scratch, columns + entries, values + entries, n, other, nFactors, stride, 0, roots)
    addPrior(a, order, width, load<f32>(alphas + (<usize>row << 2)), precision, prior)
    cholesky(a, order, order + 1, width)
    const y = a + (<usize>(order * width) << 2)
    memory.copy(mean, y, <usize>order << 2)
    solveTransposed(a, order, width, mean)
    fillNormal(x, order, <u32>seed, <u32>(row * (order + 1)))
    for (let f = 0; f < order; f++) {
      const place = x + (<usize>f << 2)
      store<f32>(place, load<f32>(place) + load<f32>(y + (<usize>f << 2)))
    }
    solveTransposed(a, order, width, x)
    store<f64>(squares + (<usize>row << 3), residualSquares(columns + entries, values + entries, n, x, other, nFactors, stride, roots))
  }
}

/** The lower triangle of A, and Λm + α Σ t·g in the row below. */
function addPrior(a: usize, order: i32, width: i32, alpha: f32, precision: usize, prior: usize): void {
  const right = a + (<usize>(order * width) << 2)
  for (let i = 0; i < order; i++) {
    let sum: f32 = 0
    for (let j = 0; j < order; j++) {
      const lambda = load<f32>(precision + (<usize>(i * order + j) << 2))
      sum += lambda * load<f32>(prior + (<usize>j << 2))
      if (j > i) continue
      const place = a + (<usize>(i * width + j) << 2)
      store<f32>(place, alpha * load<f32>(place) + lambda)
    }
    const place = right + (<usize>i << 2)
    store<f32>(place, alpha * load<f32>(place) + sum)
  }
}

function residualSquares(columns: usize, values: usize, n: i32, x: usize, other: usize, nFactors: i32, stride: i32, roots: usize): f64 {
  let total: f64 = 0
  const bias = load<f32>(x + (<usize>nFactors << 2))
  for (let entry: usize = 0; entry < <usize>n << 2; entry += 4) {
    const column = <usize>load<i32>(columns + entry)
    const row = other + (column * <usize>stride << 2)
    let sum: f32 = bias + load<f32>(row + (<usize>nFactors << 2))
    for (let f: usize = 0; f < <usize>nFactors << 2; f += 4) sum += load<f32>(x + f) * load<f32>(row + f)
    const error = <f64>((load<f32>(values + entry) - sum) * load<f32>(roots + (column << 2)))
    total += error * error
  }
  return total
}
