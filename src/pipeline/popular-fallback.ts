import type { ArtifactContent } from '../artifacts/types.ts'
import { datasetFrom, trainingSet } from '../dataset/dataset.ts'
import type { Dataset } from '../dataset/types.ts'
import { openLake } from '../lake/lake.ts'
import type { ItemRow, Lake } from '../lake/types.ts'
import { algorithms } from '../models/algorithms.ts'
import { resolveParams } from '../models/parameters.ts'
import type { Model } from '../models/types.ts'
import { startCompute } from '../workers/pool.ts'
import { historyColumns } from './history-columns.ts'
import { itemColumns } from './item-columns.ts'

/**
 * What a server can offer before any model is in production: the popular items of the latest lake version, as a model
 * that is nowhere registered. Every rating counts; nothing is held out.
 * @throws RECSYS_LAKE_MISSING
 */
export async function popularFallback(dataDir: string): Promise<ArtifactContent> {
  const lake = await openLake(dataDir)
  try {
    return await popularItems(lake)
  } finally {
    lake.close()
  }
}

async function popularItems(lake: Lake): Promise<ArtifactContent> {
  const version = await lake.latestVersion()
  const dataset = datasetFrom(await lake.readInteractions(version))
  return contentOf(dataset, await fitPopular(dataset), await lake.readItems(version))
}

async function fitPopular(dataset: Dataset): Promise<Model> {
  const { popular } = algorithms
  const nRows = dataset.interactions.rating.length
  const everything = {
    isTrain: new Uint8Array(nRows).fill(1),
    isTest: new Uint8Array(nRows),
    fingerprint: '',
  }
  const compute = await startCompute({ nThreads: 1 })
  try {
    return await popular.fit(trainingSet(dataset, everything), resolveParams(popular, {}), {
      compute,
      seed: 0,
    })
  } finally {
    await compute.release()
  }
}

function contentOf(dataset: Dataset, model: Model, items: readonly ItemRow[]): ArtifactContent {
  const { users, lakeVersion } = dataset
  const everything = new Uint8Array(dataset.interactions.rating.length).fill(1)
  const { algorithm, params, ratingRange, nUsers, nItems, tensors } = model
  return {
    manifest: {
      ...{ algorithm, params, ratingRange, nUsers, nItems, lakeVersion },
      seed: 0,
      split: 'none',
      splitFingerprint: '',
      signature: {
        inputs: { userId: 'string', k: 'int32' },
        outputs: { itemId: 'string', score: 'float32' },
      },
    },
    userIds: users.ids,
    itemIds: dataset.items.ids,
    tensors,
    ...historyColumns(dataset),
    ...itemColumns(dataset, items, everything),
  }
}
