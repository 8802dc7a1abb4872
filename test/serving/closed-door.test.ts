import { type FastifyInstance, fastify, type InjectOptions } from 'fastify'
import { describe, expect, test } from 'vitest'
import { createKey, revokeKey } from '../../src/pipeline/api-keys.ts'
import { openRegistry } from '../../src/registry/registry.ts'
import type { KeyScope } from '../../src/registry/types.ts'
import { guardRoutes } from '../../src/serving/http/access.ts'
import { defaultLimits } from '../../src/serving/http/app.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'
import { fixtureApp } from './fixture-app.ts'
import { startServer } from './fixture-server.ts'
import { publish } from './registered.ts'

function keyring(...scopes: KeyScope[]) {
  const dataDir = temporaryDirectory()
  const { key, id } = createKey(dataDir, 'test', scopes)
  const registry = openRegistry(dataDir)
  const known = registry.apiKeys().map((each) => ({ ...each, sha256: Buffer.from(each.sha256, 'hex') }))
  registry.close()
  return { key, id, keys: () => new Map(known.map((each) => [each.id, each])) }
}

/** The scope that each route of the description must ask for. */
function scopeOf(method: string, path: string): KeyScope | 'public' {
  if (path.startsWith('/admin') || path.startsWith('/api/v1')) return 'admin'
  if (path.startsWith('/health') || path.startsWith('/v2')) return 'public'
  return method === 'post' && path === '/events' ? 'events' : 'read'
}

/** The status alone: server-sent events have no end that could be waited for. */
async function statusOf(app: FastifyInstance, request: InjectOptions): Promise<{ statusCode: number }> {
  const response = await app.inject({ ...request, payloadAsStream: true })
  response.stream().destroy()
  return response
}

describe('a server that requires keys', () => {
  test.each([
    ['no key', undefined],
    ['a read key', 'read'],
    ['an events key', 'events'],
    ['an admin key', 'admin'],
  ] as const)('lets %s in where its scope says so, over the whole route table', async (_, scope) => {
    const ring = keyring(scope ?? 'read')
    const { app } = await fixtureApp({}, { keysRequired: true, keys: ring.keys })
    const headers = scope ? { authorization: `Bearer ${ring.key}` } : {}
    const { paths } = (await app.inject('/openapi.json')).json() as { paths: Record<string, object> }
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => [method, path] as const),
    )
    expect(routes.length).toBeGreaterThan(13)
    for (const [method, path] of routes) {
      const url = path.replace(/\{\w+\}/, 'u1')
      const { statusCode } = await statusOf(app, { method: method.toUpperCase() as 'GET', url, headers })
      const needed = scopeOf(method, path)
      const isIn = needed === 'public' || needed === scope
      const refused = scope === undefined ? 401 : 403
      expect({ route: `${method} ${path}`, refused: statusCode === 401 || statusCode === 403 }).toEqual({
        route: `${method} ${path}`,
        refused: !isIn,
      })
      if (!isIn) expect(statusCode).toBe(refused)
    }
  })

  test.each([
    ['another secret', (key: string) => `Bearer ${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`],
    ['another id', (key: string) => `Bearer ${key.replace(/_[0-9a-f]{12}_/, '_000000000000_')}`],
    ['another scheme', (key: string) => `Basic ${key}`],
    ['more behind it', (key: string) => `Bearer ${key}x`],
    ['nothing', () => 'Bearer '],
  ])('refuses %s', async (_, authorization) => {
    const ring = keyring('read')
    const { app } = await fixtureApp({}, { keysRequired: true, keys: ring.keys })
    const response = await app.inject({
      url: '/recommendations/u1',
      headers: { authorization: authorization(ring.key) },
    })
    expect(response.statusCode).toBe(401)
    expect(response.headers['www-authenticate']).toBe('Bearer')
  })

  test('does not answer from the cache what it would not answer anew', async () => {
    const ring = keyring('read')
    const { app } = await fixtureApp({}, { keysRequired: true, keys: ring.keys })
    const url = '/recommendations/u1'
    expect((await app.inject({ url, headers: { authorization: `Bearer ${ring.key}` } })).statusCode).toBe(200)
    expect((await app.inject(url)).statusCode).toBe(401)
  })

  test('knows new keys and forgets revoked ones while it runs', async () => {
    const dataDir = temporaryDirectory()
    await publish(dataDir)
    const server = await startServer(dataDir, { keysRequired: true, pollIntervalMs: 100 })
    const status = async (key: string) => {
      const response = await fetch(`${server.url}/recommendations/u1`, {
        headers: { authorization: `Bearer ${key}` },
      })
      await response.body?.cancel()
      return response.status
    }
    const { key, id } = createKey(dataDir, 'late', ['read'])
    await expect.poll(() => status(key), { timeout: 10_000 }).toBe(200)
    revokeKey(dataDir, id)
    await expect.poll(() => status(key), { timeout: 10_000 }).toBe(401)
  })
})

test('a route that names no scope is not registered', async () => {
  const { context } = await fixtureApp()
  const app = fastify()
  guardRoutes(app, context)
  expect(() => app.get('/forgotten', () => 'open')).toThrow('route GET /forgotten names no scope')
  await app.close()
})

describe('a client that sends too much', () => {
  test('is told so and when to come back, and others are not', async () => {
    const { app } = await fixtureApp({}, {}, { ...defaultLimits, requestsPerSecond: 3 })
    const get = (remoteAddress: string) => app.inject({ url: '/recommendations/u1', remoteAddress })
    const codes: number[] = []
    for (let i = 0; i < 10; i++) codes.push((await get('10.0.0.1')).statusCode)
    expect(codes.slice(0, 3)).toEqual([200, 200, 200])
    expect(codes.at(-1)).toBe(429)
    const refused = await get('10.0.0.1')
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1)
    expect(refused.json().error.code).toBe('RECSYS_HTTP_RATE_LIMITED')
    expect((await get('10.0.0.2')).statusCode).toBe(200)
    expect((await app.inject({ url: '/health/live', remoteAddress: '10.0.0.1' })).statusCode).toBe(200)
  })
})

describe('a server that falls behind', () => {
  test('refuses with 503 and Retry-After, answers health, and takes requests again', async () => {
    const { app } = await fixtureApp({}, {}, { ...defaultLimits, maxDelayMs: 100 })
    const standStill = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500)
    const late = new Promise<void>((resolve) => {
      setTimeout(() => {
        standStill()
        // The sampling timer was due long ago and runs before the next turn.
        setTimeout(() => setImmediate(resolve), 25)
      }, 30)
    })
    await late
    const refused = await app.inject('/recommendations/u1')
    expect(refused.statusCode).toBe(503)
    expect(refused.headers['retry-after']).toBeDefined()
    expect(refused.json().error.code).toBe('RECSYS_OVERLOADED')
    expect((await app.inject('/health/live')).statusCode).toBe(200)
    await expect.poll(async () => (await app.inject('/recommendations/u1')).statusCode).toBe(200)
  })
})
