import { CholeskyDecomposition, Matrix } from 'ml-matrix'
import type { GroupScores, GroupScreen, Kernels } from './instance.ts'
import { plainAuc } from './plain-auc.ts'
import { plainDense } from './plain-dense.ts'
import { plainDescent } from './plain-descent.ts'
import { plainEigen } from './plain-eigen.ts'
import { plainTerms } from './plain-terms.ts'
import { plainEase, plainTiles } from './plain-tiles.ts'
import { uniformAt } from './random.ts'

/**
 * The plain twins: what each kernel of `assembly/` computes, of the same signature, in the plainest words and in
 * double precision. The tests hold the compiled kernels against them.
 */
export function plainKernels(memory: WebAssembly.Memory): Kernels {
  const floats = new Float32Array(memory.buffer)
  const doubles = new Float64Array(memory.buffer)
  const ints = new Int32Array(memory.buffer)
  const bytes = new Int8Array(memory.buffer)

  function dot(a: number, b: number, width: number): number {
    let sum = 0
    for (let f = 0; f < width; f++) sum += floats[a / 4 + f] * floats[b / 4 + f]
    return sum
  }

  function gram(panel: number, stride: number, nRows: number, width: number, out: number): void {
    for (let i = 0; i < width; i++) {
      for (let j = 0; j <= i; j++) {
        let sum = floats[out / 4 + i * width + j]
        for (let n = 0; n < nRows; n++) {
          sum += floats[panel / 4 + n * stride + i] * floats[panel / 4 + n * stride + j]
        }
        floats[out / 4 + i * width + j] = sum
      }
    }
  }

  function cholesky(a: number, order: number, nRows: number, stride: number): void {
    const at = (i: number, j: number) => a / 4 + i * stride + j
    for (let j = 0; j < order; j++) {
      for (let i = j; i < nRows; i++) {
        let value = floats[at(i, j)]
        for (let k = 0; k < j; k++) value -= floats[at(i, k)] * floats[at(j, k)]
        floats[at(i, j)] = i === j ? 1 / Math.sqrt(value) : value * floats[at(j, j)]
      }
    }
  }

  function solveTransposed(a: number, order: number, stride: number, y: number): void {
    for (let i = order - 1; i >= 0; i--) {
      let value = floats[y / 4 + i]
      for (let j = i + 1; j < order; j++) value -= floats[a / 4 + j * stride + i] * floats[y / 4 + j]
      floats[y / 4 + i] = value * floats[a / 4 + i * stride + i]
    }
  }

  function top_k(scores: number, nItems: number, k: number, outItems: number, outScores: number): void {
    const order = Array.from({ length: nItems }, (_, item) => item)
      .filter((item) => floats[scores / 4 + item] > lowest)
      .sort((a, b) => floats[scores / 4 + b] - floats[scores / 4 + a] || a - b)
    for (let rank = 0; rank < k; rank++) {
      const item = order[rank] ?? -1
      ints[outItems / 4 + rank] = item
      floats[outScores / 4 + rank] = item < 0 ? lowest : floats[scores / 4 + item]
    }
  }

  /** Gram matrix and right-hand side of one row, in double precision: order × order and order. */
  function equationsOf(
    row: number,
    args: readonly number[],
    roots = 0,
  ): { a: number[][]; b: number[]; tt: number; n: number } {
    const [rowStarts, columns, values, , other, nFactors, stride, mean] = args
    const start = ints[rowStarts / 4 + row]
    const n = ints[rowStarts / 4 + row + 1] - start
    const a = Array.from({ length: nFactors + 1 }, () => new Array<number>(nFactors + 1).fill(0))
    const b = new Array<number>(nFactors + 1).fill(0)
    let tt = 0
    for (let entry = start; entry < start + n; entry++) {
      const column = ints[columns / 4 + entry]
      const at = other / 4 + column * stride
      const c = roots === 0 ? 1 : floats[roots / 4 + column] ** 2
      const g = [...floats.subarray(at, at + nFactors), 1]
      const t = floats[values / 4 + entry] - mean - floats[at + nFactors]
      tt += c * t * t
      for (let i = 0; i <= nFactors; i++) {
        b[i] += c * t * g[i]
        for (let j = 0; j <= nFactors; j++) a[i][j] += c * g[i] * g[j]
      }
    }
    return { a, b, tt, n }
  }

  function rowKernel(solve: (equations: Equations, x: number[]) => number[]) {
    return (lo: number, hi: number, _scratch: number, ...args: number[]): void => {
      const [, , , own, , nFactors, stride, , reg, damping, regBias, biasDamping, objective, sweeps] = args
      for (let row = lo; row < hi; row++) {
        const { a, b, tt, n } = equationsOf(row, args)
        const ridge = b.map((_, f) => (f < nFactors ? reg * n + damping : regBias * n + biasDamping))
        const at = own / 4 + row * stride
        const before = Array.from(floats.subarray(at, at + nFactors + 1))
        const x = n === 0 ? before.map(() => 0) : solve({ a, b, ridge, sweeps }, before)
        floats.fill(0, at, at + stride)
        floats.set(x, at)
        doubles[objective / 8 + row] = n === 0 ? 0 : tt + quadratic({ a, b, ridge }, x)
      }
    }
  }

  function top_k_rows(lo: number, hi: number, scratch: number, ...args: number[]): void {
    const [userRows, itemRows, width, nItems, seenStarts, seenColumns, k, outItems, outScores] = args
    for (let user = lo; user < hi; user++) {
      for (let item = 0; item < nItems; item++) {
        floats[scratch / 4 + item] = dot(itemRows + 4 * item * width, userRows + 4 * user * width, width)
      }
      for (let entry = ints[seenStarts / 4 + user]; entry < ints[seenStarts / 4 + user + 1]; entry++) {
        floats[scratch / 4 + ints[seenColumns / 4 + entry]] = lowest
      }
      top_k(scratch, nItems, k, outItems + 4 * user * k, outScores + 4 * user * k)
    }
  }

  function score_groups(...args: Parameters<GroupScores>): number {
    const [groups, nGroups, query, columns, width, floor, outScores] = args
    let kept = 0
    for (const group of ints.slice(groups / 4, groups / 4 + nGroups)) {
      const scores = Float32Array.from({ length: 16 }, (_, item) => {
        let sum = 0
        for (let f = 0; f < width; f++)
          sum += floats[query / 4 + f] * floats[columns / 4 + (group * width + f) * 16 + item]
        return sum
      })
      if (!scores.some((score) => score >= floor)) continue
      ints[groups / 4 + kept] = group
      floats.set(scores, outScores / 4 + 16 * kept)
      kept++
    }
    return kept
  }

  function screen_groups(...args: Parameters<GroupScreen>): number {
    const [lo, hi, copies, query, width, queryScale, error, size, floor, outGroups] = args
    let found = 0
    for (let group = lo; group < hi; group++) {
      const head = copies + group * (144 + 16 * width)
      const [scale, norm, loss] = floats.subarray(head / 4, head / 4 + 3)
      const reach = Array.from({ length: 16 }, (_, item) => {
        let sum = ints[head / 4 + 4 + item]
        for (let f = 0; f < width; f++) {
          sum += bytes[query + f] * bytes[head + 144 + 64 * Math.floor(f / 4) + 4 * item + (f % 4)]
        }
        return queryScale * scale * sum + floats[head / 4 + 20 + item]
      })
      if (reach.some((each) => each >= floor - error * norm - size * loss))
        ints[outGroups / 4 + found++] = group
    }
    return found
  }

  function rank_rows(lo: number, hi: number, _scratch: number, ...args: number[]): void {
    const [userRows, itemRows, width, nItems, seenStarts, seenColumns, k, outItems, outScores] = args
    for (let user = lo; user < hi; user++) {
      const scores = Float32Array.from({ length: nItems }, (_, item) =>
        dot(itemRows + 4 * item * width, userRows + 4 * user * width, width),
      )
      const span = ints.subarray(seenStarts / 4 + user, seenStarts / 4 + user + 2)
      const seen = new Set(ints.subarray(seenColumns / 4 + span[0], seenColumns / 4 + span[1]))
      const best = Array.from(scores.keys())
        .filter((item) => !seen.has(item) && scores[item] > lowest)
        .sort((a, b) => scores[b] - scores[a] || a - b)
      for (let rank = 0; rank < k; rank++) {
        ints[outItems / 4 + user * k + rank] = best[rank] ?? -1
        floats[outScores / 4 + user * k + rank] = rank < best.length ? scores[best[rank]] : lowest
      }
    }
  }

  function top_k_neighbour_rows(lo: number, hi: number, scratch: number, ...args: number[]): void {
    const [historyStarts, historyItems, seenStarts, seenItems, nItems, ...others] = args
    const [rowStarts, rowItems, weights, k, outItems, outScores] = others
    const span = (starts: number, row: number) => [ints[starts / 4 + row], ints[starts / 4 + row + 1]]
    for (let user = lo; user < hi; user++) {
      floats.fill(0, scratch / 4, scratch / 4 + nItems)
      const [from, to] = span(historyStarts, user)
      const history = ints.slice(historyItems / 4 + from, historyItems / 4 + to)
      for (const item of history) {
        const [start, end] = span(rowStarts, item)
        for (let entry = start; entry < end; entry++) {
          floats[scratch / 4 + ints[rowItems / 4 + entry]] += floats[weights / 4 + entry]
        }
      }
      const [first, last] = span(seenStarts, user)
      for (const item of ints.slice(seenItems / 4 + first, seenItems / 4 + last))
        floats[scratch / 4 + item] = lowest
      top_k(scratch, nItems, k, outItems + 4 * user * k, outScores + 4 * user * k)
    }
  }

  function gram_rows(lo: number, hi: number, _scratch: number, ...args: number[]): void {
    const [rows, width, rowsPerRange, partials] = args
    const slot = partials + 4 * width * width * Math.floor(lo / rowsPerRange)
    gram(rows + 4 * lo * width, width, hi - lo, width, slot)
  }

  function rotate_rows(lo: number, hi: number, _scratch: number, ...args: number[]): void {
    const [rows, width, matrix] = args
    for (let row = lo; row < hi; row++) {
      const at = rows / 4 + row * width
      const before = floats.slice(at, at + width)
      for (let j = 0; j < width; j++) {
        floats[at + j] = before.reduce((sum, x, i) => sum + x * floats[matrix / 4 + i * width + j], 0)
      }
    }
  }

  function similar_rows(lo: number, hi: number, scratch: number, ...args: number[]): void {
    const [itemStarts, itemUsers, itemWeights, userStarts, userItems, userWeights, nItems, ...rest] = args
    const [left, right, shrinkage, k, outItems, outScores] = rest
    const entries = (starts: number, row: number) => {
      const [start, end] = [ints[starts / 4 + row], ints[starts / 4 + row + 1]]
      return Array.from({ length: end - start }, (_, at) => start + at)
    }
    for (let item = lo; item < hi; item++) {
      const products = new Array<number>(nItems).fill(0)
      for (const entry of entries(itemStarts, item)) {
        const user = ints[itemUsers / 4 + entry]
        for (const other of entries(userStarts, user)) {
          products[ints[userItems / 4 + other]] +=
            floats[itemWeights / 4 + entry] * floats[userWeights / 4 + other]
        }
      }
      products.forEach((product, other) => {
        const scale = floats[left / 4 + item] * floats[right / 4 + other] + shrinkage
        floats[scratch / 4 + other] = product === 0 || other === item ? lowest : product / scale
      })
      top_k(scratch, nItems, k, outItems + 4 * item * k, outScores + 4 * item * k)
    }
  }

  /** Exact, however the compiled kernel is told to solve: conjugate gradients come close to it in enough steps. */
  function ials_rows(lo: number, hi: number, _scratch: number, ...args: number[]): void {
    const [rowStarts, columns, weights, own, other, width, diagonal, reg, offset, exponent, , , ...out] = args
    for (let row = lo; row < hi; row++) {
      const [start, end] = [ints[rowStarts / 4 + row], ints[rowStarts / 4 + row + 1]]
      const rho = reg * (end - start + offset) ** exponent
      const a = Array.from({ length: width }, () => new Array<number>(width).fill(0))
      const b = new Array<number>(width).fill(0)
      let total = 0
      for (let entry = start; entry < end; entry++) {
        const c = weights === 0 ? 1 : floats[weights / 4 + entry]
        const at = other / 4 + ints[columns / 4 + entry] * width
        const y = floats.subarray(at, at + width)
        total += c
        for (let i = 0; i < width; i++) {
          b[i] += c * y[i]
          for (let j = 0; j < width; j++) a[i][j] += c * y[i] * y[j]
        }
      }
      const ridge = b.map((_, f) => rho + floats[diagonal / 4 + f])
      const x = end === start ? b : solveSymmetric(a, b, ridge)
      floats.set(x, own / 4 + row * width)
      doubles[out[0] / 8 + row] = total - x.reduce((sum, value, f) => sum + value * b[f], 0)
      doubles[out[1] / 8 + row] = rho * x.reduce((sum, value) => sum + value * value, 0)
    }
  }

  function fill_normal(out: number, n: number, seed: number, position: number): void {
    floats.set(normalsAt(seed, position, n), out / 4)
  }

  function normal_rows(lo: number, hi: number, _scratch: number, ...args: number[]): void {
    const [rows, stride, width, deviation, seed] = args
    for (let row = lo; row < hi; row++) {
      const normals = normalsAt(seed, row * (width + (width % 2)), width)
      floats.set(
        normals.map((value) => deviation * value),
        rows / 4 + row * stride,
      )
    }
  }

  function gibbs_rows(lo: number, hi: number, _scratch: number, ...args: number[]): void {
    const [rowStarts, columns, values, samples, means, other, nFactors, stride, alphas, roots, ...rest] = args
    const [precision, priors, ownPriors, seed, squares] = rest
    const order = nFactors + 1
    for (let row = lo; row < hi; row++) {
      const weighing = [rowStarts, columns, values, 0, other, nFactors, stride, 0]
      const { a, b, tt, n } = equationsOf(row, weighing, roots)
      const alpha = floats[alphas / 4 + row]
      const at = priors / 4 + (ownPriors ? row * stride : 0)
      const prior = Array.from(floats.subarray(at, at + order))
      floats.fill(0, samples / 4 + row * stride, samples / 4 + (row + 1) * stride)
      floats.set(prior, means / 4 + row * stride)
      doubles[squares / 8 + row] = 0
      if (n === 0) continue
      const lambda = prior.map((_, i) => prior.map((__, j) => floats[precision / 4 + i * order + j]))
      // The upper triangle is that of the lower, to the last bit.
      const full = lambda.map((line, i) =>
        line.map(
          (_, j) => lambda[Math.max(i, j)][Math.min(i, j)] + alpha * a[Math.max(i, j)][Math.min(i, j)],
        ),
      )
      const right = lambda.map(
        (line, i) => alpha * b[i] + line.reduce((sum, value, j) => sum + value * prior[j], 0),
      )
      const mean = solveSymmetric(
        full,
        right,
        right.map(() => 0),
      )
      const x = solveRoot(full, normalsAt(seed, row * (order + 1), order)).map((value, f) => value + mean[f])
      floats.set(mean, means / 4 + row * stride)
      floats.set(x, samples / 4 + row * stride)
      const noRidge = x.map(() => 0)
      doubles[squares / 8 + row] = tt + quadratic({ a, b, ridge: noRidge }, x)
    }
  }

  const als_rows = rowKernel(({ a, b, ridge }) => solveSymmetric(a, b, ridge))
  const nnls_rows = rowKernel(descend)
  return {
    dot,
    gram,
    cholesky,
    solveTransposed,
    top_k,
    als_rows,
    nnls_rows,
    top_k_rows,
    rank_rows,
    score_groups,
    screen_groups,
    top_k_neighbour_rows,
    fill_normal,
    normal_rows,
    gibbs_rows,
    ials_rows,
    gram_rows,
    rotate_rows,
    similar_rows,
    ...plainAuc(memory, dot),
    ...plainDense(memory),
    ...plainDescent(memory),
    ...plainTerms(memory, normalsAt),
    ...plainEigen(memory),
    ...plainTiles(memory),
    ...plainEase(memory, top_k),
  }
}

