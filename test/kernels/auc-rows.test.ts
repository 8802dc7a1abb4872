import { describe, expect, test } from 'vitest'
import { uniformAt } from '../../src/kernels/random.ts'
import { aucRowsScratchBytes } from '../../src/kernels/scratch.ts'
import type { SharedMemory } from '../../src/kernels/shared-memory.ts'
import { builds, workbench } from './builds.ts'

const [nUsers, nItems, width] = [19, 101, 8]

/** Few different values, so that scores tie often and every sum is exact. */
function coarse(shared: SharedMemory, length: number, seed: number): Float32Array {
  const floats = shared.float32(length)
  for (let at = 0; at < length; at++) floats[at] = Math.floor(3 * uniformAt(seed, at)) - 1
  return floats
}

/** Two disjoint CSRs by user; the first user has neither. */
function parts(shared: SharedMemory, from = 0) {
  const all = Array.from({ length: nItems }, (_, item) => item)
  const between = (low: number, high: number) =>
    Array.from({ length: nUsers }, (_, user) =>
      all.filter((item) => user > 0 && uniformAt(user, item) >= low && uniformAt(user, item) < high),
    )
  return [between(from, from + 0.2), between(from + 0.2, from + 0.3)].flatMap((rows) => {
    const [starts, columns] = [shared.int32(nUsers + 1), shared.int32(rows.flat().length)]
    rows.forEach((row, user) => {
      starts[user + 1] = starts[user] + row.length
      columns.set(row, starts[user])
    })
    return [starts, columns]
  })
}

describe.each(builds)('the pairs in order with %s', (_, module) => {
  test('of factors are those of the twin, ties counted half', () => {
    const { shared, wasm, twin } = workbench(module)
    const rows = [coarse(shared, nUsers * width, 1), coarse(shared, nItems * width, 2)]
    const [out, expected] = [shared.float64(nUsers), shared.float64(nUsers)]
    const common = [...rows.map(({ byteOffset }) => byteOffset), width, nItems]
    const csrs = parts(shared).map(({ byteOffset }) => byteOffset)
    const scratch = shared.allocate(aucRowsScratchBytes(nItems))
    wasm.auc_rows(0, nUsers, scratch, ...common, ...csrs, out.byteOffset)
    twin.auc_rows(0, nUsers, scratch, ...common, ...csrs, expected.byteOffset)
    expect(out).toEqual(expected)
    expect(out[0]).toBe(0)
    expect(out.some((value) => !Number.isInteger(value))).toBe(true)
  })

  test('of neighbours are those of the twin', () => {
    const { shared, wasm, twin } = workbench(module)
    const [starts, items] = [shared.int32(nItems + 1), shared.int32(3 * nItems)]
    for (let row = 0; row < nItems; row++) {
      starts[row + 1] = 3 * (row + 1)
      for (let n = 0; n < 3; n++) items[3 * row + n] = (row + 7 * n + 1) % nItems
    }
    const weights = coarse(shared, 3 * nItems, 3)
    const [seenStarts, seen, ...relevant] = parts(shared).map(({ byteOffset }) => byteOffset)
    const rows = [starts, items, weights].map(({ byteOffset }) => byteOffset)
    const [out, expected] = [shared.float64(nUsers), shared.float64(nUsers)]
    const [historyStarts, history] = parts(shared, 0.5).map(({ byteOffset }) => byteOffset)
    const args = [historyStarts, history, seenStarts, seen, nItems, ...rows, ...relevant]
    const scratch = shared.allocate(aucRowsScratchBytes(nItems))
    wasm.auc_neighbour_rows(0, nUsers, scratch, ...args, out.byteOffset)
    twin.auc_neighbour_rows(0, nUsers, scratch, ...args, expected.byteOffset)
    expect(out).toEqual(expected)
  })
})
