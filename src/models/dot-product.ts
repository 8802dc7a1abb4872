/** ⟨a[row], b[other]⟩ with four sums, so that the additions need not wait for each other. */
export function dotAt(
  a: Float32Array | Float64Array,
  row: number,
  b: Float32Array | Float64Array,
  other: number,
  width: number,
): number {
  const i = row * width
  const j = other * width
  const whole = width & ~3
  let s0 = 0
  let s1 = 0
  let s2 = 0
  let s3 = 0
  for (let f = 0; f < whole; f += 4) {
    s0 += a[i + f] * b[j + f]
    s1 += a[i + f + 1] * b[j + f + 1]
    s2 += a[i + f + 2] * b[j + f + 2]
    s3 += a[i + f + 3] * b[j + f + 3]
  }
  for (let f = whole; f < width; f++) s0 += a[i + f] * b[j + f]
  return s0 + s1 + (s2 + s3)
}

/** ‖row‖ of each of `nRows` rows. */
export function normsOf(factors: Float32Array, nRows: number, width: number): Float32Array {
  return Float32Array.from({ length: nRows }, (_, row) => Math.sqrt(dotAt(factors, row, factors, row, width)))
}

/** Cosine of one row to every row; 0 to and from a row of zeros. @param cosines  out, one a row */
export function cosinesTo(
  factors: Float32Array,
  norms: Float32Array,
  row: number,
  width: number,
  cosines: Float32Array,
): void {
  for (let other = 0; other < norms.length; other++) {
    const scale = norms[row] * norms[other]
    cosines[other] = scale > 0 ? dotAt(factors, row, factors, other, width) / scale : 0
  }
}
