/** Twins of the kernels of `eigenSymmetric`, see `plainKernels`: unfused, on whole matrices. */
export function plainEigen(memory: WebAssembly.Memory) {
  const doubles = new Float64Array(memory.buffer)
  const ints = new Int32Array(memory.buffer)

  /** Reflector of the first n entries of `row`: v with v[n − 1] = 1, τ, and what is left of the row. */
  function reflectorOf(row: readonly number[], n: number) {
    const alpha = row[n - 1]
    const squares = row.slice(0, n - 1).reduce((sum, x) => sum + x * x, 0)
    if (squares === 0) return { v: [...row.slice(0, n - 1), 1], tau: 0, left: alpha }
    const left = (alpha > 0 ? -1 : 1) * Math.sqrt(alpha * alpha + squares)
    const v = row.slice(0, n).map((x, j) => (j === n - 1 ? 1 : x / (alpha - left)))
    return { v, tau: (left - alpha) / left, left }
  }

  function eigen_reduce(_lo: number, _hi: number, _scratch: number, ...args: number[]): void {
    const [a, order, diagonal, off, taus] = args
    const at = (i: number, j: number) => a / 8 + Math.max(i, j) * order + Math.min(i, j)
    const indices = Array.from({ length: order }, (_, i) => i)
    const m = indices.map((i) => indices.map((j) => doubles[at(i, j)]))
    doubles.fill(0, off / 8, off / 8 + order)
    doubles.fill(0, taus / 8, taus / 8 + order)
    for (let i = order - 1; i > 0; i--) {
      const { v, tau, left } = reflectorOf(m[i], i)
      doubles[off / 8 + i - 1] = left
      doubles[taus / 8 + i] = tau
      doubles.set(v, at(i, 0))
      reflect(m.slice(0, i), v, tau)
      reflect(transposed(m.slice(0, i), i), v, tau).forEach((column, j) => {
        for (let r = 0; r < i; r++) m[r][j] = column[r]
      })
    }
    indices.forEach((i) => {
      doubles[diagonal / 8 + i] = m[i][i]
    })
  }

  function eigen_basis_rows(lo: number, hi: number, _scratch: number, ...args: number[]): void {
    const [a, order, taus, groups] = args
    for (let row = 8 * lo; row < 8 * hi; row++) {
      const q = Array.from({ length: order }, (_, j) => (j === row ? 1 : 0))
      for (let i = order - 1; i > 0; i--) {
        const v = Array.from(doubles.subarray(a / 8 + i * order, a / 8 + i * order + i))
        reflect([q], v, doubles[taus / 8 + i])
      }
      q.forEach((value, j) => {
        doubles[placeOf(groups, order, row, j)] = value
      })
    }
  }

  function eigen_rotate_rows(lo: number, hi: number, _scratch: number, ...args: number[]): void {
    const [groups, order, nSweeps, sweeps, rotations] = args
    for (let row = 8 * lo; row < 8 * hi; row++) {
      let rotation = rotations / 8
      for (let sweep = 0; sweep < nSweeps; sweep++) {
        const [high, low] = ints.subarray(sweeps / 4 + 2 * sweep, sweeps / 4 + 2 * sweep + 2)
        for (let i = high - 1; i >= low; i--, rotation += 2) {
          const [c, s] = [doubles[rotation], doubles[rotation + 1]]
          const [left, right] = [placeOf(groups, order, row, i), placeOf(groups, order, row, i + 1)]
          const [z, h] = [doubles[left], doubles[right]]
          doubles[right] = s * z + c * h
          doubles[left] = c * z - s * h
        }
      }
    }
  }

  /** Explicit shifts: T − μ = Q·L, then L·Q + μ; the same sweeps in exact arithmetic. */
  function eigen_sweeps(_lo: number, _hi: number, _scratch: number, ...args: number[]): void {
    const [diagonal, off, order, state, capacity, sweeps, rotations] = args
    const d = doubles.subarray(diagonal / 8, diagonal / 8 + order)
    const e = doubles.subarray(off / 8, off / 8 + order)
    const negligible = Math.max(...Array.from(d, Math.abs), ...Array.from(e, Math.abs)) * 2 ** -44
    let [nSweeps, nRotations, low] = [0, 0, ints[state / 4]]
    for (; low < order; low++) {
      for (;;) {
        let high = low
        while (high < order - 1 && Math.abs(e[high]) > negligible) high++
        if (high === low) break
        if (nRotations + high - low > capacity) {
          ints.set([low, 0, 0, nSweeps], state / 4)
          return
        }
        const turns = explicitSweep(d, e, low, high)
        doubles.set(turns, rotations / 8 + 2 * nRotations)
        ints.set([high, low], sweeps / 4 + 2 * nSweeps)
        nRotations += turns.length / 2
        nSweeps++
      }
    }
    ints.set([low, 0, 0, nSweeps], state / 4)
  }

  return { eigen_reduce, eigen_basis_rows, eigen_rotate_rows, eigen_sweeps }
}

function placeOf(groups: number, order: number, row: number, column: number): number {
  return groups / 8 + (row - (row % 8)) * order + 8 * column + (row % 8)
}

/** Every row of m times I − τ·v·vᵀ, in place. */
function reflect(m: number[][], v: readonly number[], tau: number): number[][] {
  for (const row of m) {
    const product = v.reduce((sum, x, j) => sum + x * row[j], 0)
    v.forEach((x, j) => {
      row[j] -= tau * product * x
    })
  }
  return m
}

function transposed(m: readonly number[][], nColumns: number): number[][] {
  return Array.from({ length: nColumns }, (_, j) => m.map((row) => row[j]))
}

/** One QL step on [low, high] with Wilkinson's shift. @returns cosine and sine of every rotation */
function explicitSweep(d: Float64Array, e: Float64Array, low: number, high: number): number[] {
  const half = (d[low + 1] - d[low]) / 2
  const shift = d[low] - (e[low] * e[low]) / (half + (half < 0 ? -1 : 1) * Math.hypot(half, e[low]))
  const size = high - low + 1
  const m = Array.from({ length: size }, (_, i) => {
    const row = new Array<number>(size).fill(0)
    row[i] = d[low + i] - shift
    if (i > 0) row[i - 1] = e[low + i - 1]
    if (i < size - 1) row[i + 1] = e[low + i]
    return row
  })
  const turns: number[] = []
  for (let i = size - 2; i >= 0; i--) {
    // Rows i and i + 1 turned so that m[i][i + 1] becomes zero.
    const length = Math.hypot(m[i + 1][i + 1], m[i][i + 1])
    const [c, s] = length === 0 ? [1, 0] : [m[i + 1][i + 1] / length, m[i][i + 1] / length]
    for (let j = 0; j < size; j++) {
      const [upper, lower] = [m[i][j], m[i + 1][j]]
      m[i][j] = c * upper - s * lower
      m[i + 1][j] = s * upper + c * lower
    }
    turns.push(c, s)
  }
  turnColumns(m, turns)
  for (let i = 0; i < size; i++) d[low + i] = m[i][i] + shift
  for (let i = 0; i < size - 1; i++) e[low + i] = (m[i][i + 1] + m[i + 1][i]) / 2
  return turns
}

function turnColumns(m: number[][], turns: readonly number[]): void {
  for (let i = m.length - 2, at = 0; i >= 0; i--, at += 2) {
    for (const row of m) {
      const [left, right] = [row[i], row[i + 1]]
      row[i] = turns[at] * left - turns[at + 1] * right
      row[i + 1] = turns[at + 1] * left + turns[at] * right
    }
  }
}
