import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import type { Compute } from './compute.ts'

/**
 * A = V·diag(values)·Vᵀ of a symmetric matrix.
 * @param matrix  row-major, order × order
 * @returns the eigenvalues in no particular order, and V row-major, its column j belonging to values[j]
 */
export async function eigenSymmetric(
  _compute: Compute,
  matrix: Float32Array,
  order: number,
): Promise<{ values: Float32Array; vectors: Float32Array }> {
  const wide = Matrix.from1DArray(order, order, Array.from(matrix))
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(wide, { assumeSymmetric: true })
  return {
    values: Float32Array.from(realEigenvalues),
    vectors: Float32Array.from(eigenvectorMatrix.to1DArray()),
  }
}
