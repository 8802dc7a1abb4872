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
 * @param scratch  panelRows × width for the panel, then width × width for the result
 * @returns the address of the result
 */
export function normalEquations(
  scratch: usize, columns: usize, values: usize, nEntries: i32, other: usize, nFactors: i32, stride: i32, mean: f32,
): usize {
  const width = panelWidth(nFactors)
  const result = scratch + (<usize>(panelRows * width) << 2)
  memory.fill(result, 0, <usize>(width * width) << 2)
  for (let start = 0; start < nEntries; start += panelRows) {
    const n = min(panelRows, nEntries - start)
    for (let row = 0; row < n; row++) {
      const entry = <usize>(start + row) << 2
      const from = other + (<usize>load<i32>(columns + entry) * <usize>stride << 2)
      gather(scratch + (<usize>(row * width) << 2), from, nFactors, width, load<f32>(values + entry) - mean)
    }
    gram(scratch, n, width, result)
  }
  return result
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