interface Equations {
  readonly a: readonly (readonly number[])[]
  readonly b: readonly number[]
  readonly ridge: readonly number[]
  readonly sweeps?: number
}

/** Marks an item that must not be chosen. */
const lowest = Math.fround(-3.4028234663852886e38)

/** Lᵀx = z with A = L·Lᵀ */
function solveRoot(a: readonly (readonly number[])[], z: readonly number[]): number[] {
  const lower = new CholeskyDecomposition(new Matrix(a.map((line) => [...line]))).lowerTriangularMatrix
  const x = [...z]
  for (let i = x.length - 1; i >= 0; i--) {
    for (let j = i + 1; j < x.length; j++) x[i] -= lower.get(j, i) * x[j]
    x[i] /= lower.get(i, i)
  }
  return x
}

/** As `fillNormal` of the kernels: two normals from each pair of positions. */
function normalsAt(seed: number, position: number, n: number): number[] {
  const uniform = (at: number) => (Math.floor(uniformAt(seed, at) * 2 ** 24) + 1) / 2 ** 24
  return Array.from({ length: n }, (_, at) => {
    const first = position + at - (at % 2)
    const radius = Math.sqrt(-2 * Math.log(uniform(first)))
    const angle = 2 * Math.PI * uniform(first + 1)
    return radius * (at % 2 === 0 ? Math.cos(angle) : Math.sin(angle))
  })
}

