import { cholesky, solveTransposed } from './cholesky'
import { normalEquations, panelWidth } from './normal-equations'

/**
 * One half step of ALS-WR with biases (Zhou et al. 2008, eq. 7): each row x = (p, b) solves
 * (Σ g·gᵀ + Λ) x = Σ t·g exactly, Λ = λ·n + damping on the
 * diagonal of the factors and λ_b·n + biasDamping on that of the bias. A row without entries becomes zero.
 * @param own        out, `stride` floats a row: factors, bias, zeros
 * @param objective  out, float64 a row: Σ (t − ⟨g, x⟩)² + xᵀΛx
 */
export function als_rows(
  lo: i32, hi: i32, scratch: usize, rowStarts: usize, columns: usize, values: usize, own: usize, other: usize,
  nFactors: i32, stride: i32, mean: f32, reg: f32, damping: f32, regBias: f32,
  biasDamping: f32, objective: usize,
): void {
  const width = panelWidth(nFactors)
  const order = nFactors + 1
  for (let row = lo; row < hi; row++) {
    const start = load<i32>(rowStarts + (<usize>row << 2))
    const n = load<i32>(rowStarts + (<usize>row << 2), 4) - start
    const x = own + (<usize>row * <usize>stride << 2)
    memory.fill(x, 0, <usize>stride << 2)
    store<f64>(objective + (<usize>row << 3), 0)
    if (n == 0) continue
    const entries = <usize>start << 2
    const a = normalEquations(scratch, columns + entries, values + entries, n, other, nFactors, stride, mean)
    const y = a + (<usize>(order * width) << 2)
    const squares = load<f32>(y + (<usize>order << 2))
    addRidge(a, nFactors, width, reg * <f32>n + damping, regBias * <f32>n + biasDamping)
    cholesky(a, order, order + 1, width)
    store<f64>(objective + (<usize>row << 3), <f64>squares - sumOfSquares(y, order))
    solveTransposed(a, order, width, y)
    memory.copy(x, y, <usize>order << 2)
  }
}

/**
 * Where λ is too small for single precision, a share of the diagonal that stands above the rounding errors of Gram
 * matrix and factorisation keeps the matrix positive definite (Demmel 1989: relative to the diagonal they are below a
 * small multiple of order · ε). With the usual λ it is never the larger one.
 */
function addRidge(a: usize, nFactors: i32, width: i32, reg: f32, regBias: f32): void {
  const share = <f32>1e-5 + <f32>nFactors * f32.EPSILON
  for (let f = 0; f <= nFactors; f++) {
    const place = a + (<usize>(f * width + f) << 2)
    const diagonal = load<f32>(place)
    store<f32>(place, diagonal + max<f32>(f < nFactors ? reg : regBias, share * diagonal))
  }
}

function sumOfSquares(y: usize, order: i32): f64 {
  let sum: f64 = 0
  for (let i = 0; i < order; i++) {
    const value = <f64>load<f32>(y + (<usize>i << 2))
    sum += value * value
  }
  return sum
}
