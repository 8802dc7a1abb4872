import type { Kernels } from '../../src/kernels/instance.ts'
import { normalAt, uniformAt } from '../../src/kernels/random.ts'
import {
  gemmScratchBytes,
  gramRowsScratchBytes,
  rankRowsScratchBytes,
  rotateScratchBytes,
  triangularScratchBytes,
} from '../../src/kernels/scratch.ts'
import type { SharedMemory } from '../../src/kernels/shared-memory.ts'

/** One thing that every build of the kernels and their twin can be timed on; its buffers lie in one shared memory. */
export interface KernelCase {
  readonly name: string
  /** Useful floating-point operations of one call: a multiply-add is 2, a symmetric product counts half. */
  readonly flops: number
  /** @returns a value that depends on the result, for the sink */
  run(kernels: Kernels): number
  /** What `run` has to do first and is no work of the kernel: timed alone, and taken off. */
  prepare?(): void
}

/** What the host can do at most: multiply-adds on registers, and with loads from the first-level cache. */
export function peakCase(shared: SharedMemory): KernelCase {
  const nSteps = 100_000
  const a = shared.float32(16 + 96).fill(1e-3)
  const run = (kernels: Kernels) => kernels.fma_peak(nSteps, a.byteOffset)
  return { name: 'multiply-adds on registers', flops: 192 * nSteps, run }
}

/** Gram product, factorisation with its right-hand side and matrix product, without the row kernels that call them. */
export function denseCases(shared: SharedMemory, order: number): KernelCase[] {
  return [
    gramCase(shared, order),
    choleskyCase(shared, order),
    gemmCase(shared, order),
    triangularCase(shared, order),
  ]
}

/** What implicit ALS does once a half step with all rows of one side. */
export function basisCases(shared: SharedMemory, width: number): KernelCase[] {
  return [gramRowsCase(shared, width), rotateCase(shared, width)]
}

/** Whole rows of one half step at `nFactors`. */
export function solverCases(shared: SharedMemory, nFactors: number): KernelCase[] {
  return rowCases(shared, nFactors)
}

export function rankingCases(shared: SharedMemory): KernelCase[] {
  return [
    normalCase(shared, 1024),
    dotCase(shared, 256),
    topKCase(shared, 10_000, 10),
    topKCase(shared, 10_000, 1000),
    topKRowsCase(shared, 52),
    rankRowsCase(shared, 128),
  ]
}

/** 64 rows of `nFactors` columns, as the row kernels gather them. */
function gramCase(shared: SharedMemory, nFactors: number): KernelCase {
  const [nRows, width] = [64, (nFactors + 7) & ~7]
  const stride = width + 16
  const panel = randomFloats(shared, nRows * stride, 1)
  const out = shared.float32(width * width)
  return {
    name: `gram d=${nFactors}`,
    flops: nRows * nFactors * (nFactors + 1),
    run(kernels) {
      kernels.gram(panel.byteOffset, stride, nRows, width, out.byteOffset)
      return out[width]
    },
  }
}

/** C += A·B of square matrices. */
function gemmCase(shared: SharedMemory, order: number): KernelCase {
  const [a, b] = [11, 12].map((seed) => randomFloats(shared, order * order, seed))
  const c = shared.float32(order * order)
  const scratch = shared.allocate(gemmScratchBytes)
  const operands = [a, b, c].flatMap((matrix) => [matrix.byteOffset, order]) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  return {
    name: `gemm d=${order}`,
    flops: 2 * order ** 3,
    run(kernels) {
      kernels.gemm(order, order, order, ...operands, scratch)
      return c[order]
    },
  }
}

