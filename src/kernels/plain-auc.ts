import type { RowKernel } from './instance.ts'

type Dot = (a: number, b: number, width: number) => number

/** The plain twins of `assembly/auc-rows.ts`. */
export function plainAuc(
  memory: WebAssembly.Memory,
  dot: Dot,
): Record<'auc_rows' | 'auc_neighbour_rows', RowKernel> {
  const floats = new Float32Array(memory.buffer)
  const doubles = new Float64Array(memory.buffer)
  const ints = new Int32Array(memory.buffer)
  const spanOf = (starts: number, columns: number, row: number) =>
    ints.subarray(columns / 4 + ints[starts / 4 + row], columns / 4 + ints[starts / 4 + row + 1])

  function countPairs(scores: Float32Array, seen: Int32Array, relevant: Int32Array): number {
    const left = new Set(scores.keys())
    for (const item of [...seen, ...relevant]) left.delete(item)
    let pairs = 0
    for (const one of relevant) {
      for (const item of left)
        pairs += scores[item] < scores[one] ? 1 : scores[item] === scores[one] ? 0.5 : 0
    }
    return pairs
  }

  return {
    auc_rows: (lo, hi, _scratch, ...args) => {
      const [userRows, itemRows, width, nItems, seenStarts, seen, starts, relevant, out] = args
      for (let user = lo; user < hi; user++) {
        const scores = Float32Array.from({ length: nItems }, (_, item) =>
          dot(itemRows + 4 * item * width, userRows + 4 * user * width, width),
        )
        const own = [spanOf(seenStarts, seen, user), spanOf(starts, relevant, user)] as const
        doubles[out / 8 + user] = countPairs(scores, ...own)
      }
    },
    auc_neighbour_rows: (lo, hi, _scratch, ...args) => {
      const [historyStarts, history, seenStarts, seen, nItems, ...others] = args
      const [rowStarts, rowItems, weights, starts, relevant, out] = others
      for (let user = lo; user < hi; user++) {
        const scores = new Float32Array(nItems)
        for (const item of spanOf(historyStarts, history, user)) {
          const end = ints[rowStarts / 4 + item + 1]
          for (let entry = ints[rowStarts / 4 + item]; entry < end; entry++)
            scores[ints[rowItems / 4 + entry]] += floats[weights / 4 + entry]
        }
        const own = [spanOf(seenStarts, seen, user), spanOf(starts, relevant, user)] as const
        doubles[out / 8 + user] = countPairs(scores, ...own)
      }
    },
  }
}