/** (A + diag(ridge)) x = b by Gauss elimination; A is positive definite, so no pivoting is needed. */
function solveSymmetric(a: Equations['a'], b: Equations['b'], ridge: Equations['ridge']): number[] {
  const m = a.map((row, i) => [...row.map((value, j) => value + (i === j ? ridge[i] : 0)), b[i]])
  for (let pivot = 0; pivot < m.length; pivot++) {
    for (let i = pivot + 1; i < m.length; i++) {
      const factor = m[i][pivot] / m[pivot][pivot]
      for (let j = pivot; j <= m.length; j++) m[i][j] -= factor * m[pivot][j]
    }
  }
  const x = new Array<number>(m.length).fill(0)
  for (let i = m.length - 1; i >= 0; i--) {
    let value = m[i][m.length]
    for (let j = i + 1; j < m.length; j++) value -= m[i][j] * x[j]
    x[i] = value / m[i][i]
  }
  return x
}

function descend({ a, b, ridge, sweeps = 1 }: Equations, before: number[]): number[] {
  const x = [...before]
  for (let sweep = 0; sweep < sweeps; sweep++) {
    for (let f = 0; f < x.length; f++) {
      const gradient = b[f] - a[f].reduce((sum, value, g) => sum + value * x[g], 0) - ridge[f] * x[f]
      x[f] = Math.max(0, x[f] + gradient / (a[f][f] + ridge[f]))
    }
  }
  return x
}

/** xᵀ(A + diag(ridge))x − 2⟨b, x⟩ */
function quadratic({ a, b, ridge }: Equations, x: readonly number[]): number {
  let value = 0
  for (let i = 0; i < x.length; i++) {
    value += x[i] * (ridge[i] * x[i] - 2 * b[i])
    for (let j = 0; j < x.length; j++) value += x[i] * a[i][j] * x[j]
  }
  return value
}
