import { describe, expect, test, vi } from 'vitest'
import { openRegistry } from '../../src/registry/registry.ts'
import type { Supervisor } from '../../src/serving/supervisor/supervisor.ts'
import type { ServeOptions } from '../../src/serving/types.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'
import { getJson, inService, startServer } from './fixture-server.ts'
import { modelChanges, quietRelease } from './quiet-release.ts'
import { modelName, promote, publish, register } from './registered.ts'

/** A server with version 1 in production, and version 2 registered. */
async function withCandidate(release: Partial<ServeOptions['release']> = {}, shape = {}) {
  const dataDir = temporaryDirectory()
  await publish(dataDir)
  const candidate = await register(dataDir, shape)
  const server = await startServer(dataDir, {
    release: { ...quietRelease, changes: modelChanges(dataDir), ...release },
  })
  return { dataDir, server, candidate }
}

const users = Array.from({ length: 400 }, (_, i) => `stranger-${i}`)

async function versionsOf(server: Supervisor, userIds = users): Promise<(number | null)[]> {
  const answers = await Promise.all(
    userIds.map((userId) => getJson(server, `/recommendations/${userId}?k=2`)),
  )
  return answers.map(({ body }) => body.model.version)
}

async function post(server: Supervisor, path: string, body: object) {
  const response = await fetch(server.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

function trailOf(dataDir: string) {
  const registry = openRegistry(dataDir, { readOnly: true })
  try {
    return registry.history(modelName).map(({ action, version, reason }) => ({ action, version, reason }))
  } finally {
    registry.close()
  }
}

function startTrial(server: Supervisor, mode: string, share: number) {
  return post(server, '/admin/trial', { version: 2, mode, share, reason: 'a try' })
}

describe('a canary', () => {
  test('answers its share of the users, the same ones on every thread and after every change', async () => {
    const { server, dataDir } = await withCandidate()
    expect(await startTrial(server, 'canary', 0.25)).toEqual({ status: 200, body: { version: 2 } })
    const first = await versionsOf(server)
    const share = first.filter((version) => version === 2).length / users.length
    expect(share).toBeGreaterThan(0.17)
    expect(share).toBeLessThan(0.33)
    expect(await versionsOf(server)).toEqual(first)
    await startTrial(server, 'canary', 0.5)
    const wider = await versionsOf(server)
    // Whoever had it keeps it when the share grows.
    expect(first.every((version, i) => version === 1 || wider[i] === 2)).toBe(true)
    expect(await post(server, '/admin/end-trial', {})).toMatchObject({ status: 200, body: { version: 2 } })
    expect(new Set(await versionsOf(server))).toEqual(new Set([1]))
    expect(trailOf(dataDir).map(({ action }) => action)).toEqual(['promote', 'canary', 'canary', 'end-trial'])
  })

  test('keeps the cached answers of the two versions apart', async () => {
    const { server } = await withCandidate()
    const known = Array.from({ length: 40 }, (_, i) => `u${i}`)
    expect(new Set(await versionsOf(server, known))).toEqual(new Set([1]))
    await startTrial(server, 'canary', 1)
    expect(new Set(await versionsOf(server, known))).toEqual(new Set([2]))
    await post(server, '/admin/end-trial', {})
    expect(new Set(await versionsOf(server, known))).toEqual(new Set([1]))
  })

  test('of a version that cannot be loaded harms nobody', async () => {
    const { server } = await withCandidate({}, { nItems: 0 })
    await startTrial(server, 'canary', 1)
    expect(server.status().trial).toMatchObject({ version: 2, failure: { code: 'RECSYS_MODEL_UNFIT' } })
    expect(new Set(await versionsOf(server, ['u1', 'u2']))).toEqual(new Set([1]))
  })

  test('comes of the stage where the server is told so, and ends with a promotion', async () => {
    const { server, dataDir, candidate } = await withCandidate({ stagingTrial: { mode: 'canary', share: 1 } })
    const registry = openRegistry(dataDir)
    const move = { name: modelName, version: 2, reason: 'test', figures: {}, action: 'promote' } as const
    registry.changeStage({ ...move, stage: 'staging', expectedPrevious: null })
    registry.close()
    await server.reload()
    expect(new Set(await versionsOf(server, ['u1', 'u2']))).toEqual(new Set([2]))
    promote(dataDir, candidate)
    await inService(server, 2)
    await expect.poll(() => server.status().trial).toBeNull()
  })

  test('is taken back when it breaks a limit, and the trail says why', async () => {
    const limits = { ...quietRelease.limits, maxP95Ms: 0.0001 }
    const { server, dataDir } = await withCandidate({ limits })
    await startTrial(server, 'canary', 1)
    await versionsOf(server)
    await expect.poll(() => server.status().trial, { timeout: 10_000 }).toBeNull()
    expect(trailOf(dataDir).at(-1)).toMatchObject({ action: 'end-trial', version: 2 })
    expect(trailOf(dataDir).at(-1)?.reason).toMatch(/^by itself: its 95th percentile was .* ms, more than/)
    expect(new Set(await versionsOf(server, ['u1', 'u2']))).toEqual(new Set([1]))
  })
})

test('a version in the shadow is compared and never shown', async () => {
  const { server } = await withCandidate()
  await startTrial(server, 'shadow', 1)
  const known = Array.from({ length: 40 }, (_, i) => `u${i}`)
  expect(new Set(await versionsOf(server, known))).toEqual(new Set([1]))
  await vi.waitFor(
    async () => {
      const { versions } = (await getJson(server, '/admin/models')).body as unknown as {
        versions: { version: number; overlap: number | null }[]
      }
      const shadow = versions.find(({ version }) => version === 2)
      // The same factors with another offset: what it would have shown is what was shown.
      expect(shadow).toMatchObject({ overlap: 1 })
    },
    { timeout: 10_000 },
  )
})

describe('going back', () => {
  test('to a version that is kept warm reads no file', async () => {
    const { server, candidate, dataDir } = await withCandidate()
    promote(dataDir, candidate)
    await inService(server, 2)
    await expect.poll(() => server.status().warmVersions).toEqual([1])
    expect(await post(server, '/admin/rollback', { reason: 'a feeling' })).toEqual({
      status: 200,
      body: { version: 1 },
    })
    expect(server.status()).toMatchObject({ model: { version: 1 }, lastLoad: { readMs: 0, shareMs: 0 } })
    expect(trailOf(dataDir).at(-1)).toEqual({ action: 'rollback', version: 1, reason: 'a feeling' })
    const again = await post(server, '/admin/rollback', {})
    expect(again).toMatchObject({ status: 409, body: { error: { code: 'RECSYS_NOTHING_TO_ROLL_BACK_TO' } } })
  })

  test('happens by itself while a new version is on probation', async () => {
    const limits = { ...quietRelease.limits, maxP95Ms: 0.0001, probationMs: 600_000 }
    const { server, candidate, dataDir } = await withCandidate({ limits })
    await versionsOf(server)
    promote(dataDir, candidate)
    await inService(server, 2)
    await versionsOf(server)
    await inService(server, 1)
    expect(trailOf(dataDir).at(-1)).toMatchObject({ action: 'rollback', version: 1 })
    // The version that came back breaks the limit as well, and stays.
    await versionsOf(server)
    expect(server.status().model?.version).toBe(1)
  })
})

test('a version that has lost most of the users and items in service is refused', async () => {
  const { server, dataDir } = await withCandidate()
  promote(dataDir, await register(dataDir, { itemIds: ['x', 'y', 'z', 'i1'] }), 'quietly')
  const refused = await post(server, '/admin/reload-models', {})
  expect(refused.status).toBe(409)
  expect(JSON.stringify(refused.body)).toContain('of the items in service, expected 50 % at least')
  expect(server.status().model?.version).toBe(1)
})
