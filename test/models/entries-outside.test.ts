import { describe, expect, test } from 'vitest'
import { algorithms } from '../../src/models/algorithms.ts'
import { resolveParams } from '../../src/models/parameters.ts'
import type { AlgorithmName, Model, Params } from '../../src/models/types.ts'
import { planFit } from '../../src/pipeline/memory-plan.ts'
import { startCompute } from '../../src/workers/pool.ts'
import { generatedRatings, trainingSetOf } from '../helpers/training-sets.ts'

const [nUsers, nItems] = [900, 700]
const train = trainingSetOf(generatedRatings(nUsers, nItems, 0.1, 3), nUsers, nItems)

const cases: readonly [AlgorithmName, Params][] = [
  ['als', { factors: 24, epochs: 2 }],
  ['als', { factors: 40, epochs: 2, solver: 'exact', confidence: 'linear' }],
  ['als', { factors: 24, epochs: 2, solver: 'cg' }],
  ['svd', { factors: 10, epochs: 2, solver: 'als' }],
  ['nmf', { factors: 10, epochs: 2 }],
]

describe.each(cases)('%s %j with its entries outside of the shared memory', (name, given) => {
  const algorithm = algorithms[name]
  const params = resolveParams(algorithm, given)

  /** Plans and fits in so much shared memory, 4 GiB where left out. */
  async function fitIn(nThreads: number, maxBytes?: number) {
    const compute = await startCompute(maxBytes === undefined ? { nThreads } : { nThreads, maxBytes })
    try {
      const plan = planFit(algorithm, params, train, { nRows: train.byUser.columns.length, compute })
      return { plan, model: await algorithm.fit(train, params, { compute, seed: 1 }) }
    } finally {
      await compute.release()
    }
  }

  test('is what a limit asks for, fits into it and gives the same bytes', async () => {
    const inside = await fitIn(2)
    expect(inside.plan.outsideBytes).toBe(0)
    const nThreads = 2
    const { entryBytes, windowBytes } = algorithm.entriesOutside?.(train, params) ?? expect.fail('no entries')
    const all = algorithm.memoryBytes(train, params, nThreads)
    const outside = await fitIn(nThreads, all - entryBytes + nThreads * windowBytes)
    expect(outside.plan).toMatchObject({ outsideBytes: entryBytes })
    expect(bytesOf(outside.model)).toEqual(bytesOf(inside.model))
  })

  test('is refused, with the size, when even that is too much', async () => {
    await expect(fitIn(1, 100_000)).rejects.toMatchObject({ code: 'RECSYS_MEMORY' })
  })
})

function bytesOf({ tensors }: Model): Record<string, string> {
  const text = ({ buffer, byteOffset, byteLength }: Float32Array) =>
    Buffer.from(buffer, byteOffset, byteLength).toString('base64')
  return Object.fromEntries(Object.entries(tensors).map(([name, { data }]) => [name, text(data)]))
}
