import { type NormBlocks, queryNorm } from './norm-blocks.ts'

/**
 * Copies of the items' rows with one byte a value: a quarter of the memory to read, and enough to tell which items cannot
 * be among the best. What the copies leave out is known, so nothing is lost by them; see `screen_groups` of the kernels,
 * which reads them in groups of sixteen items.
 */
const headFloats = 36
const headBytes = 4 * headFloats
const groupItems = 16
/** A query's bytes are from 1 to 63, with this for 0: the kernel adds up four products in 16 bits. */
const queryZero = 32
const querySteps = 31
const itemSteps = 127

export function coarseGroupBytes(width: number): number {
  return headBytes + groupItems * width
}

/** What the rounding of a bound's own terms may add, of their sizes; far more than float32 needs. */
function rounding(width: number): number {
  return width * 2 ** -23 + 2 ** -18
}

/**
 * @param groups  item rows in groups of sixteen, see `ScoringMemory`
 * @param address of the copies, in bytes
 */
export function writeCoarseItems(
  groups: Float32Array,
  width: number,
  { constantColumn, factor }: Pick<NormBlocks, 'constantColumn' | 'factor'>,
  buffer: ArrayBufferLike,
  address: number,
): void {
  const nGroups = width === 0 ? 0 : groups.length / (groupItems * width)
  for (let group = 0; group < nGroups; group++) {
    const columns = groups.subarray(group * groupItems * width, (group + 1) * groupItems * width)
    const at = address + group * coarseGroupBytes(width)
    const head = new Float32Array(buffer, at, headFloats)
    const sums = new Int32Array(buffer, at + 16, groupItems)
    const values = new Int8Array(buffer, at + headBytes, groupItems * width)
    const scale = scaleOf(largest(columns, constantColumn), itemSteps)
    let [norm, loss] = [0, 0]
    for (let item = 0; item < groupItems; item++) {
      let [square, lostSquare, sum] = [0, 0, 0]
      for (let f = 0; f < width; f++) {
        if (f === constantColumn) continue
        const value = columns[f * groupItems + item]!
        const step = Math.round(value / scale)
        values[4 * groupItems * (f >> 2) + 4 * item + (f & 3)] = step
        sum += step
        square += value * value
        lostSquare += (value - scale * step) ** 2
      }
      sums[item] = -queryZero * sum
      norm = Math.max(norm, square)
      loss = Math.max(loss, lostSquare)
      const bias = constantColumn < 0 ? 0 : factor * columns[constantColumn * groupItems + item]!
      head[20 + item] = bias + Math.abs(bias) * rounding(width)
    }
    head[0] = scale
    head[1] = Math.sqrt(norm) * (1 + 2 ** -18)
    head[2] = Math.sqrt(loss) * (1 + 2 ** -18)
  }
}

/** A query as `screen_groups` wants it. */
export interface CoarseQuery {
  readonly scale: number
  /** Norm of what the bytes leave out, and what rounding may add. */
  readonly error: number
  readonly size: number
}

/** @param bytes  out, one a value */
export function coarsen(query: Float32Array, constantColumn: number, bytes: Uint8Array): CoarseQuery {
  let most = 0
  for (let f = 0; f < query.length; f++) if (f !== constantColumn) most = Math.max(most, Math.abs(query[f]!))
  const scale = scaleOf(most, querySteps)
  let lost = 0
  for (let f = 0; f < query.length; f++) {
    const step = f === constantColumn ? 0 : Math.round(query[f]! / scale)
    bytes[f] = queryZero + step
    if (f !== constantColumn) lost += (query[f]! - scale * step) ** 2
  }
  const norm = queryNorm(query, constantColumn)
  const error = Math.sqrt(lost)
  return { scale, error: error * (1 + 2 ** -18) + norm * rounding(query.length), size: norm + error }
}

/** Float32, as the kernel has it, so that nothing is left out but what is counted. */
function scaleOf(most: number, steps: number): number {
  return Math.fround(most / steps) || 1
}

function largest(columns: Float32Array, constantColumn: number): number {
  let most = 0
  for (let at = 0; at < columns.length; at++) {
    if (Math.floor(at / groupItems) !== constantColumn) most = Math.max(most, Math.abs(columns[at]!))
  }
  return most
}