/** 64 right-hand sides through both triangles; L is near the identity, so that they stay where they are. */
function triangularCase(shared: SharedMemory, order: number): KernelCase {
  const nRows = 64
  const rows = randomFloats(shared, nRows * order, 15)
  const l = randomFloats(shared, order * order, 16).map((value) => value / 1e6)
  const matrix = shared.float32(order * order)
  matrix.set(l)
  for (let i = 0; i < order; i++) matrix[i * order + i] = 1
  const scratch = shared.allocate(triangularScratchBytes(order))
  const args = [rows.byteOffset, order, matrix.byteOffset, order, order]
  return {
    name: `triangular d=${order}`,
    flops: 2 * nRows * order ** 2,
    run(kernels) {
      kernels.solve_lower_rows(0, nRows, scratch, ...args)
      kernels.solve_upper_rows(0, nRows, scratch, ...args)
      return rows[0]
    },
  }
}

/** 256 rows times a square matrix, in place; the rows do not grow, since the matrix is a permutation. */
function rotateCase(shared: SharedMemory, width: number): KernelCase {
  const nRows = 256
  const rows = randomFloats(shared, nRows * width, 13)
  const matrix = shared.float32(width * width)
  for (let i = 0; i < width; i++) matrix[i * width + ((i + 1) % width)] = 1
  const scratch = shared.allocate(rotateScratchBytes(width))
  return {
    name: `rotate_rows d=${width}`,
    flops: 2 * nRows * width ** 2,
    run(kernels) {
      kernels.rotate_rows(0, nRows, scratch, rows.byteOffset, width, matrix.byteOffset)
      return rows[0]
    },
  }
}

/** 2,048 rows into one slot. */
function gramRowsCase(shared: SharedMemory, width: number): KernelCase {
  const nRows = 2048
  const rows = randomFloats(shared, nRows * width, 14)
  const slot = shared.float32(width * width)
  const scratch = shared.allocate(gramRowsScratchBytes(width))
  return {
    name: `gram_rows d=${width}`,
    flops: nRows * width * (width + 1),
    run(kernels) {
      slot.fill(0)
      kernels.gram_rows(0, nRows, scratch, rows.byteOffset, width, nRows, slot.byteOffset)
      return slot[width]
    },
  }
}

/** Factorisation with one right-hand side and the solve back, a fresh copy of the matrix included. */
function choleskyCase(shared: SharedMemory, order: number): KernelCase {
  const stride = (order + 8) & ~7
  const system = diagonallyDominant(order, stride)
  const a = shared.float32(stride * stride)
  const y = a.subarray(order * stride)
  const prepare = () => a.set(system)
  return {
    name: `cholesky d=${order}`,
    flops: order ** 3 / 3 + 2 * order ** 2,
    prepare,
    run(kernels) {
      prepare()
      kernels.cholesky(a.byteOffset, order, order + 1, stride)
      kernels.solveTransposed(a.byteOffset, order, stride, y.byteOffset)
      return y[0]
    },
  }
}

function diagonallyDominant(order: number, stride: number): Float32Array {
  const system = new Float32Array(stride * stride)
  for (let i = 0; i <= order; i++) {
    for (let j = 0; j < i; j++) system[i * stride + j] = normalAt(2, i * stride + j)
    if (i < order) system[i * stride + i] = 2 * order
  }
  return system
}

/** 32 rows of 100 ratings each against 1,000 rows of the other side. */
function rowCases(shared: SharedMemory, nFactors: number): KernelCase[] {
  const [nRows, perRow, nOther, stride] = [32, 100, 1000, (nFactors + 4) & ~3]
  const rowStarts = shared.int32(nRows + 1)
  rowStarts.set(Array.from(rowStarts, (_, row) => row * perRow))
  const columns = shared.int32(nRows * perRow)
  columns.set(Array.from(columns, (_, entry) => Math.floor(uniformAt(3, entry) * nOther)))
  const values = shared.float32(nRows * perRow)
  values.set(Array.from(values, (_, entry) => 1 + Math.floor(5 * uniformAt(4, entry))))
  const [own, other] = [shared.float32(nRows * stride), randomFloats(shared, nOther * stride, 5)]
  const buffers = [rowStarts, columns, values, own, other].map(({ byteOffset }) => byteOffset)
  const scalars = [nFactors, stride, 3.5, 0.1, 1, 0.05, 1, shared.float64(nRows).byteOffset]
  const scratch = shared.allocate(4 * (nFactors + 9) * (64 + nFactors + 9))
  const order = nFactors + 1
  const gram = perRow * order * (order + 1)
  const solve = { als_rows: order ** 3 / 3 + 2 * order ** 2, nnls_rows: 2 * order ** 2 }
  return (['als_rows', 'nnls_rows'] as const).map((kernel) => ({
    name: `${kernel} d=${nFactors}`,
    flops: nRows * (gram + solve[kernel]),
    run(kernels) {
      kernels[kernel](0, nRows, scratch, ...buffers, ...scalars, 1)
      return own[0]
    },
  }))
}

