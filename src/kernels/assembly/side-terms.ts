import { dot } from './dot'
import { fillNormal } from './random'
import { fma } from './simd'

/*
 * Draws of what Gibbs sampling of ratings has beside factors and biases: who has rated what says something of the rows
 * (SVD++: Koren 2008; sampled as the link matrix of Macau: Simm et al. 2017), and biases of a row at a time.
 */

/**
 * One sweep over the terms y of rows [lo, hi), one after the other, in rows = μ + share·Σ y + N(0, Λ⁻¹): each is drawn
 * from N(b/a, Λ⁻¹/a) with a = strength + Σ share² and b = Σ share·(residual + share·y), and taken out of the residuals.
 * The rows of a range share residuals: the whole sweep is one range. A term of no row becomes zero.
 * @param rowStarts  of the terms' owners: a user's term speaks for the items that the user has rated
 * @param shares     of the rows that are described
 * @param terms      in and out, `stride` floats each, zeros from `order` on
 * @param residuals  in and out, `stride` floats a row
 * @param root       R with R·Rᵀ = Λ⁻¹, order × stride
 * @param seed       of this sweep
 * @param scratch    2 × stride floats
 */
export function implicit_rows(
  lo: i32, hi: i32, scratch: usize, rowStarts: usize, columns: usize, shares: usize, terms: usize, residuals: usize,
  stride: i32, order: i32, root: usize, strength: f32, seed: i32,
): void {
  const bytes = <usize>stride << 2
  const sum = scratch
  const normals = scratch + bytes
  memory.fill(normals, 0, bytes)
  for (let row = lo; row < hi; row++) {
    const start = columns + (<usize>load<i32>(rowStarts + (<usize>row << 2)) << 2)
    const end = columns + (<usize>load<i32>(rowStarts + (<usize>row << 2), 4) << 2)
    const term = terms + <usize>row * bytes
    if (start == end) {
      memory.fill(term, 0, bytes)
      continue
    }
    memory.fill(sum, 0, bytes)
    let squares: f32 = 0
    for (let entry = start; entry < end; entry += 4) {
      const column = <usize>load<i32>(entry)
      const share = load<f32>(shares + (column << 2))
      squares += share * share
      addTo(sum, residuals + column * bytes, share, bytes)
    }
    const precision = strength + squares
    const deviation: f32 = 1 / sqrt<f32>(precision)
    fillNormal(normals, order, <u32>seed, <u32>(row * (order + 1)))
    for (let f = 0; f < order; f++) {
      const at = <usize>f << 2
      const before = load<f32>(term + at)
      const mean = (load<f32>(sum + at) + squares * before) / precision
      const after = mean + deviation * dot(root + <usize>f * bytes, normals, stride)
      store<f32>(term + at, after)
      store<f32>(sum + at, after - before)
    }
    for (let entry = start; entry < end; entry += 4) {
      const column = <usize>load<i32>(entry)
      addTo(residuals + column * bytes, sum, -load<f32>(shares + (column << 2)), bytes)
    }
  }
}

/** into += factor·from */
// @ts-ignore: decorator
@inline
function addTo(into: usize, from: usize, factor: f32, bytes: usize): void {
  const scale = f32x4.splat(factor)
  for (let f: usize = 0; f < bytes; f += 16) v128.store(into + f, fma(scale, v128.load(from + f), v128.load(into + f)))
}

/**
 * Draws the biases of the bins of rows [lo, hi) given all else: N(α Σ c·e/a, 1/a) with a = strength + α Σ c and
 * e = value − ⟨g, x⟩ − b − bias of the other side's bin.
 * @param values      without any bins' biases
 * @param ownBins     of each entry, from the row's `binStarts` on; −1: none
 * @param otherBins   of each entry, into `otherBiases`; −1: none
 * @param own         samples of this side, factors and bias, `stride` floats a row
 * @param alphas      α of each row
 * @param roots       √c of each column
 * @param seed        of this sweep
 * @param biases      out
 * @param scratch     3 floats for each bin of the row that has most, and 16
 */
export function bin_rows(
  lo: i32, hi: i32, scratch: usize, rowStarts: usize, columns: usize, values: usize, ownBins: usize, otherBins: usize,
  otherBiases: usize, own: usize, other: usize, nFactors: i32, stride: i32, alphas: usize, roots: usize, strength: f32,
  seed: i32, binStarts: usize, biases: usize,
): void {
  const pitch = <usize>stride << 2
  const tail = <usize>nFactors << 2
  for (let row = lo; row < hi; row++) {
    const firstBin = load<i32>(binStarts + (<usize>row << 2))
    const nBins = load<i32>(binStarts + (<usize>row << 2), 4) - firstBin
    const sums = scratch
    const weights = sums + (<usize>nBins << 2)
    const normals = weights + (<usize>nBins << 2)
    memory.fill(sums, 0, <usize>nBins << 3)
    const x = own + <usize>row * pitch
    const bias = load<f32>(x + tail)
    const end = <usize>load<i32>(rowStarts + (<usize>row << 2), 4) << 2
    for (let entry = <usize>load<i32>(rowStarts + (<usize>row << 2)) << 2; entry < end; entry += 4) {
      const bin = load<i32>(ownBins + entry)
      if (bin < 0) continue
      const column = <usize>load<i32>(columns + entry)
      const y = other + column * pitch
      const otherBin = load<i32>(otherBins + entry)
      const shift: f32 = otherBin < 0 ? 0 : load<f32>(otherBiases + (<usize>otherBin << 2))
      // ⟨x, y⟩ has the product of both biases in it.
      const product = dot(x, y, stride) - bias * load<f32>(y + tail)
      const error = load<f32>(values + entry) - shift - bias - load<f32>(y + tail) - product
      const root = load<f32>(roots + (column << 2))
      const place = <usize>(bin - firstBin) << 2
      store<f32>(sums + place, load<f32>(sums + place) + root * root * error)
      store<f32>(weights + place, load<f32>(weights + place) + root * root)
    }
    const alpha = load<f32>(alphas + (<usize>row << 2))
    fillNormal(normals, nBins, <u32>seed, <u32>((firstBin + row + 1) & ~1))
    for (let bin = 0; bin < nBins; bin++) {
      const place = <usize>bin << 2
      const precision = strength + alpha * load<f32>(weights + place)
      const drawn = (alpha * load<f32>(sums + place)) / precision + load<f32>(normals + place) / sqrt<f32>(precision)
      store<f32>(biases + (<usize>(firstBin + bin) << 2), drawn)
    }
  }
}

/** out = value − both sides' biases of the bin, for entries [lo, hi); a bin of −1 has none. */
export function shift_entries(
  lo: i32, hi: i32, scratch: usize, values: usize, userBins: usize, userBiases: usize, itemBins: usize, itemBiases: usize,
  out: usize,
): void {
  for (let entry = <usize>lo << 2; entry < <usize>hi << 2; entry += 4) {
    const userBin = load<i32>(userBins + entry)
    const itemBin = load<i32>(itemBins + entry)
    let value = load<f32>(values + entry)
    if (userBin >= 0) value -= load<f32>(userBiases + (<usize>userBin << 2))
    if (itemBin >= 0) value -= load<f32>(itemBiases + (<usize>itemBin << 2))
    store<f32>(out + entry, value)
  }
}
