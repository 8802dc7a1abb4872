import { afterAll, beforeAll, expect, test } from 'vitest'
import { datasetFrom } from '../../src/dataset/dataset.ts'
import type { NeighbourRanking } from '../../src/dataset/ranking.ts'
import type { Compute } from '../../src/kernels/compute.ts'
import { rankingMetrics } from '../../src/metrics/ranking.ts'
import { startCompute } from '../../src/workers/pool.ts'

let compute: Compute
beforeAll(async () => {
  compute = await startCompute({ nThreads: 2 })
})
afterAll(() => compute.release())

/** Two users over four items; the last row of each is held out. */
const dataset = datasetFrom({
  lakeVersion: 0,
  userIds: ['ann', 'bob'],
  itemIds: ['a', 'b', 'c', 'd'],
  userIndex: Int32Array.of(0, 0, 1, 1),
  itemIndex: Int32Array.of(0, 2, 1, 3),
  rating: Float32Array.of(5, 4, 3, 2),
  timestamp: new Float64Array(4).fill(Number.NaN),
})
const fold = { isTrain: Uint8Array.of(1, 0, 1, 0), isTest: Uint8Array.of(0, 1, 0, 1), fingerprint: '' }

function neighbours(rows: readonly (readonly [item: number, weight: number][])[]): NeighbourRanking {
  return {
    kind: 'neighbours',
    counts: Float32Array.from(rows, (row) => row.length),
    items: Float32Array.from(rows.flat(), ([item]) => item),
    weights: Float32Array.from(rows.flat(), ([, weight]) => weight),
  }
}

async function recallOf(ranking: NeighbourRanking): Promise<number> {
  const scorer = { predict: () => 3, ranking: () => ranking }
  const metrics = await rankingMetrics(compute, { dataset, fold, ks: [1] }, scorer)
  return metrics['recall@1']
}

test('a model of items ranks by the rows of what a user has seen', async () => {
  // a speaks for c, b for d: both held-out items come first.
  expect(await recallOf(neighbours([[[2, 0.5]], [[3, 0.1]], [[0, 9]], [[1, 9]]]))).toBe(1)
  // b speaks for c: only the first user's item comes first.
  expect(await recallOf(neighbours([[[2, 0.5]], [[2, 0.1]], [], []]))).toBe(0.5)
})

test('an item with a negative weight comes after those without any', async () => {
  const rows: [number, number][][] = [
    [
      [2, 0.5],
      [1, -1],
    ],
    [
      [0, -0.1],
      [2, -0.1],
    ],
    [],
    [],
  ]
  expect(await recallOf(neighbours(rows))).toBe(1)
})
