import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { FactorRanking } from '../../src/dataset/ranking.ts'
import { algorithms } from '../../src/models/algorithms.ts'
import type { ModelState } from '../../src/models/types.ts'
import { scoreOnHoldout, scorerOn } from '../../src/pipeline/holdout.ts'
import { initTables } from '../../src/pipeline/init-tables.ts'
import { train } from '../../src/pipeline/train.ts'
import { datasetOf } from '../dataset/sample-dataset.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'
import { askRegistry, sampleLake } from '../helpers/sample-lake.ts'

const question = { split: 'hash:0.2', seed: 1, ks: [10], nThreads: 2 } as const

function trainOn(dataDir: string, algorithm: 'svd' | 'popular', lakeVersion?: number) {
  const params = algorithm === 'svd' ? { factors: 4, epochs: 3 } : {}
  const { split, seed, nThreads } = question
  const k = 10
  return train({ dataDir, algorithm, params, seed, split, name: 'r', k, tags: {}, nThreads, lakeVersion })
}

async function append(dataDir: string, lines: readonly string[]): Promise<void> {
  const from = join(temporaryDirectory(), 'more.csv')
  writeFileSync(from, ['user,item,rating', ...lines].join('\n'))
  await initTables({ dataDir, mode: 'append', from, maxRejects: 0 })
}

test('several versions are scored on the same rows, in the order asked for, as they were at their training', async () => {
  const dataDir = await sampleLake()
  const [svd, popular] = [await trainOn(dataDir, 'svd'), await trainOn(dataDir, 'popular')]
  const versions = askRegistry(dataDir, (registry) => [registry.version('r', 2), registry.version('r', 1)])
  const holdout = await scoreOnHoldout({ ...question, dataDir, versions, lakeVersion: 0 })
  expect(holdout.scores).toEqual([popular.metrics, svd.metrics])
  expect(holdout.baselines).toEqual(svd.baselines)
  expect(holdout.baselines.popularity).toEqual(popular.metrics)
  expect(holdout).toMatchObject({ nHeldOutRows: svd.nHeldOutRows, splitFingerprint: svd.splitFingerprint })
})

test('a version is scored on a lake with users and items that it does not know', async () => {
  const dataDir = await sampleLake()
  await trainOn(dataDir, 'svd')
  const fresh = Array.from(
    { length: 400 },
    (_, n) => `new${n % 20},fresh${Math.floor(n / 20)},${1 + (n % 5)}`,
  )
  await append(dataDir, fresh)
  const [version] = askRegistry(dataDir, (registry) => registry.versions('r'))
  const before = await scoreOnHoldout({ ...question, dataDir, versions: [version], lakeVersion: 0 })
  const { lakeVersion } = await trainOn(dataDir, 'svd')
  const after = await scoreOnHoldout({ ...question, dataDir, versions: [version], lakeVersion })
  expect(after.nHeldOutRows).toBeGreaterThan(before.nHeldOutRows)
  for (const value of Object.values(after.scores[0])) expect(value).toBeGreaterThanOrEqual(0)
})

test('a model seen through other ids keeps its predictions, and never recommends what it does not know', async () => {
  const state: ModelState = {
    ...({ algorithm: 'popular', params: {}, nUsers: 1, nItems: 2, ratingRange: [1, 5] } as const),
    tensors: {
      itemMean: { axis: 'item', width: 1, data: Float32Array.of(2, 4) },
      itemScore: { axis: 'item', width: 1, data: Float32Array.of(-3, -7) },
      mean: { axis: 'model', width: 1, data: Float32Array.of(3) },
    },
  }
  const dataset = datasetOf([
    ['ann', 'a', 1],
    ['ann', 'new', 5],
    ['bob', 'z', 2],
  ])
  const scorer = scorerOn(dataset, algorithms.popular.restore(state), {
    userIds: ['bob'],
    itemIds: ['z', 'a'],
  })
  expect(dataset.items.ids.map((_, item) => scorer.predict(0, item))).toEqual([4, 3, 2])
  const { width, userRows, itemRows } = scorer.ranking() as FactorRanking
  for (const user of [0, 1]) {
    const scores = dataset.items.ids.map((_, item) => {
      let sum = 0
      for (let f = 0; f < width; f++) sum += userRows[user * width + f] * itemRows[item * width + f]
      return sum
    })
    expect(scores[0]).toBe(-7)
    expect(scores[2]).toBe(-3)
    expect(scores[1]).toBeLessThan(-1e20)
  }
})

test('an artifact that was changed is not scored', async () => {
  const dataDir = await sampleLake()
  const { artifactPath } = await trainOn(dataDir, 'popular')
  writeFileSync(join(dataDir, artifactPath, 'items.arrow'), 'something else')
  const versions = askRegistry(dataDir, (registry) => registry.versions('r'))
  const asked = scoreOnHoldout({ ...question, dataDir, versions, lakeVersion: 0 })
  await expect(asked).rejects.toMatchObject({ code: 'RECSYS_ARTIFACT_CORRUPT' })
})
