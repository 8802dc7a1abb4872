/** Rows as parallel columns, in any order. */
export interface Rows {
  readonly userIndex: Int32Array
  readonly itemIndex: Int32Array
  /** NaN where there is none. */
  readonly rating: Float32Array
  readonly weight: Float32Array
  readonly count: Int32Array
  /** NaN where unknown. */
  readonly timestamp: Float64Array
}

/**
 * The rows by user and item, one a pair, in the memory of the columns given. Files that we wrote are in this order, and
 * then nothing moves; otherwise two stable counting sorts order the rows. Of a repeated pair the latest row stays, of
 * equal or unknown times the one with the higher rating: never the order of reading.
 */
export function inOrder(
  rows: Rows,
  { nUsers, nItems }: { readonly nUsers: number; readonly nItems: number },
): Rows {
  if (isInOrder(rows)) return rows
  const byItem = countingSort(rows.itemIndex, nItems)
  const byPair = countingSort(rows.userIndex, nUsers, byItem)
  const order = withoutRepeats(rows, byPair)
  return {
    userIndex: permuted(rows.userIndex, order),
    itemIndex: permuted(rows.itemIndex, order),
    rating: permuted(rows.rating, order),
    weight: permuted(rows.weight, order),
    count: permuted(rows.count, order),
    timestamp: permuted(rows.timestamp, order),
  }
}

/** Stands where a row was left out. */
export const noUser = -1

/** @param nRows  the rows that have a user */
export function withoutGaps(rows: Rows, nRows: number): Rows {
  const { userIndex, itemIndex, rating, weight, count, timestamp } = rows
  for (let row = 0, at = 0; at < nRows; row++) {
    if (userIndex[row] === noUser) continue
    userIndex[at] = userIndex[row]
    itemIndex[at] = itemIndex[row]
    rating[at] = rating[row]
    weight[at] = weight[row]
    count[at] = count[row]
    timestamp[at++] = timestamp[row]
  }
  return {
    userIndex: userIndex.subarray(0, nRows),
    itemIndex: itemIndex.subarray(0, nRows),
    rating: rating.subarray(0, nRows),
    weight: weight.subarray(0, nRows),
    count: count.subarray(0, nRows),
    timestamp: timestamp.subarray(0, nRows),
  }
}

/** The ids that occur among the codes, which are counted anew in place. */
export function withoutUnused(ids: string[], codes: Int32Array): string[] {
  const counted = new Int32Array(ids.length)
  for (let row = 0; row < codes.length; row++) counted[codes[row]] = 1
  const used = ids.filter((_, code) => counted[code] === 1)
  if (used.length === ids.length) return ids
  for (let code = 0, next = 0; code < ids.length; code++) {
    next += counted[code]
    counted[code] = next - 1
  }
  for (let row = 0; row < codes.length; row++) codes[row] = counted[codes[row]]
  return used
}

function isInOrder({ userIndex, itemIndex }: Rows): boolean {
  for (let row = 1; row < userIndex.length; row++) {
    if (userIndex[row - 1] > userIndex[row]) return false
    if (userIndex[row - 1] === userIndex[row] && itemIndex[row - 1] >= itemIndex[row]) return false
  }
  return true
}

/**
 * Rows in ascending order of their key, equal keys as they stood in `order`.
 * @param keys  in [0, nKeys)
 */
function countingSort(keys: Int32Array, nKeys: number, order?: Int32Array): Int32Array {
  const next = new Int32Array(nKeys + 1)
  for (let row = 0; row < keys.length; row++) next[keys[row] + 1]++
  for (let key = 0; key < nKeys; key++) next[key + 1] += next[key]
  const sorted = new Int32Array(keys.length)
  for (let i = 0; i < keys.length; i++) {
    const row = order ? order[i] : i
    sorted[next[keys[row]]++] = row
  }
  return sorted
}

function withoutRepeats({ userIndex, itemIndex, rating, timestamp }: Rows, order: Int32Array): Int32Array {
  let n = 0
  for (let i = 0; i < order.length; i++) {
    const row = order[i]
    const kept = n > 0 ? order[n - 1] : -1
    const repeats = kept >= 0 && userIndex[kept] === userIndex[row] && itemIndex[kept] === itemIndex[row]
    if (!repeats) order[n++] = row
    else if (isNewer(timestamp[row], timestamp[kept], rating[row] > rating[kept])) order[n - 1] = row
  }
  return order.subarray(0, n)
}

function isNewer(time: number, other: number, tie: boolean): boolean {
  if (Number.isNaN(time) || Number.isNaN(other))
    return Number.isNaN(time) === Number.isNaN(other) ? tie : Number.isNaN(other)
  return time === other ? tie : time > other
}

/** column[order[i]] at i, one column held twice at a time. */
function permuted<Column extends Int32Array | Float32Array | Float64Array>(
  column: Column,
  order: Int32Array,
): Column {
  const before = column.slice()
  for (let i = 0; i < order.length; i++) column[i] = before[order[i]]
  return column.subarray(0, order.length) as Column
}
