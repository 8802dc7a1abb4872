export { auc_neighbour_rows, auc_rows } from './auc-rows'
export { dot } from './dot'
export { eigen_reduce } from './eigen-reduce'
export { eigen_basis_rows, eigen_rotate_rows } from './eigen-rows'
export { eigen_sweeps } from './eigen-sweeps'
export { fma_peak } from './fma-peak'
export { gemm, gemm_transposed } from './gemm'
export { gram } from './gram'
export { cholesky, solveTransposed } from './cholesky'
export { als_rows } from './als-rows'
export { gibbs_rows } from './gibbs-rows'
export { gram_rows } from './gram-rows'
export { ials_rows } from './ials-rows'
export { nnls_rows } from './nnls-rows'
export { topK as top_k } from './top-k'
export { rotate_rows } from './rotate-rows'
export { score_groups, screen_groups } from './score-groups'
export { similar_rows } from './similar-rows'
export { top_k_neighbour_rows } from './top-k-neighbour-rows'
export { rank_rows } from './rank-rows'
export { top_k_rows } from './top-k-rows'
export { ease_dual_rows, ease_rows, ease_spread_rows } from './ease-rows'
export {
  tile_factor,
  tile_gram_rows,
  tile_inverse_columns,
  tile_product_columns,
  tile_solve_rows,
  tile_update_rows,
} from './tiles'
export { solve_lower_rows, solve_upper_rows } from './triangular'
export { fillNormal as fill_normal, normal_rows } from './random'
export { bin_rows, implicit_rows, shift_entries } from './side-terms'
export { bpr_blocks, sgd_blocks, strata_blocks } from './sgd-blocks'
