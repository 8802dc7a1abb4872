import { RecsysError } from '../errors.ts'
import type { Compute } from './compute.ts'

/** Rotations recorded before they are applied: 16 MB. */
const mostRotations = 2 ** 20
/** Rows whose entries of one column lie side by side. */
const groupRows = 8

export interface Eigen {
  /** The largest first. */
  readonly values: Float32Array
  /** Row-major, order × order; column j belongs to values[j]. */
  readonly vectors: Float32Array
}

/**
 * A = V·diag(values)·Vᵀ of a symmetric matrix, by Householder reduction and implicit QL in double precision (Golub & Van
 * Loan 2013, 8.3), rounded at the end. The rotations of QL are recorded and then applied to the rows of V by all threads;
 * the bytes do not depend on how many there are. NaN in, NaN out.
 * @param matrix  row-major, order × order; only the lower triangle is read
 * @throws RECSYS_KERNEL_FAILED  where QL does not converge, which no finite matrix is known to do
 */
export async function eigenSymmetric(compute: Compute, matrix: Float32Array, order: number): Promise<Eigen> {
  return compute.scoped(async () => {
    const a = compute.float64(order * order)
    a.set(matrix)
    const [diagonal, off, taus] = [0, 1, 2].map(() => compute.float64(order))
    const nGroups = Math.ceil(order / groupRows)
    const groups = compute.float64(nGroups * groupRows * order)
    const rows = { nRows: nGroups, rowsPerRange: 4 }
    await compute.run({
      kernel: 'eigen_reduce',
      ...{ nRows: order > 0 ? 1 : 0, rowsPerRange: 1, scratchBytes: 24 * order },
      args: [a, order, diagonal, off, taus],
    })
    await compute.run({ kernel: 'eigen_basis_rows', ...rows, args: [a, order, taus, groups] })
    await diagonalise(compute, { order, diagonal, off, groups, rows })
    return sorted(diagonal, groups, order)
  })
}

/** Most bytes of shared memory that `eigenSymmetric` takes beside its argument. */
export function eigenBytes(order: number): number {
  const nRotations = rotationsFor(order)
  return 8 * order * (2 * order + groupRows + 3) + 24 * nRotations
}

/** A matrix has about order² rotations. */
function rotationsFor(order: number): number {
  return Math.max(order, Math.min(mostRotations, 2 * order * order))
}

interface Tridiagonal {
  readonly order: number
  readonly diagonal: Float64Array
  readonly off: Float64Array
  readonly groups: Float64Array
  readonly rows: { readonly nRows: number; readonly rowsPerRange: number }
}

/** The diagonal becomes the eigenvalues, the groups the rows of V. */
async function diagonalise(compute: Compute, { order, diagonal, off, groups, rows }: Tridiagonal) {
  const capacity = rotationsFor(order)
  const [sweeps, rotations] = [compute.int32(2 * capacity), compute.float64(2 * capacity)]
  const state = compute.int32(4)
  while (state[0] < order) {
    const args = [diagonal, off, order, state, capacity, sweeps, rotations]
    await compute.run({ kernel: 'eigen_sweeps', nRows: 1, rowsPerRange: 1, args })
    if (state[2] !== 0) throw notConverged(order, state[0])
    await compute.run({
      kernel: 'eigen_rotate_rows',
      ...rows,
      args: [groups, order, state[3], sweeps, rotations],
    })
  }
}

function sorted(diagonal: Float64Array, groups: Float64Array, order: number): Eigen {
  const places = Array.from(diagonal.keys()).sort((i, j) => diagonal[j] - diagonal[i] || i - j)
  const vectors = new Float32Array(order * order)
  for (let row = 0; row < order; row++) {
    const inGroup = row % groupRows
    const start = (row - inGroup) * order + inGroup
    for (let j = 0; j < order; j++) vectors[row * order + j] = groups[start + groupRows * places[j]]
  }
  return { values: Float32Array.from(places, (at) => diagonal[at]), vectors }
}

function notConverged(order: number, found: number): RecsysError {
  return new RecsysError('RECSYS_KERNEL_FAILED', {
    message: `the eigenvalues of a matrix of order ${order} did not converge: got ${found} of them`,
  })
}
