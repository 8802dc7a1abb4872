import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { temporaryDirectory } from '../helpers/run-recsys.ts'
import { fixtureContent } from './fixture-model.ts'
import { failing, getJson, inService, never, startServer } from './fixture-server.ts'
import { noFallback, promote, publish, register } from './registered.ts'

const often = 100

describe('a promotion', () => {
  test('takes effect by the doorbell alone', async () => {
    const dataDir = temporaryDirectory()
    const first = await publish(dataDir)
    const server = await startServer(dataDir, { pollIntervalMs: never })
    expect((await getJson(server, '/recommendations/u1')).body.model).toEqual({
      name: 'recommender',
      version: first.version,
      runId: first.runId,
    })
    const second = await publish(dataDir)
    await inService(server, second.version)
    const { body } = await getJson(server, '/recommendations/u1')
    expect(body.model.version).toBe(2)
    expect(Math.round(body.items[0].score / 1000)).toBe(2)
  })

  test('takes effect by the poll when the doorbell is lost, and so does a rollback', async () => {
    const dataDir = temporaryDirectory()
    const first = await publish(dataDir)
    const server = await startServer(dataDir, { pollIntervalMs: often })
    await publish(dataDir, 'quietly')
    await inService(server, 2)
    promote(dataDir, first, 'quietly')
    await inService(server, 1)
  })

  test('takes effect in a data directory that was deleted and made again', async () => {
    const dataDir = temporaryDirectory()
    await publish(dataDir, 'ringing', { offset: 7000 })
    const server = await startServer(dataDir, { pollIntervalMs: often })
    rmSync(dataDir, { recursive: true })
    expect((await failing(server)).code).toBe('RECSYS_REGISTRY_MISSING')
    expect((await getJson(server, '/recommendations/u1')).status).toBe(200)
    expect((await getJson(server, '/health/ready')).body.status).toBe('degraded')
    mkdirSync(dataDir)
    await publish(dataDir, 'quietly', { offset: 9000 })
    await expect
      .poll(async () => (await getJson(server, '/recommendations/u1')).body.items[0].score)
      .toBeGreaterThan(8000)
    expect((await getJson(server, '/health/ready')).body).toMatchObject({ status: 'ok', failure: null })
  })

  test('of a broken artifact leaves the old model in service, is counted and shown', async () => {
    const dataDir = temporaryDirectory()
    await publish(dataDir)
    const server = await startServer(dataDir)
    const broken = await register(dataDir)
    appendFileSync(join(dataDir, broken.artifactPath, 'items.arrow'), 'x')
    promote(dataDir, broken)
    const failure = await failing(server)
    expect(failure).toMatchObject({ code: 'RECSYS_ARTIFACT_CORRUPT', version: 2, attempts: 1 })
    expect((await getJson(server, '/recommendations/u1')).body.model.version).toBe(1)
    const ready = await getJson(server, '/health/ready')
    expect(ready).toMatchObject({
      status: 200,
      body: { status: 'degraded', failure: { code: failure.code, version: 2 }, model: { version: 1 } },
    })
    expect((await getJson(server, '/admin/models')).body).toMatchObject({
      model: { version: 1 },
      failure,
      reloads: { swapped: 1, failed: 1 },
    })
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    expect(metrics).toContain('recsys_model_reloads_total{outcome="failed"} 1')
    expect(metrics).toContain('recsys_model_reload_failing 1')
    expect(metrics).toMatch(/recsys_model_version\{[^}]*run="[^"]+"[^}]*\} 1/)

    await publish(dataDir)
    await inService(server, 3)
    expect(server.status().failure).toBeNull()
  })

  test('of a broken artifact is tried again once it is repaired, after a pause', async () => {
    const dataDir = temporaryDirectory()
    await publish(dataDir)
    const server = await startServer(dataDir, { pollIntervalMs: often })
    const second = await register(dataDir)
    const file = join(dataDir, second.artifactPath, 'users.arrow')
    const whole = readFileSync(file)
    writeFileSync(file, whole.subarray(0, 100))
    promote(dataDir, second)
    await expect.poll(() => server.status().failure?.attempts, { timeout: 10_000 }).toBeGreaterThan(2)
    writeFileSync(file, whole)
    await inService(server, 2)
  })

  test('of a model that cannot rank leaves the old model in service', async () => {
    const dataDir = temporaryDirectory()
    await publish(dataDir)
    const server = await startServer(dataDir)
    await publish(dataDir, 'ringing', { itemIds: [] })
    expect((await failing(server)).version).toBe(2)
    expect((await getJson(server, '/recommendations/u1')).body.model.version).toBe(1)
  })
})

