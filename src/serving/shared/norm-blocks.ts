/**
 * Items in the order in which they are scored, and for each block of them a bound on what any query can get there, so
 * that blocks that cannot hold one of the best are never scored (Teflioudi et al. 2015, LEMP, length-based pruning).
 *
 * A query row is (p, c): c is the column that is the same for every user (the 1 that an item's bias is multiplied
 * with), where there is one. By Cauchy–Schwarz ⟨(p, c), (y, b)⟩ ≤ c b + |p||y|.
 */
export interface NormBlocks {
  /** Item index at each position, and its inverse. */
  readonly order: Int32Array
  readonly positions: Int32Array
  /** Column of the constant, -1 where there is none. */
  readonly constantColumn: number
  /** Its value, 0 where there is none. */
  readonly factor: number
  /** Largest c b of each block, largest |c b|, and largest |y|. */
  readonly biases: Float64Array
  readonly absoluteBiases: Float64Array
  readonly norms: Float64Array
}

/** Items a block: small enough to stop early, large enough that a call of the kernel costs nothing beside its work. */
export const blockItems = 256

/**
 * @param userRows  row-major, nUsers × width
 * @param itemRows  row-major, nItems × width
 */
export function buildNormBlocks(
  userRows: Float32Array,
  itemRows: Float32Array,
  width: number,
  nItems: number,
): NormBlocks {
  const constantColumn = findConstantColumn(userRows, width)
  const factor = constantColumn < 0 ? 0 : userRows[constantColumn]!
  const norms = rowNorms(itemRows, width, nItems, constantColumn)
  const biases = Float64Array.from(norms, (_, item) => {
    return factor === 0 ? 0 : factor * itemRows[item * width + constantColumn]!
  })
  const typical = typicalNorm(userRows, width, constantColumn)
  const order = sharedInts(nItems)
  const reach = Float64Array.from(norms, (norm, item) => biases[item]! + typical * norm)
  for (let item = 0; item < nItems; item++) order[item] = item
  order.sort((a, b) => reach[b]! - reach[a]! || a - b)
  const positions = sharedInts(nItems)
  for (let at = 0; at < nItems; at++) positions[order[at]!] = at
  return { order, positions, constantColumn, factor, ...blockBounds(order, biases, norms) }
}

/**
 * Nothing in the block can get more than this, whatever way its 32-bit sums are rounded.
 * @param queryNorm  |p|
 */
export function blockBound(blocks: NormBlocks, block: number, queryNorm: number, width: number): number {
  const product = queryNorm * blocks.norms[block]!
  // A sum of `width` products in single precision is off by width × 2⁻²⁴ of the sum of their sizes, at most.
  const rounding = width * 2 ** -23 * (product + blocks.absoluteBiases[block]!)
  return blocks.biases[block]! + product + rounding
}

/** |p| of a query row. */
export function queryNorm(query: Float32Array, constantColumn: number): number {
  let sum = 0
  for (let i = 0; i < query.length; i++) if (i !== constantColumn) sum += query[i]! * query[i]!
  return Math.sqrt(sum)
}

function blockBounds(order: Int32Array, biases: Float64Array, norms: Float64Array) {
  const nBlocks = Math.ceil(order.length / blockItems)
  const bounds = {
    biases: sharedDoubles(nBlocks),
    absoluteBiases: sharedDoubles(nBlocks),
    norms: sharedDoubles(nBlocks),
  }
  bounds.biases.fill(Number.NEGATIVE_INFINITY)
  for (let at = 0; at < order.length; at++) {
    const block = Math.floor(at / blockItems)
    const item = order[at]!
    bounds.biases[block] = Math.max(bounds.biases[block]!, biases[item]!)
    bounds.absoluteBiases[block] = Math.max(bounds.absoluteBiases[block]!, Math.abs(biases[item]!))
    bounds.norms[block] = Math.max(bounds.norms[block]!, norms[item]!)
  }
  return bounds
}

/** The column with one and the same value, not 0, for every user. */
function findConstantColumn(userRows: Float32Array, width: number): number {
  for (let column = 0; column < width; column++) {
    const value = userRows[column]
    if (!value) continue
    let row = column
    while (row < userRows.length && userRows[row] === value) row += width
    // A single user is no evidence, but nothing is lost: the bound holds for any column.
    if (row >= userRows.length) return column
  }
  return -1
}

function rowNorms(rows: Float32Array, width: number, nRows: number, left: number): Float64Array {
  return Float64Array.from({ length: nRows }, (_, row) => {
    return queryNorm(rows.subarray(row * width, (row + 1) * width), left)
  })
}

/** The median |p| of some users: what the order is made for; every other query only prunes less. */
function typicalNorm(userRows: Float32Array, width: number, constantColumn: number): number {
  const nUsers = width === 0 ? 0 : userRows.length / width
  if (nUsers === 0) return 1
  const step = Math.max(1, Math.floor(nUsers / 1000))
  const some = Array.from({ length: Math.ceil(nUsers / step) }, (_, i) => {
    return queryNorm(userRows.subarray(i * step * width, (i * step + 1) * width), constantColumn)
  })
  return some.sort((a, b) => a - b)[some.length >> 1] || 1
}

function sharedInts(length: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4 * length))
}

function sharedDoubles(length: number): Float64Array {
  return new Float64Array(new SharedArrayBuffer(8 * length))
}
