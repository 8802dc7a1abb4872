import type { RowKernel } from './instance.ts'

type Terms = 'implicit_rows' | 'bin_rows' | 'shift_entries'

/**
 * The plain twins of `assembly/side-terms.ts`.
 * @param normalsAt  n standard normals from a position on
 */
export function plainTerms(
  memory: WebAssembly.Memory,
  normalsAt: (seed: number, position: number, n: number) => number[],
): Record<Terms, RowKernel> {
  const floats = new Float32Array(memory.buffer)
  const ints = new Int32Array(memory.buffer)
  const rowAt = (address: number, row: number, stride: number) =>
    floats.subarray(address / 4 + row * stride, address / 4 + (row + 1) * stride)

  function implicit_rows(lo: number, hi: number, _scratch: number, ...args: number[]): void {
    const [rowStarts, columns, shares, terms, residuals, stride, order, root, strength, seed] = args
    for (let row = lo; row < hi; row++) {
      const own = ints.subarray(
        columns / 4 + ints[rowStarts / 4 + row],
        columns / 4 + ints[rowStarts / 4 + row + 1],
      )
      const term = rowAt(terms, row, stride)
      const before = term.slice()
      term.fill(0)
      if (own.length === 0) continue
      const shareOf = (column: number) => floats[shares / 4 + column]
      const squares = own.reduce((sum, column) => sum + shareOf(column) ** 2, 0)
      const normals = normalsAt(seed, row * (order + 1), order)
      for (let f = 0; f < order; f++) {
        const sum = own.reduce(
          (total, column) => total + shareOf(column) * rowAt(residuals, column, stride)[f],
          0,
        )
        const noise = normals.reduce((total, value, g) => total + value * rowAt(root, f, stride)[g], 0)
        const precision = strength + squares
        term[f] = (sum + squares * before[f]) / precision + noise / Math.sqrt(precision)
      }
      for (const column of own) {
        const residual = rowAt(residuals, column, stride)
        for (let f = 0; f < order; f++) residual[f] -= shareOf(column) * (term[f] - before[f])
      }
    }
  }

  function bin_rows(lo: number, hi: number, _scratch: number, ...args: number[]): void {
    const [rowStarts, columns, values, ownBins, otherBins, otherBiases, own, other, nFactors, ...rest] = args
    const [stride, alphas, roots, strength, seed, binStarts, biases] = rest
    for (let row = lo; row < hi; row++) {
      const firstBin = ints[binStarts / 4 + row]
      const nBins = ints[binStarts / 4 + row + 1] - firstBin
      const [sums, weights] = [new Float64Array(nBins), new Float64Array(nBins)]
      const x = rowAt(own, row, stride)
      for (let entry = ints[rowStarts / 4 + row]; entry < ints[rowStarts / 4 + row + 1]; entry++) {
        const bin = ints[ownBins / 4 + entry] - firstBin
        if (bin < 0) continue
        const y = rowAt(other, ints[columns / 4 + entry], stride)
        const otherBin = ints[otherBins / 4 + entry]
        let error = floats[values / 4 + entry] - x[nFactors] - y[nFactors]
        if (otherBin >= 0) error -= floats[otherBiases / 4 + otherBin]
        for (let f = 0; f < nFactors; f++) error -= x[f] * y[f]
        const weight = floats[roots / 4 + ints[columns / 4 + entry]] ** 2
        sums[bin] += weight * error
        weights[bin] += weight
      }
      const alpha = floats[alphas / 4 + row]
      const normals = normalsAt(seed, (firstBin + row + 1) & ~1, nBins)
      for (let bin = 0; bin < nBins; bin++) {
        const precision = strength + alpha * weights[bin]
        floats[biases / 4 + firstBin + bin] =
          (alpha * sums[bin]) / precision + normals[bin] / Math.sqrt(precision)
      }
    }
  }

  function shift_entries(lo: number, hi: number, _scratch: number, ...args: number[]): void {
    const [values, userBins, userBiases, itemBins, itemBiases, out] = args
    const biasAt = (biases: number, bin: number) => (bin < 0 ? 0 : floats[biases / 4 + bin])
    for (let entry = lo; entry < hi; entry++) {
      floats[out / 4 + entry] =
        floats[values / 4 + entry] -
        biasAt(userBiases, ints[userBins / 4 + entry]) -
        biasAt(itemBiases, ints[itemBins / 4 + entry])
    }
  }

  return { implicit_rows, bin_rows, shift_entries }
}
