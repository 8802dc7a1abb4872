import { describe, expect, test } from 'vitest'
import { openRegistry } from '../../src/registry/registry.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'
import { modelName, promote, register } from '../serving/registered.ts'

async function twoVersions() {
  const dataDir = temporaryDirectory()
  const [first, second] = [await register(dataDir), await register(dataDir)]
  promote(dataDir, first, 'quietly')
  return { dataDir, second, registry: openRegistry(dataDir) }
}

const canary = { name: modelName, version: 2, mode: 'canary', share: 0.05 } as const

describe('a trial', () => {
  test('is there until it ends, with both steps in the audit trail', async () => {
    const { registry } = await twoVersions()
    expect(registry.trial(modelName)).toBeUndefined()
    expect(registry.startTrial(canary, 'new factors')).toMatchObject(canary)
    expect(registry.trial(modelName)).toMatchObject(canary)
    expect(registry.endTrial(modelName, 'enough', { answers: 7 })).toMatchObject({ version: 2 })
    expect(registry.trial(modelName)).toBeUndefined()
    expect(registry.history(modelName).slice(1)).toMatchObject([
      { action: 'canary', version: 2, reason: 'new factors', figures: { share: 0.05 } },
      { action: 'end-trial', version: 2, reason: 'enough', figures: { answers: 7 } },
    ])
    expect(registry.endTrial(modelName, 'again', {})).toBeUndefined()
    registry.close()
  })

  test('that another one has replaced by now is not ended by name of its version', async () => {
    const { registry, dataDir } = await twoVersions()
    await register(dataDir)
    registry.startTrial(canary, 'first')
    registry.startTrial({ ...canary, version: 3, mode: 'shadow' }, 'second')
    expect(registry.endTrial(modelName, 'late', {}, 2)).toBeUndefined()
    expect(registry.trial(modelName)).toMatchObject({ version: 3, mode: 'shadow' })
    registry.close()
  })

  test('is neither for the version in production nor for one that does not exist', async () => {
    const { registry } = await twoVersions()
    const conflict = expect.objectContaining({ code: 'RECSYS_REGISTRY_CONFLICT' })
    expect(() => registry.startTrial({ ...canary, version: 1 }, 'why not')).toThrow(conflict)
    const unknown = expect.objectContaining({ code: 'RECSYS_VERSION_UNKNOWN' })
    expect(() => registry.startTrial({ ...canary, version: 9 }, 'why not')).toThrow(unknown)
    registry.close()
  })

  test('ends when its version is promoted', async () => {
    const { registry, dataDir, second } = await twoVersions()
    registry.startTrial(canary, 'new factors')
    promote(dataDir, second, 'quietly')
    expect(registry.trial(modelName)).toBeUndefined()
    expect(registry.formerProduction(modelName, 5).map(({ version }) => version)).toEqual([1])
    registry.close()
  })
})
