import { describe, expect, test } from 'vitest'
import { fixtureApp } from './fixture-app.ts'

describe('the Open Inference Protocol', () => {
  test.each([
    ['/v2', { name: 'recsys' }],
    ['/v2/health/live', { live: true }],
    ['/v2/health/ready', { ready: true }],
    ['/v2/models/recommender', { name: 'recommender', versions: ['1'], platform: 'recsys_svd' }],
    ['/v2/models/recommender/ready', { name: 'recommender', ready: true }],
    ['/v2/models/recommender/versions/1/ready', { ready: true }],
  ])('%s answers', async (url, body) => {
    const { app } = await fixtureApp()
    const response = await app.inject(url)
    expect(response.statusCode).toBe(200)
    expect(response.json()).toMatchObject(body)
  })

  test.each([
    '/v2/models/other/ready',
    '/v2/models/recommender/versions/2/ready',
    '/v2/models/recommender/versions/x',
  ])('%s is not in service', async (url) => {
    const { app } = await fixtureApp()
    const response = await app.inject(url)
    expect(response.statusCode).toBe(404)
    expect(response.json().error.code).toBe('RECSYS_MODEL_NOT_SERVED')
  })

  test('is live but not ready without a model', async () => {
    const { app, slot } = await fixtureApp()
    slot.swap(undefined)
    expect((await app.inject('/v2/health/live')).statusCode).toBe(200)
    expect((await app.inject('/v2/health/ready')).statusCode).toBe(503)
    expect((await app.inject('/v2/models/recommender/ready')).statusCode).toBe(503)
  })
})
