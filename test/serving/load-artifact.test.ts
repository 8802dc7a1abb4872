import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { writeArtifact } from '../../src/artifacts/artifact.ts'
import { loadArtifact } from '../../src/serving/threads/load-artifact.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'
import { fixtureContent, fixtureIdentity } from './fixture-model.ts'

async function written() {
  const directory = join(temporaryDirectory(), 'model')
  const { manifestSha256 } = await writeArtifact(directory, fixtureContent())
  return { directory, manifestSha256, identity: fixtureIdentity(), nThreads: 2 }
}

describe('a loader', () => {
  test('brings a model into shared memory, and says how long each step took', async () => {
    const message = await loadArtifact(await written())
    if (message.type !== 'loaded') throw new Error(message.message)
    const { model, ...durations } = message.loaded
    expect(model.users.size).toBe(40)
    expect(model.userRows.buffer).toBeInstanceOf(SharedArrayBuffer)
    expect(Object.keys(durations).sort()).toEqual(['readMs', 'shareMs', 'smokeTestMs'])
  })

  test('says what is wrong with the files', async () => {
    const data = await written()
    writeFileSync(join(data.directory, 'model.arrow'), 'no arrow')
    expect(await loadArtifact(data)).toMatchObject({ type: 'failed', code: 'RECSYS_ARTIFACT_CORRUPT' })
  })

  test('refuses the model of another algorithm than the registry names', async () => {
    const data = await written()
    const identity = { ...data.identity, algorithm: 'nmf' }
    expect(await loadArtifact({ ...data, identity })).toMatchObject({
      type: 'failed',
      code: 'RECSYS_MODEL_UNFIT',
      message: expect.stringContaining('svd model, expected nmf'),
    })
  })
})
