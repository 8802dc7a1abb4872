import { gram } from './gram'

/** Rows gathered before one rank-k update: with 64 factors the panel fills half of a 32 kB cache. */
export const panelRows: i32 = 64

/** Floats a row of the panel: the factors, 1 for the bias, the target, zeros up to a multiple of 8. */
// @ts-ignore: decorator
@inline
export function panelWidth(nFactors: i32): i32 {
  return (nFactors + 9) & ~7
}

/**
 * The normal equations of one row against the other side's factors g = (q, 1): the lower triangle of Σ (g, t)·(g, t)ᵀ
 * over the row's entries, where t = value − mean − bias of the column. Its row `nFactors + 1` thus holds Σ t·g and Σ t².
 * @param roots    of each column: its entries count with the square of it; 0 (no address): all alike
 * @param scratch  panelRows × width for the panel, then width × width for the result
 * @returns the address of the result
 */
export function normalEquations(
  scratch: usize, columns: usize, values: usize, nEntries: i32, other: usize, nFactors: i32, stride: i32, mean: f32,
  roots: usize = 0,
): usize {
  const width = panelWidth(nFactors)
  const result = scratch + (<usize>(panelRows * width) << 2)
  memory.fill(result, 0, <usize>(width * width) << 2)
  for (let start = 0; start < nEntries; start += panelRows) {
    const n = min(panelRows, nEntries - start)
    for (let row = 0; row < n; row++) {
      const entry = <usize>(start + row) << 2
      const column = <usize>load<i32>(columns + entry)
      const into = scratch + (<usize>(row * width) << 2)
      gather(into, other + (column * <usize>stride << 2), nFactors, width, load<f32>(values + entry) - mean)
      if (roots != 0) scale(into, width, load<f32>(roots + (column << 2)))
    }
    gram(scratch, width, n, width, result)
  }
  return result
}

// @ts-ignore: decorator
@inline
function scale(row: usize, width: i32, factor: f32): void {
  const factors = f32x4.splat(factor)
  for (let f: usize = 0; f < <usize>width << 2; f += 16) v128.store(row + f, f32x4.mul(factors, v128.load(row + f)))
}

// @ts-ignore: decorator
@inline
function gather(into: usize, from: usize, nFactors: i32, width: i32, target: f32): void {
  for (let f = 0; f < nFactors; f += 4) v128.store(into + (<usize>f << 2), v128.load(from + (<usize>f << 2)))
  const tail = into + (<usize>nFactors << 2)
  store<f32>(tail, 1)
  store<f32>(tail, target - load<f32>(from + (<usize>nFactors << 2)), 4)
  for (let f = nFactors + 2; f < width; f++) store<f32>(into + (<usize>f << 2), 0)
}
