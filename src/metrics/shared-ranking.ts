import { type FactorRanking, type NeighbourRanking, type Ranking, startsOf } from '../dataset/ranking.ts'
import type { Csr } from '../dataset/types.ts'
import type { Compute } from '../kernels/compute.ts'

/** Whose lists are wanted, and in which order the kernels see the items. */
export interface RankedUsers {
  readonly users: Int32Array
  /** Item indices; the place in this order decides between equal scores. */
  readonly order: Int32Array
}

/** A ranking in shared memory, its items as places in `order`: the first arguments of the kernels that rank. */
export function shareRanking(compute: Compute, ranking: Ranking, { users, order }: RankedUsers) {
  if (ranking.kind === 'neighbours') return shareNeighbours(compute, ranking, order)
  return shareFactors(compute, ranking, users, order)
}

/** The items of the users' rows, as ascending places in `order`. */
export function shareCsr(
  compute: Compute,
  csr: Csr,
  { users, order }: RankedUsers,
): [Int32Array, Int32Array] {
  const placeOf = placesIn(order)
  const starts = compute.int32(users.length + 1)
  users.forEach((user, at) => {
    starts[at + 1] = starts[at] + csr.rowStarts[user + 1] - csr.rowStarts[user]
  })
  const columns = compute.int32(starts[users.length])
  users.forEach((user, at) => {
    const from = csr.rowStarts[user]
    const own = columns.subarray(starts[at], starts[at + 1])
    for (let entry = 0; entry < own.length; entry++) own[entry] = placeOf[csr.columns[from + entry]]
    own.sort()
  })
  return [starts, columns]
}

function shareFactors(
  compute: Compute,
  { width, userRows, itemRows }: FactorRanking,
  users: Int32Array,
  order: Int32Array,
): (number | Float32Array | Int32Array)[] {
  return [shareRows(compute, userRows, users, width), shareRows(compute, itemRows, order, width), width]
}

/** The rows of the items in `order`, the items in them as places in `order`. */
function shareNeighbours(
  compute: Compute,
  { counts, items, weights }: NeighbourRanking,
  order: Int32Array,
): (number | Float32Array | Int32Array)[] {
  const placeOf = placesIn(order)
  const firsts = startsOf(counts)
  const starts = compute.int32(order.length + 1)
  const [places, sharedWeights] = [compute.int32(items.length), compute.float32(items.length)]
  for (let place = 0; place < order.length; place++) {
    const first = firsts[order[place]]
    const count = counts[order[place]]
    const start = starts[place]
    for (let at = 0; at < count; at++) places[start + at] = placeOf[items[first + at]]
    sharedWeights.set(weights.subarray(first, first + count), start)
    starts[place + 1] = start + count
  }
  return [starts, places, sharedWeights]
}

export function placesIn(order: Int32Array): Int32Array {
  const placeOf = new Int32Array(order.length)
  for (let place = 0; place < order.length; place++) placeOf[order[place]] = place
  return placeOf
}

function shareRows(
  compute: Compute,
  rows: Float32Array,
  chosen: ArrayLike<number>,
  width: number,
): Float32Array {
  const shared = compute.float32(chosen.length * width)
  for (let at = 0; at < chosen.length; at++) {
    const start = chosen[at] * width
    shared.set(rows.subarray(start, start + width), at * width)
  }
  return shared
}