describe('POST /admin/reload-models', () => {
  test('looks at once, past the pause after a failure', async () => {
    const dataDir = temporaryDirectory()
    await publish(dataDir)
    const server = await startServer(dataDir)
    const reload = async () => (await fetch(`${server.url}/admin/reload-models`, { method: 'POST' })).json()
    expect(await reload()).toMatchObject({ outcome: 'unchanged', model: { version: 1 } })
    await publish(dataDir, 'quietly')
    expect(await reload()).toMatchObject({ outcome: 'swapped', model: { version: 2 } })

    const broken = await register(dataDir)
    const manifest = join(dataDir, broken.artifactPath, 'manifest.json')
    const whole = readFileSync(manifest)
    rmSync(manifest)
    promote(dataDir, broken, 'quietly')
    expect(await reload()).toMatchObject({
      error: { code: expect.stringMatching(/^RECSYS_ARTIFACT_/) },
      model: { version: 2 },
    })
    writeFileSync(manifest, whole)
    expect(await reload()).toMatchObject({ outcome: 'swapped', model: { version: 3 } })
  })

  test('asked many times at once does not load as often', async () => {
    const dataDir = temporaryDirectory()
    await publish(dataDir)
    const server = await startServer(dataDir)
    await publish(dataDir, 'quietly')
    const asked = Array.from({ length: 40 }, () =>
      fetch(`${server.url}/admin/reload-models`, { method: 'POST' }),
    )
    for (const response of await Promise.all(asked)) expect(response.status).toBe(200)
    expect(server.status().reloads).toEqual({ swapped: 2, failed: 0 })
  })
})

describe('at the start', () => {
  test('without a version in production popular items are served, marked, until one is promoted', async () => {
    const dataDir = temporaryDirectory()
    const version = await register(dataDir)
    const content = fixtureContent()
    const manifest = { ...content.manifest, algorithm: 'popular', params: { damping: 5 } }
    const itemMean = { axis: 'item', width: 1, data: new Float32Array(60).fill(3) } as const
    const itemScore = { ...itemMean, data: Float32Array.from(content.itemInteractions) }
    const mean = { axis: 'model', width: 1, data: Float32Array.of(3) } as const
    const popular = { ...content, manifest, tensors: { itemMean, itemScore, mean } }
    const server = await startServer(dataDir, { fallback: async () => popular })
    const { body } = await getJson(server, '/recommendations/u0?k=2&excludeSeen=false')
    expect(body).toMatchObject({
      known: true,
      model: { name: 'recommender', version: null, runId: null },
      items: [
        { itemId: 'i0', source: 'popular' },
        { itemId: 'i1', source: 'popular' },
      ],
    })
    expect((await getJson(server, '/health/ready')).body).toMatchObject({ status: 'degraded' })
    promote(dataDir, version)
    await inService(server, 1)
    expect((await getJson(server, '/health/ready')).body).toMatchObject({ status: 'ok' })
  })

  test('without a lake either the server is live and not ready', async () => {
    const dataDir = temporaryDirectory()
    await register(dataDir)
    const server = await startServer(dataDir, { fallback: noFallback })
    expect((await getJson(server, '/health/live')).status).toBe(200)
    const ready = await getJson(server, '/health/ready')
    expect(ready).toMatchObject({ status: 503, body: { failure: { code: 'RECSYS_LAKE_MISSING' } } })
    const refused = await getJson(server, '/recommendations/u1')
    expect(refused.status).toBe(503)
    expect(refused.headers.get('retry-after')).toBe('2')
  })

  test('a registry that is missing is waited for, and so is its directory', async () => {
    const dataDir = join(temporaryDirectory(), 'data')
    const server = await startServer(dataDir, { pollIntervalMs: often })
    expect(server.status().failure?.code).toBe('RECSYS_REGISTRY_MISSING')
    expect((await getJson(server, '/health/live')).status).toBe(200)
    expect((await getJson(server, '/health/ready')).status).toBe(503)
    mkdirSync(dataDir)
    await publish(dataDir, 'quietly')
    await inService(server, 1)
    expect((await getJson(server, '/health/ready')).status).toBe(200)
  })

  test('a registry that is corrupt is waited for until it is repaired', async () => {
    const dataDir = temporaryDirectory()
    await publish(dataDir, 'quietly')
    const file = join(dataDir, 'registry.db')
    const whole = readFileSync(file)
    writeFileSync(file, 'this is no database, it only pretends to be one'.repeat(100))
    const server = await startServer(dataDir, { pollIntervalMs: often })
    expect(server.status().failure?.code).toBe('RECSYS_REGISTRY_CORRUPT')
    expect((await getJson(server, '/health/ready')).status).toBe(503)
    writeFileSync(file, whole)
    await inService(server, 1)
  })

  test('a registry that is locked is waited for until it is free', async () => {
    const dataDir = temporaryDirectory()
    await publish(dataDir, 'quietly')
    const holder = new Database(join(dataDir, 'registry.db'))
    holder.pragma('locking_mode = EXCLUSIVE')
    holder.exec('BEGIN EXCLUSIVE')
    const server = await startServer(dataDir, { pollIntervalMs: often })
    expect(server.status().failure?.code).toBe('RECSYS_REGISTRY_LOCKED')
    expect((await getJson(server, '/health/ready')).status).toBe(503)
    holder.exec('COMMIT')
    holder.close()
    await inService(server, 1)
  })
})
