import { describe, expect, test } from 'vitest'
import { digestToken } from '../../src/serving/http/admin-access.ts'
import { fixtureApp } from './fixture-app.ts'
import { fixtureIdentity } from './fixture-model.ts'

const loopback = { remoteAddress: '127.0.0.1', headers: { host: '127.0.0.1:8000' } }
const url = '/admin/models'

describe('without a token', () => {
  test.each([
    ['127.0.0.1', '127.0.0.1:8000'],
    ['127.0.0.1', 'localhost:8000'],
    ['127.8.9.1', 'LOCALHOST'],
    ['::1', '[::1]:8000'],
    ['::ffff:127.0.0.1', '127.0.0.1'],
  ])('answers %s as %s', async (remoteAddress, host) => {
    const { app } = await fixtureApp()
    const { statusCode } = await app.inject({ url, remoteAddress, headers: { host } })
    expect(statusCode).toBe(200)
  })

  test.each([
    ['another machine', { remoteAddress: '192.168.1.9' }],
    ['an address that begins like loopback', { remoteAddress: '127.evil' }],
    ['another machine that claims to be this one', forwarded('192.168.1.9')],
    ['a proxy on this machine', forwarded('127.0.0.1')],
    ['a name that was bent to this machine', { headers: { host: 'rebound.example:8000' } }],
    ['a name that begins like loopback', { headers: { host: '127.0.0.1.example' } }],
    ['a page of another site', { headers: { ...loopback.headers, origin: 'https://evil.example' } }],
    ['a page of another port', { headers: { ...loopback.headers, origin: 'http://127.0.0.1:9999' } }],
    ['a page without origin', { headers: { ...loopback.headers, origin: 'null' } }],
    ['a link of another site', { headers: { ...loopback.headers, 'sec-fetch-site': 'cross-site' } }],
  ])('refuses %s', async (_, request) => {
    const { app } = await fixtureApp()
    for (const route of [{ url }, { method: 'POST' as const, url: '/admin/reload-models' }]) {
      const response = await app.inject({ ...loopback, ...request, ...route })
      expect(response.statusCode).toBe(403)
      expect(response.json().error).toMatchObject({ code: 'RECSYS_ADMIN_FORBIDDEN' })
    }
  })

  test('answers a page that the server itself is the origin of', async () => {
    const { app } = await fixtureApp()
    const headers = { ...loopback.headers, origin: 'http://127.0.0.1:8000', 'sec-fetch-site': 'same-origin' }
    expect((await app.inject({ ...loopback, url, headers })).statusCode).toBe(200)
  })
})

describe('with a token', () => {
  const token = 'correct horse battery staple'.replaceAll(' ', '-')
  const withToken = { adminToken: digestToken(token) }

  test.each(['192.168.1.9', '127.0.0.1'])('answers %s with the token', async (remoteAddress) => {
    const { app } = await fixtureApp({}, withToken)
    const headers = { authorization: `Bearer ${token}`, origin: 'https://ops.example' }
    expect((await app.inject({ url, remoteAddress, headers })).statusCode).toBe(200)
  })

  test.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    `Bearer ${token}x`,
    `Bearer ${token.slice(0, -1)}`,
    `Bearer ${token.toUpperCase()}`,
    `Basic ${token}`,
    token,
    `Bearer ${'x'.repeat(5000)}`,
  ])('refuses authorization %j, on loopback as well', async (authorization) => {
    const { app } = await fixtureApp({}, withToken)
    const headers = { ...loopback.headers, ...(authorization === undefined ? {} : { authorization }) }
    const response = await app.inject({ ...loopback, url, headers })
    expect(response.statusCode).toBe(401)
    expect(response.headers['www-authenticate']).toBe('Bearer')
    expect(response.json().error.code).toBe('RECSYS_ADMIN_UNAUTHORIZED')
  })
})

describe('POST /admin/reload-models', () => {
  const reload = { ...loopback, method: 'POST', url: '/admin/reload-models' } as const

  test('tells what came of it', async () => {
    const { app } = await fixtureApp()
    expect((await app.inject(reload)).json()).toEqual({ outcome: 'unchanged', model: fixtureIdentity() })
  })

  test('is 409 when the new model cannot be used, and names the one that stays', async () => {
    const failure = {
      at: '2026-01-01T00:00:00.000Z',
      code: 'RECSYS_ARTIFACT_CORRUPT',
      message: 'items.arrow is broken',
      remedy: 'Train the model again.',
      version: 2,
      attempts: 1,
      nextAttemptAt: '2026-01-01T00:00:02.000Z',
    }
    const model = fixtureIdentity()
    const { app } = await fixtureApp({}, { reload: async () => ({ outcome: 'failed', model, failure }) })
    const response = await app.inject(reload)
    expect(response.statusCode).toBe(409)
    expect(response.json()).toMatchObject({ error: { code: 'RECSYS_ARTIFACT_CORRUPT' }, model })
  })
})

function forwarded(remoteAddress: string) {
  return { remoteAddress, headers: { ...loopback.headers, 'x-forwarded-for': '127.0.0.1' } }
}
