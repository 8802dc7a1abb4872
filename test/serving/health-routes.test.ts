import { describe, expect, test } from 'vitest'
import { createRequestMetrics } from '../../src/serving/http/request-metrics.ts'
import { ModelSlot } from '../../src/serving/ranking/model-slot.ts'
import { fixtureApp } from './fixture-app.ts'
import { readyStatus } from './ready-status.ts'

const failure = {
  at: '2026-01-01T00:00:00.000Z',
  code: 'RECSYS_REGISTRY_MISSING',
  message: '/secret/place/registry.db does not exist',
  remedy: 'Train a model first.',
  version: null,
  attempts: 3,
  nextAttemptAt: '2026-01-01T00:00:02.000Z',
}

const { message: _, ...publicFailure } = failure

describe('health', () => {
  test('with a model is ok and ready', async () => {
    const { app } = await fixtureApp()
    expect((await app.inject('/health')).json()).toMatchObject({ status: 'ok', model: { version: 1 } })
    expect((await app.inject('/health/ready')).statusCode).toBe(200)
    expect((await app.inject('/health/live')).json()).toEqual({ status: 'ok' })
  })

  test('with a model and a failed change-over is degraded, and still ready', async () => {
    const { app } = await fixtureApp({}, { status: () => ({ ...readyStatus, failure }) })
    const ready = await app.inject('/health/ready')
    expect(ready.statusCode).toBe(200)
    expect(ready.json()).toMatchObject({ status: 'degraded', failure: publicFailure })
  })

  test('without a model is live, not ready, and says why', async () => {
    const status = () => ({ ...readyStatus, model: null, failure })
    const { app } = await fixtureApp({}, { slot: new ModelSlot(), status })
    expect((await app.inject('/health')).statusCode).toBe(200)
    expect((await app.inject('/health/live')).statusCode).toBe(200)
    const ready = await app.inject('/health/ready')
    expect(ready.statusCode).toBe(503)
    expect(ready.json()).toMatchObject({ status: 'unready', model: null, failure: publicFailure })
    const refused = (await app.inject('/recommendations/u1')).json().error
    expect(refused.message).toContain('RECSYS_REGISTRY_MISSING')
    // The message names a file: for admins, not for everybody.
    for (const answer of [ready.json(), refused])
      expect(JSON.stringify(answer)).not.toContain(failure.message)
    expect((await app.inject('/admin/models')).json().failure).toEqual(failure)
  })

  test('takes whatever parameters a probe adds', async () => {
    const { app } = await fixtureApp()
    expect((await app.inject('/health/ready?verbose=1&x=%zz')).statusCode).toBe(200)
  })
})

