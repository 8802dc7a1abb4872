import { describe, expect, test } from 'vitest'
import type { Kernels } from '../../src/kernels/instance.ts'
import { uniformAt } from '../../src/kernels/random.ts'
import { rankRowsScratchBytes } from '../../src/kernels/scratch.ts'
import { builds, expectClose, normals, workbench } from './builds.ts'

describe.each(builds)('rank_rows with %s', (_, module) => {
  test.each([
    // more users than a block has, more items, and both cut off
    [70, 530, 12, 10],
    [3, 90, 12, 10],
    [1, 5, 4, 9],
    [66, 257, 260, 3],
  ])('agrees with its twin for %i users, %i items of width %i and k = %i', (nUsers, nItems, width, k) => {
    const { shared, wasm, twin } = workbench(module)
    const [users, items] = [normals(shared, nUsers * width, 1), normals(shared, nItems * width, 2)]
    const seen = seenItems(nUsers, nItems)
    const [starts, columns] = [shared.int32(nUsers + 1), shared.int32(seen.flat().length)]
    starts.set(seen.map((_, user) => seen.slice(0, user).flat().length))
    starts[nUsers] = columns.length
    columns.set(seen.flat())
    const run = (kernels: Kernels) => {
      const [out, scores] = [shared.int32(nUsers * k), shared.float32(nUsers * k)]
      const buffers = [users, items, width, nItems, starts, columns, k, out, scores]
      const args = buffers.map((value) => (typeof value === 'number' ? value : value.byteOffset))
      kernels.rank_rows(0, nUsers, shared.allocate(rankRowsScratchBytes), ...args)
      return { out, scores }
    }
    const [got, expected] = [run(wasm), run(twin)]
    expect(got.out).toEqual(expected.out)
    expectClose(got.scores.filter(isScore), expected.scores.filter(isScore), 1e-5)
    for (const [user, own] of seen.entries()) {
      const list = got.out.subarray(user * k, (user + 1) * k)
      for (const item of own) expect(list).not.toContain(item)
    }
  })

  test('equal items come in the order of their index, whichever block they are in', () => {
    const { shared, wasm } = workbench(module)
    const [nUsers, nItems, width, k] = [5, 600, 8, 600]
    const [users, items] = [normals(shared, nUsers * width, 3), shared.float32(nItems * width).fill(0.3)]
    const [out, scores] = [shared.int32(nUsers * k), shared.float32(nUsers * k)]
    const args = [users, items, width, nItems, shared.int32(nUsers + 1), shared.int32(1), k, out, scores]
    const addresses = args.map((value) => (typeof value === 'number' ? value : value.byteOffset))
    wasm.rank_rows(0, nUsers, shared.allocate(rankRowsScratchBytes), ...addresses)
    for (let user = 0; user < nUsers; user++) {
      expect(out.subarray(user * k, (user + 1) * k)).toEqual(Int32Array.from({ length: k }, (_, at) => at))
    }
  })
})

/** Ascending; the second user has seen everything, the third nothing. */
function seenItems(nUsers: number, nItems: number): number[][] {
  const all = Array.from({ length: nItems }, (_, item) => item)
  return Array.from({ length: nUsers }, (_, user) =>
    user === 1 ? all : all.filter((item) => user !== 2 && uniformAt(user, item) < 0.1),
  )
}

function isScore(value: number): boolean {
  return value > -3e38
}
