import { dot } from './dot'
import { normalEquations, panelWidth } from './normal-equations'

/**
 * One half step of masked non-negative factorisation: each row x ≥ 0 goes `sweeps` times through cyclic coordinate
 * descent (Hsieh & Dhillon 2011, on the row's own normal equations) on Σ (t − ⟨g, x⟩)² + xᵀΛx, from where it is.
 * A row without entries becomes zero. Parameters as in `als_rows`.
 */
export function nnls_rows(
  lo: i32, hi: i32, scratch: usize, rowStarts: usize, columns: usize, values: usize, own: usize, other: usize,
  nFactors: i32, stride: i32, mean: f32, reg: f32, damping: f32, regBias: f32,
  biasDamping: f32, objective: usize, sweeps: i32,
): void {
  const width = panelWidth(nFactors)
  const order = nFactors + 1
  for (let row = lo; row < hi; row++) {
    const start = load<i32>(rowStarts + (<usize>row << 2))
    const n = load<i32>(rowStarts + (<usize>row << 2), 4) - start
    const x = own + (<usize>row * <usize>stride << 2)
    store<f64>(objective + (<usize>row << 3), 0)
    if (n == 0) {
      memory.fill(x, 0, <usize>stride << 2)
      continue
    }
    const entries = <usize>start << 2
    const a = normalEquations(scratch, columns + entries, values + entries, n, other, nFactors, stride, mean)
    mirror(a, order, width)
    for (let sweep = 0; sweep < sweeps; sweep++) descend(a, x, nFactors, width, reg * <f32>n + damping, regBias * <f32>n + biasDamping)
    store<f64>(objective + (<usize>row << 3), valueAt(a, x, nFactors, width, reg * <f32>n + damping, regBias * <f32>n + biasDamping))
  }
}

/** The lower triangle copied to the upper; columns from `order` on become zero, so that whole rows can be multiplied. */
function mirror(a: usize, order: i32, width: i32): void {
  for (let i = 0; i < order; i++) {
    for (let j = i + 1; j < order; j++) store<f32>(place(a, i, j, width), load<f32>(place(a, j, i, width)))
    for (let j = order; j < width; j++) store<f32>(place(a, i, j, width), 0)
  }
}

function descend(a: usize, x: usize, nFactors: i32, width: i32, reg: f32, regBias: f32): void {
  const order = nFactors + 1
  // The stride of x is a multiple of 4 and zero beyond its order.
  const length = (order + 3) & ~3
  for (let f = 0; f < order; f++) {
    const ridge = f < nFactors ? reg : regBias
    const target = load<f32>(place(a, order, f, width))
    const current = load<f32>(x + (<usize>f << 2))
    const gradient = target - dot(place(a, f, 0, width), x, length) - ridge * current
    const next = current + gradient / (load<f32>(place(a, f, f, width)) + ridge)
    store<f32>(x + (<usize>f << 2), max<f32>(0, next))
  }
}

/** Σ t² − 2⟨b, x⟩ + xᵀAx + the ridge */
function valueAt(a: usize, x: usize, nFactors: i32, width: i32, reg: f32, regBias: f32): f64 {
  const order = nFactors + 1
  let value: f64 = load<f32>(place(a, order, order, width))
  for (let f = 0; f < order; f++) {
    const xf = <f64>load<f32>(x + (<usize>f << 2))
    const product = <f64>dot(place(a, f, 0, width), x, (order + 3) & ~3)
    const ridge = <f64>(f < nFactors ? reg : regBias)
    value += xf * (product + ridge * xf - 2 * <f64>load<f32>(place(a, order, f, width)))
  }
  return value
}

// @ts-ignore: decorator
@inline
function place(a: usize, row: i32, column: i32, width: i32): usize {
  return a + (<usize>(row * width + column) << 2)
}
