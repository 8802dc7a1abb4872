import type { FactorRanking } from '../dataset/ranking.ts'
import { tensorOf } from './model-state.ts'
import type { ModelState } from './types.ts'

/** The factors of a model that ranks by ⟨x_u, y_i⟩ alone, as kernels want them. @param width  floats a row */
export function dotRanking(state: ModelState, width: number): FactorRanking {
  const padded = (width + 3) & ~3
  return {
    kind: 'factors',
    width: padded,
    userRows: widened(tensorOf(state, 'userFactors', 'user', width), width, padded),
    itemRows: widened(tensorOf(state, 'itemFactors', 'item', width), width, padded),
  }
}

/** A row as the rows of users in `dotRanking`. */
export function paddedRow(row: Float32Array | Float64Array): Float32Array {
  const padded = new Float32Array((row.length + 3) & ~3)
  padded.set(row)
  return padded
}

function widened(rows: Float32Array, width: number, padded: number): Float32Array {
  if (width === padded) return rows
  const out = new Float32Array((rows.length / width) * padded)
  for (let row = 0; row * width < rows.length; row++) {
    out.set(rows.subarray(row * width, (row + 1) * width), row * padded)
  }
  return out
}
