import { describe, expect, test } from 'vitest'
import { openLake } from '../../src/lake/lake.ts'
import { createSample, type SampleOptions } from '../../src/lake/sample/create-sample.ts'
import type { InteractionColumns, ItemRow } from '../../src/lake/types.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'

async function sample(
  options: Partial<SampleOptions> = {},
): Promise<InteractionColumns & { items: ItemRow[] }> {
  const dataDir = temporaryDirectory()
  await createSample({
    dataDir,
    mode: 'create',
    users: 2000,
    items: 500,
    interactions: 100_000,
    seed: 42,
    ...options,
  })
  const lake = await openLake(dataDir)
  const [columns, items] = [await lake.readInteractions(), await lake.readItems()]
  lake.close()
  return { ...columns, items }
}

describe('the sample', () => {
  test('has exactly the users, items and ratings asked for, in half stars from 1 to 5', async () => {
    const { userIds, items, rating, timestamp } = await sample()
    expect([userIds.length, items.length, rating.length]).toEqual([2000, 500, 100_000])
    expect([...new Set(rating)].sort()).toEqual([1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5])
    const years = new Set(Array.from(timestamp, (seconds) => new Date(seconds * 1000).getUTCFullYear()))
    expect([...years].sort()).toEqual([2023, 2024])
  })

  test('has films with a title of their own, a year and one to three genres', async () => {
    const { items } = await sample()
    expect(new Set(items.map((item) => item.title)).size).toBe(500)
    for (const { title, categories } of items) {
      expect(title).toMatch(/^[A-Z].+ \((19|20)\d\d\)$/)
      expect(categories.length).toBeGreaterThanOrEqual(1)
      expect(categories.length).toBeLessThanOrEqual(3)
    }
  })

  test('has a long tail: the first tenth of the films has more than a third of the ratings', async () => {
    const { itemIndex, itemIds } = await sample()
    const counts = new Int32Array(itemIds.length)
    for (const item of itemIndex) counts[item]! += 1
    const head = counts.sort().reverse().subarray(0, 50)
    expect(head.reduce((sum, count) => sum + count, 0) / itemIndex.length).toBeGreaterThan(0.33)
  })

  test('is the same for the same seed and another one for another seed', async () => {
    const small = { users: 50, items: 40, interactions: 400 }
    const [a, b, c] = [
      await sample({ ...small, seed: 7 }),
      await sample({ ...small, seed: 7 }),
      await sample({ ...small, seed: 8 }),
    ]
    expect(a).toEqual(b)
    expect(a.items).not.toEqual(c.items)
  })

  test('has tastes: factors that are learned from four fifths beat the biases on the rest by more than 4 %', async () => {
    const columns = await sample()
    const biases = heldOutRmse(columns, 0)
    const factors = heldOutRmse(columns, 10)
    expect(factors).toBeLessThan(0.96 * biases)
  })

  test('may be of every shape that can exist', async () => {
    expect((await sample({ users: 1, items: 1, interactions: 1 })).rating).toHaveLength(1)
    expect((await sample({ users: 7, items: 9, interactions: 63 })).rating).toHaveLength(63)
    expect((await sample({ users: 20, items: 3000, interactions: 20 })).rating).toHaveLength(20)
  })

  test('that cannot exist is a usage error', () => {
    const options = {
      dataDir: temporaryDirectory(),
      mode: 'create',
      users: 10,
      items: 10,
      interactions: 50,
      seed: 1,
    } as const
    for (const impossible of [{ interactions: 101 }, { users: 0 }, { items: 0 }, { interactions: 9 }]) {
      expect(() => createSample({ ...options, ...impossible })).toThrow(
        expect.objectContaining({ code: 'RECSYS_USAGE', exitCode: 2 }),
      )
    }
  })
})

/** Held-out RMSE of a biased factorisation by plain gradient descent; every fifth row is held out. */
function heldOutRmse(columns: InteractionColumns, nFactors: number): number {
  const { userIds, itemIds, userIndex, itemIndex, rating } = columns
  const start = (n: number) =>
    Float64Array.from({ length: n * nFactors }, (_, i) => 0.1 * Math.sin(i * 12.9898))
  const [p, q] = [start(userIds.length), start(itemIds.length)]
  const [userBias, itemBias] = [new Float64Array(userIds.length), new Float64Array(itemIds.length)]
  const mean = rating.reduce((sum, value) => sum + value, 0) / rating.length
  const error = (row: number) => {
    const [u, i] = [userIndex[row]!, itemIndex[row]!]
    let predicted = mean + userBias[u]! + itemBias[i]!
    for (let f = 0; f < nFactors; f += 1) predicted += p[u * nFactors + f]! * q[i * nFactors + f]!
    return rating[row]! - predicted
  }
  // A stride that is prime to the number of rows visits them in a scattered order.
  const order = Int32Array.from(rating, (_, i) => (i * 7919) % rating.length)
  for (let epoch = 0; epoch < 30; epoch += 1) {
    for (const row of order) {
      if (row % 5 === 0) continue
      const [u, i, e] = [userIndex[row]!, itemIndex[row]!, error(row)]
      userBias[u]! += 0.01 * (e - 0.06 * userBias[u]!)
      itemBias[i]! += 0.01 * (e - 0.06 * itemBias[i]!)
      for (let f = 0; f < nFactors; f += 1) {
        const [pu, qi] = [p[u * nFactors + f]!, q[i * nFactors + f]!]
        p[u * nFactors + f]! += 0.01 * (e * qi - 0.06 * pu)
        q[i * nFactors + f]! += 0.01 * (e * pu - 0.06 * qi)
      }
    }
  }
  const heldOut = order.filter((row) => row % 5 === 0)
  return Math.sqrt(heldOut.reduce((sum, row) => sum + error(row) ** 2, 0) / heldOut.length)
}
