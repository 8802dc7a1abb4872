import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import type { Compute } from './compute.ts'
export async function eigenSymmetric(
  _c: Compute,
  matrix: Float32Array,
  d: number,
): Promise<{ values: Float32Array; vectors: Float32Array }> {
  const e = new EigenvalueDecomposition(Matrix.from1DArray(d, d, Array.from(matrix)), {
    assumeSymmetric: true,
  })
  return {
    values: Float32Array.from(e.realEigenvalues),
    vectors: Float32Array.from(e.eigenvectorMatrix.to1DArray()),
  }
}