/** One number is counted as one operation. */
function normalCase(shared: SharedMemory, n: number): KernelCase {
  const out = shared.float32(n)
  return {
    name: `fill_normal ${n}`,
    flops: n,
    run(kernels) {
      kernels.fill_normal(out.byteOffset, n, 7, 1)
      return out[0]
    },
  }
}

function dotCase(shared: SharedMemory, width: number): KernelCase {
  const [a, b] = [randomFloats(shared, width, 6), randomFloats(shared, width, 7)]
  return {
    name: `dot of ${width}`,
    flops: 2 * width,
    run: (kernels) => kernels.dot(a.byteOffset, b.byteOffset, width),
  }
}

/** One comparison an item is counted as one operation. */
function topKCase(shared: SharedMemory, nItems: number, k: number): KernelCase {
  const scores = randomFloats(shared, nItems, 8)
  const [items, best] = [shared.int32(k), shared.float32(k)]
  return {
    name: `top_k ${k} of ${nItems}`,
    flops: nItems,
    run(kernels) {
      kernels.top_k(scores.byteOffset, nItems, k, items.byteOffset, best.byteOffset)
      return best[0]
    },
  }
}

/** 32 users against 4,000 items, nothing seen. */
function topKRowsCase(shared: SharedMemory, width: number): KernelCase {
  const [nUsers, nItems, k] = [32, 4000, 10]
  const [users, items] = [randomFloats(shared, nUsers * width, 9), randomFloats(shared, nItems * width, 10)]
  const seen = [shared.int32(nUsers + 1), shared.int32(1)]
  const [best, scores] = [shared.int32(nUsers * k), shared.float32(nUsers * k)]
  const scratch = shared.allocate(4 * nItems)
  const args = [users, items, width, nItems, ...seen, k, best, scores].map((value) =>
    typeof value === 'number' ? value : value.byteOffset,
  )
  return {
    name: `top_k_rows width=${width}`,
    flops: 2 * nUsers * nItems * width,
    run(kernels) {
      kernels.top_k_rows(0, nUsers, scratch, ...args)
      return scores[0]
    },
  }
}

/** 64 users against 4,000 items, nothing seen: a block as full ranking has them. */
function rankRowsCase(shared: SharedMemory, width: number): KernelCase {
  const [nUsers, nItems, k] = [64, 4000, 10]
  const [users, items] = [randomFloats(shared, nUsers * width, 9), randomFloats(shared, nItems * width, 10)]
  const seen = [shared.int32(nUsers + 1), shared.int32(1)]
  const [best, scores] = [shared.int32(nUsers * k), shared.float32(nUsers * k)]
  const scratch = shared.allocate(rankRowsScratchBytes)
  const args = [users, items, width, nItems, ...seen, k, best, scores].map((value) =>
    typeof value === 'number' ? value : value.byteOffset,
  )
  return {
    name: `rank_rows width=${width}`,
    flops: 2 * nUsers * nItems * width,
    run(kernels) {
      kernels.rank_rows(0, nUsers, scratch, ...args)
      return scores[0]
    },
  }
}

function randomFloats(shared: SharedMemory, length: number, seed: number): Float32Array {
  const floats = shared.float32(length)
  for (let i = 0; i < length; i++) floats[i] = 2 * uniformAt(seed, i) - 1
  return floats
}
