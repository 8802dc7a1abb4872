import { describe, expect, test } from 'vitest'
import type { ArtifactContent } from '../../src/artifacts/types.ts'
import { createLog } from '../../src/serving/log.ts'
import { ModelReloader, type ReloaderOptions } from '../../src/serving/supervisor/model-reloader.ts'
import { WarmModels } from '../../src/serving/supervisor/warm-models.ts'
import type { ReloadOutcome } from '../../src/serving/types.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'
import { fixtureContent } from './fixture-model.ts'
import { modelName, promote, register } from './registered.ts'

const hour = 3_600_000

/** A reloader over a registry without a version in production, and a fallback that can be made to work. */
async function waiting(given: Partial<ReloaderOptions> = {}) {
  const dataDir = temporaryDirectory()
  const version = await register(dataDir)
  const seen = { loads: 0, outcomes: [] as ReloadOutcome[], broken: true }
  const fallback = async (): Promise<ArtifactContent> => {
    seen.loads++
    if (seen.broken) throw new Error('the lake has dried up')
    return fixtureContent()
  }
  const reloader = new ModelReloader({
    dataDir,
    modelName,
    nThreads: 1,
    retryMs: hour,
    log: createLog('silent', 'test'),
    fallback,
    warm: new WarmModels(given.dataDir ?? dataDir, 1, new AbortController().signal),
    release: { keepWarm: 1, minCoverage: 0.5, stagingTrial: null },
    changeOver: async () => undefined,
    changeTrial: async () => undefined,
    onTrial: () => undefined,
    onOutcome: (outcome) => seen.outcomes.push(outcome),
    signal: new AbortController().signal,
    ...given,
  })
  return { reloader, seen, dataDir, version }
}

describe('after a load that failed', () => {
  test('nothing is loaded again before the pause is over, unless an admin asks', async () => {
    const { reloader, seen } = await waiting()
    expect((await reloader.check('start')).outcome).toBe('failed')
    expect(await reloader.check('poll')).toMatchObject({ outcome: 'failed', failure: { attempts: 1 } })
    await reloader.check('doorbell')
    expect(seen.loads).toBe(1)
    expect(await reloader.check('admin')).toMatchObject({ outcome: 'failed', failure: { attempts: 2 } })
    seen.broken = false
    expect(await reloader.check('admin')).toMatchObject({ outcome: 'swapped', model: { version: null } })
    expect(seen.loads).toBe(3)
    expect(seen.outcomes.map(({ outcome }) => outcome)).toEqual(['failed', 'failed', 'swapped'])
  })

  test('the pauses double, up to eight times the first', async () => {
    const { reloader } = await waiting()
    const pauses: number[] = []
    for (let attempt = 1; attempt <= 6; attempt++) {
      const outcome = await reloader.check('admin')
      if (outcome.outcome !== 'failed') throw new Error(outcome.outcome)
      const { at, nextAttemptAt } = outcome.failure
      pauses.push((Date.parse(nextAttemptAt) - Date.parse(at)) / hour)
    }
    expect(pauses).toEqual([1, 2, 4, 8, 8, 8])
  })

  test('another version in production is loaded at once', async () => {
    const { reloader, dataDir, version } = await waiting()
    await reloader.check('start')
    promote(dataDir, version, 'quietly')
    expect(await reloader.check('poll')).toMatchObject({ outcome: 'swapped', model: { version: 1 } })
  })
})

test('who asks while a load is running shares one more look', async () => {
  const { reloader, seen } = await waiting({ retryMs: 0 })
  const first = reloader.check('poll')
  await Promise.resolve()
  const asked = Array.from({ length: 20 }, () => reloader.check('poll'))
  await Promise.all([first, ...asked])
  expect(seen.loads).toBe(2)
})

test('a change-over that fails leaves what is in service and is tried again', async () => {
  let refuse = true
  const changeOver = async () => {
    if (refuse) throw new Error('a thread said no')
  }
  const { reloader, seen } = await waiting({ changeOver })
  seen.broken = false
  expect(await reloader.check('start')).toMatchObject({
    outcome: 'failed',
    model: null,
    failure: { code: 'RECSYS_MODEL_UNFIT', message: 'Error: a thread said no' },
  })
  refuse = false
  expect((await reloader.check('admin')).outcome).toBe('swapped')
})

test('a registry that stays away is news only once', async () => {
  const { reloader, seen } = await waiting({ dataDir: temporaryDirectory() })
  for (let look = 0; look < 3; look++) expect((await reloader.check('poll')).outcome).toBe('failed')
  expect(seen.outcomes).toHaveLength(1)
  expect(seen.outcomes[0]).toMatchObject({ failure: { code: 'RECSYS_REGISTRY_MISSING', version: null } })
})

test('a server that is stopping changes nothing any more', async () => {
  const stop = new AbortController()
  let changed = false
  const changeOver = async () => {
    changed = true
  }
  const fallback = async () => {
    stop.abort()
    return fixtureContent()
  }
  const { reloader, seen } = await waiting({ signal: stop.signal, changeOver, fallback })
  expect((await reloader.check('start')).outcome).toBe('failed')
  expect({ changed, outcomes: seen.outcomes }).toEqual({ changed: false, outcomes: [] })
})
