import { train } from '../../src/pipeline/train.ts'
import { askRegistry } from '../helpers/sample-lake.ts'

/** A training with a key that is interrupted after its second checkpoint. @returns its run */
export async function interruptedTraining(dataDir: string, onceKey: string, seed: number): Promise<string> {
  const controller = new AbortController()
  const training = train({
    ...{
      dataDir,
      algorithm: 'svd',
      params: { factors: 4, epochs: 30, burnIn: 5 },
      seed,
      split: 'hash:0.2',
      k: 10,
    },
    ...{
      name: 'recommender',
      tags: {},
      nThreads: 1,
      checkpointEvery: 10,
      onceKey,
      signal: controller.signal,
    },
    onEpoch: ({ epoch }) => {
      if (epoch === 25) controller.abort(new Error('a test interrupts it'))
    },
  })
  await training.then(
    () => Promise.reject(new Error('the training was not interrupted')),
    () => undefined,
  )
  return askRegistry(dataDir, (registry) => registry.runs({ onceKey })[0]!.runId)
}
