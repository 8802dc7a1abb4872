/** How a model orders items. */
export type Ranking = FactorRanking | NeighbourRanking

/** score(u, i) = ⟨userRows[u], itemRows[i]⟩ plus a term of the user alone; row-major, `width` a multiple of 4. */
export interface FactorRanking {
  readonly kind: 'factors'
  readonly width: number
  readonly userRows: Float32Array
  readonly itemRows: Float32Array
}

/**
 * score(u, i) = Σ over the items j in u's history of the weight that row j gives to i. Row j holds the `counts[j]` entries
 * after those of the rows before it.
 */
export interface NeighbourRanking {
  readonly kind: 'neighbours'
  /** nItems whole numbers */
  readonly counts: Float32Array
  /** Item indices, exact in single precision up to 2²⁴. */
  readonly items: Float32Array
  readonly weights: Float32Array
}

/** The same order of items for everybody. */
export function oneOrder(nUsers: number, itemScore: Float32Array): FactorRanking {
  const width = 4
  const userRows = new Float32Array(nUsers * width)
  const itemRows = new Float32Array(itemScore.length * width)
  for (let user = 0; user < nUsers; user++) userRows[user * width] = 1
  for (let item = 0; item < itemScore.length; item++) itemRows[item * width] = itemScore[item]
  return { kind: 'factors', width, userRows, itemRows }
}

/** Where the entries of each row begin, and after the last row where they end: counts.length + 1 */
export function startsOf(counts: Float32Array): Int32Array {
  const starts = new Int32Array(counts.length + 1)
  for (let row = 0; row < counts.length; row++) starts[row + 1] = starts[row] + counts[row]
  return starts
}
