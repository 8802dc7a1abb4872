import { readAsset } from '../host.ts'
import { joinLanes } from './wide-lanes.ts'

/** Addresses are byte offsets into the shared memory. Documented in `assembly/`. */
export interface Kernels {
  dot(a: number, b: number, width: number): number
  /** Measures the host: 192 operations a step on registers. */
  fma_peak(nSteps: number, a: number): number
  gemm: MatrixProduct
  gemm_transposed: MatrixProduct
  /** Standard normals of positions [position, position + n). */
  fill_normal(out: number, n: number, seed: number, position: number): void
  gram(panel: number, stride: number, nRows: number, width: number, gram: number): void
  cholesky(a: number, order: number, nRows: number, stride: number): void
  solveTransposed(a: number, order: number, stride: number, y: number): void
  top_k(scores: number, nItems: number, k: number, outItems: number, outScores: number): void
  als_rows: RowKernel
  nnls_rows: RowKernel
  gibbs_rows: RowKernel
  ials_rows: RowKernel
  gram_rows: RowKernel
  rotate_rows: RowKernel
  solve_lower_rows: RowKernel
  solve_upper_rows: RowKernel
  eigen_reduce: RowKernel
  eigen_basis_rows: RowKernel
  eigen_sweeps: RowKernel
  eigen_rotate_rows: RowKernel
  similar_rows: RowKernel
  ease_rows: RowKernel
  ease_spread_rows: RowKernel
  ease_dual_rows: RowKernel
  tile_gram_rows: RowKernel
  tile_update_rows: RowKernel
  tile_factor: RowKernel
  tile_solve_rows: RowKernel
  tile_inverse_columns: RowKernel
  tile_product_columns: RowKernel
  normal_rows: RowKernel
  implicit_rows: RowKernel
  bin_rows: RowKernel
  shift_entries: RowKernel
  strata_blocks: RowKernel
  sgd_blocks: RowKernel
  bpr_blocks: RowKernel
  top_k_rows: RowKernel
  score_groups: GroupScores
  screen_groups: GroupScreen
  rank_rows: RowKernel
  auc_rows: RowKernel
  auc_neighbour_rows: RowKernel
  top_k_neighbour_rows: RowKernel
}

/** C (m × n) += A (m × k) · B, strides in floats. */
export type MatrixProduct = (
  ...args: [
    ...[m: number, n: number, k: number],
    ...[a: number, strideA: number, b: number, strideB: number, c: number, strideC: number, scratch: number],
  ]
) => void

/** Scores groups of sixteen items for one query; returns how many groups it kept, see `score-groups.ts`. */
export type GroupScores = (
  ...args: [
    ...[groups: number, nGroups: number, query: number, columns: number, width: number],
    ...[floor: number, outScores: number],
  ]
) => number

/** Finds the groups that are worth scoring; returns how many they are, see `score-groups.ts`. */
export type GroupScreen = (
  ...args: [
    ...[groupLo: number, groupHi: number, copies: number, query: number, width: number],
    ...[queryScale: number, error: number, size: number, floor: number, outGroups: number],
  ]
) => number

export type RowKernel = (rowLo: number, rowHi: number, scratch: number, ...args: number[]) => void

export type RowKernelName =
  | 'als_rows'
  | 'nnls_rows'
  | 'gibbs_rows'
  | 'ials_rows'
  | 'gram_rows'
  | 'rotate_rows'
  | 'solve_lower_rows'
  | 'solve_upper_rows'
  | 'eigen_reduce'
  | 'eigen_basis_rows'
  | 'eigen_sweeps'
  | 'eigen_rotate_rows'
  | 'similar_rows'
  | 'ease_rows'
  | 'ease_spread_rows'
  | 'ease_dual_rows'
  | 'tile_gram_rows'
  | 'tile_update_rows'
  | 'tile_factor'
  | 'tile_solve_rows'
  | 'tile_inverse_columns'
  | 'tile_product_columns'
  | 'normal_rows'
  | 'implicit_rows'
  | 'bin_rows'
  | 'shift_entries'
  | 'strata_blocks'
  | 'sgd_blocks'
  | 'bpr_blocks'
  | 'top_k_rows'
  | 'rank_rows'
  | 'auc_rows'
  | 'auc_neighbour_rows'
  | 'top_k_neighbour_rows'

/** A build of the kernels: multiply-adds of eight lanes, of four, or of two roundings. */
export type KernelBuild = 'wide' | 'relaxed' | 'plain'

const files: Readonly<Record<KernelBuild, string>> = {
  wide: 'kernels/kernels-wide.wasm',
  relaxed: 'kernels/kernels.wasm',
  plain: 'kernels/kernels-plain.wasm',
}

/** The fastest build that leaves the process as it is. */
export function fourLaneBuild(): KernelBuild {
  return WebAssembly.validate(readAsset(files.relaxed)) ? 'relaxed' : 'plain'
}

/** The fastest build for heavy work; it gives the same bits as `fourLaneBuild`. */
export function fastestBuild(): KernelBuild {
  const build = fourLaneBuild()
  return build === 'relaxed' && joinLanes() ? 'wide' : build
}

export function compileKernels(build: KernelBuild): WebAssembly.Module {
  return new WebAssembly.Module(readAsset(files[build]))
}

export function instantiateKernels(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernels
}
