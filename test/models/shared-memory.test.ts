import { describe, expect, test } from 'vitest'
import { algorithms } from '../../src/models/algorithms.ts'
import { resolveParams } from '../../src/models/parameters.ts'
import type { Model } from '../../src/models/types.ts'
import { startCompute } from '../../src/workers/pool.ts'
import { datasetPath } from '../helpers/datasets.ts'
import { generatedRatings, readMovieLens100k, trainingSetOf } from '../helpers/training-sets.ts'

/** Large enough for many row ranges, so that threads really share the work. */
const folder = datasetPath('ml-100k')
const [nUsers, nItems] = folder === undefined ? [900, 700] : [943, 1682]
const rows = folder === undefined ? generatedRatings(nUsers, nItems, 0.1, 3) : readMovieLens100k(folder)
const train = trainingSetOf(rows, nUsers, nItems)

describe.each(['svd', 'nmf'] as const)('%s on data of real size', (name) => {
  const algorithm = algorithms[name]
  const params = resolveParams(algorithm, { epochs: 3 })

  async function fitWith(options: { nThreads: number; maxBytes?: number }): Promise<Model> {
    const compute = await startCompute(options)
    try {
      return await algorithm.fit(train, params, { compute, seed: 1 })
    } finally {
      await compute.release()
    }
  }

  test('gives the same bytes on 1, 2 and 3 threads', async () => {
    const [one, two, three] = [
      await fitWith({ nThreads: 1 }),
      await fitWith({ nThreads: 2 }),
      await fitWith({ nThreads: 3 }),
    ]
    expect(one.tensors.userFactors.data.some((value) => value > 0)).toBe(true)
    for (const [key, { data }] of Object.entries(one.tensors)) {
      expect(Buffer.compare(bytesOf(data), bytesOf(two.tensors[key].data)), key).toBe(0)
      expect(Buffer.compare(bytesOf(data), bytesOf(three.tensors[key].data)), key).toBe(0)
    }
  })

  test('fits into the memory it asks for, and is refused half of what its ratings need', async () => {
    const maxBytes = algorithm.memoryBytes(train, params, 2)
    await expect(fitWith({ nThreads: 3, maxBytes })).resolves.toMatchObject({ nUsers, nItems })
    const half = 8 * rows.length
    await expect(fitWith({ nThreads: 1, maxBytes: half })).rejects.toMatchObject({ code: 'RECSYS_MEMORY' })
  })
})

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}