describe('metrics', () => {
  test('count requests by route pattern, status and model version, and time them', async () => {
    const metrics = createRequestMetrics('7')
    const { app } = await fixtureApp({}, { metrics })
    for (const url of [
      '/recommendations/u1',
      '/recommendations/ghost',
      '/recommendations/u1?k=0',
      '/nothing/1',
    ]) {
      await app.inject(url)
    }
    const requests = (await metrics.snapshot()).find((metric) => metric.name === 'recsys_http_requests_total')
    const counted = requests?.values.map(({ labels: { route, status, model_version }, value }) => {
      return [route, Number(status), model_version, value]
    })
    expect(counted).toEqual([
      ['/recommendations/:userId', 200, '1', 2],
      ['/recommendations/:userId', 400, '', 1],
      ['unmatched', 404, '', 1],
    ])
    const names = (await metrics.snapshot()).map((metric) => metric.name)
    expect(names).toContain('recsys_http_request_duration_seconds')
    expect(names).toContain('recsys_thread_event_loop_delay_seconds')
    const rankings = (await metrics.snapshot()).find((metric) => metric.name === 'recsys_rankings_total')
    expect(rankings?.values.map(({ labels, value }) => [labels.source, value])).toEqual([
      ['model', 1],
      ['popular', 1],
    ])
  })

  test('are served as text', async () => {
    const { app } = await fixtureApp()
    const response = await app.inject('/metrics')
    expect(response.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(response.body).toBe('recsys_ready 1\n')
  })
})

describe('every answer', () => {
  test('has a request id: the one it came with when that is fit for a log, else one of its own', async () => {
    const { app } = await fixtureApp()
    const idOf = async (given: string) =>
      (await app.inject({ url: '/health', headers: { 'x-request-id': given } })).headers['x-request-id']
    expect(await idOf('trace-1:2.3')).toBe('trace-1:2.3')
    const [first, second] = [await idOf('two words'), await idOf('x'.repeat(65))]
    expect(first).toMatch(/^[0-9a-f]{8}-\w+$/)
    expect(second).not.toBe(first)
  })

  test('may not be cached or taken for another type', async () => {
    const { app } = await fixtureApp()
    const { headers } = await app.inject('/recommendations/u1')
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
  })
})

describe('/openapi.json', () => {
  test('describes every route with its parameters, bodies and answers', async () => {
    const { app } = await fixtureApp()
    const api = (await app.inject('/openapi.json')).json()
    expect(api.openapi).toBe('3.0.3')
    const operations = Object.entries<Record<string, { operationId: string }>>(api.paths).flatMap(
      ([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    expect(operations.filter((operation) => !operation.startsWith('HEAD')).sort()).toEqual([
      'GET /admin/models',
      'GET /api/v1/compare',
      'GET /api/v1/data',
      'GET /api/v1/events',
      'GET /api/v1/flows',
      'GET /api/v1/flows/{flowRunId}',
      'GET /api/v1/flows/{flowRunId}/logs',
      'GET /api/v1/load-tests',
      'GET /api/v1/models',
      'GET /api/v1/models/{name}/{version}',
      'GET /api/v1/overview',
      'GET /api/v1/runs',
      'GET /api/v1/runs/{runId}',
      'GET /api/v1/schedules',
      'GET /api/v1/similar/{itemId}',
      'GET /api/v1/studies',
      'GET /api/v1/studies/{runId}',
      'GET /api/v1/try/{userId}',
      'GET /api/v1/users',
      'GET /health',
      'GET /health/live',
      'GET /health/ready',
      'GET /items/{itemId}',
      'GET /items/{itemId}/similar',
      'GET /metrics',
      'GET /recommendations/{userId}',
      'GET /users/{userId}/history',
      'GET /users/{userId}/similar',
      'GET /v2',
      'GET /v2/health/live',
      'GET /v2/health/ready',
      'GET /v2/models/{name}',
      'GET /v2/models/{name}/ready',
      'GET /v2/models/{name}/versions/{version}',
      'GET /v2/models/{name}/versions/{version}/ready',
      'POST /admin/end-trial',
      'POST /admin/reload-models',
      'POST /admin/rollback',
      'POST /admin/trial',
      'POST /api/v1/flows/{flowRunId}/cancel',
      'POST /api/v1/flows/{flowRunId}/retry',
      'POST /api/v1/models/{name}/rollback',
      'POST /api/v1/models/{name}/{version}/promote',
      'POST /batch/recommendations',
      'POST /events',
      'POST /recommendations',
    ])
    const parameters = api.paths['/recommendations/{userId}'].get.parameters
    expect(
      parameters.map(({ name, in: place, required }: never) => [name, place, required ?? false]),
    ).toEqual(
      expect.arrayContaining([
        ['k', 'query', false],
        ['excludeSeen', 'query', false],
        ['category', 'query', false],
        ['exclude', 'query', false],
        ['userId', 'path', true],
      ]),
    )
    expect(api.paths['/admin/models'].get.security).toEqual([{ adminToken: [] }])
    expect(api.components.securitySchemes.adminToken).toEqual({ type: 'http', scheme: 'bearer' })
  })

  test('names every operation once', async () => {
    const { app } = await fixtureApp()
    const api = (await app.inject('/openapi.json')).json()
    const ids = Object.values<Record<string, { operationId: string }>>(api.paths).flatMap((methods) =>
      Object.values(methods).map((operation) => operation.operationId),
    )
    expect(ids.every((id) => /^\w+$/.test(id))).toBe(true)
    expect(new Set(ids).size).toBe(ids.length)
  })
})
