import fc from 'fast-check'
import type { InjectOptions } from 'fastify'
import { describe, expect, test } from 'vitest'
import { fixtureApp } from './fixture-app.ts'

/** What a client gets wrong, and what it is told. */
const refused: readonly [
  what: string,
  request: InjectOptions,
  status: number,
  code: string,
  field?: string,
][] = [
  ['k = 0', { url: '/recommendations/u1?k=0' }, 400, 'RECSYS_HTTP_INVALID', 'k'],
  ['k = -1', { url: '/recommendations/u1?k=-1' }, 400, 'RECSYS_HTTP_INVALID', 'k'],
  ['k = 1e9', { url: '/recommendations/u1?k=1e9' }, 400, 'RECSYS_HTTP_INVALID', 'k'],
  ['k = 1.5', { url: '/recommendations/u1?k=1.5' }, 400, 'RECSYS_HTTP_INVALID', 'k'],
  ['k = abc', { url: '/recommendations/u1?k=abc' }, 400, 'RECSYS_HTTP_INVALID', 'k'],
  ['no k after =', { url: '/recommendations/u1?k=' }, 400, 'RECSYS_HTTP_INVALID', 'k'],
  ['k twice', { url: '/recommendations/u1?k=1&k=2' }, 400, 'RECSYS_HTTP_INVALID', 'k'],
  ['k = NaN', { url: '/recommendations/u1?k=NaN' }, 400, 'RECSYS_HTTP_INVALID', 'k'],
  [
    'a wrong boolean',
    { url: '/recommendations/u1?excludeSeen=no' },
    400,
    'RECSYS_HTTP_INVALID',
    'excludeSeen',
  ],
  ['an empty category', { url: '/recommendations/u1?category=' }, 400, 'RECSYS_HTTP_INVALID', 'category/0'],
  [
    'an empty list entry',
    { url: '/recommendations/u1?exclude=i1,,i2' },
    400,
    'RECSYS_HTTP_INVALID',
    'exclude',
  ],
  [
    'a long list entry',
    { url: `/recommendations/u1?exclude=${'x'.repeat(300)}` },
    400,
    'RECSYS_HTTP_INVALID',
    'exclude',
  ],
  [
    'too many categories',
    { url: `/recommendations/u1?category=${Array(51).fill('a').join()}` },
    400,
    'RECSYS_HTTP_INVALID',
    'category',
  ],
  [
    'a misspelt parameter',
    { url: '/recommendations/u1?excludeseen=1' },
    400,
    'RECSYS_HTTP_INVALID',
    'excludeseen',
  ],
  [
    '__proto__ as a parameter',
    { url: '/recommendations/u1?__proto__=1' },
    400,
    'RECSYS_HTTP_INVALID',
    '__proto__',
  ],
  [
    'a user id of 10 kB',
    { url: `/recommendations/${'u'.repeat(10_000)}` },
    400,
    'RECSYS_HTTP_INVALID',
    'userId',
  ],
  [
    'an item id of 10 kB',
    { url: `/items/${'i'.repeat(10_000)}/similar` },
    400,
    'RECSYS_HTTP_INVALID',
    'itemId',
  ],
  ['broken percent encoding', { url: '/recommendations/%E0%A4%A' }, 400, 'RECSYS_HTTP_MALFORMED'],
  ['no user id', { url: '/recommendations/' }, 400, 'RECSYS_HTTP_INVALID', 'userId'],
  ['a path with dots', { url: '/recommendations/../../etc/passwd' }, 404, 'RECSYS_HTTP_NOT_FOUND'],
  ['an unknown route', { url: '/nothing' }, 404, 'RECSYS_HTTP_NOT_FOUND'],
  ['DELETE', { method: 'DELETE', url: '/recommendations/u1' }, 405, 'RECSYS_HTTP_METHOD'],
  ['OPTIONS', { method: 'OPTIONS', url: '/recommendations/u1' }, 405, 'RECSYS_HTTP_METHOD'],
  ['GET where POST is', { url: '/admin/reload-models' }, 405, 'RECSYS_HTTP_METHOD'],
  ['a body that is not JSON', json('{"userId": '), 400, 'RECSYS_HTTP_MALFORMED'],
  ['an empty body', json(''), 400, 'RECSYS_HTTP_MALFORMED'],
  [
    'a body that poisons prototypes',
    json('{"userId":"u1","__proto__":{"k":1}}'),
    400,
    'RECSYS_HTTP_MALFORMED',
  ],
  ['null as body', json('null'), 400, 'RECSYS_HTTP_INVALID', 'body'],
  ['a text as body', json('"u1"'), 400, 'RECSYS_HTTP_INVALID', 'body'],
  ['an endless number', json('{"userId":"u1","k":1e999}'), 400, 'RECSYS_HTTP_INVALID', 'k'],
  ['a body of 2 MB', json(`{"userId":"${'u'.repeat(2_000_000)}"}`), 413, 'RECSYS_HTTP_TOO_LARGE'],
  [
    'a form',
    { ...json('userId=u1'), headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    415,
    'RECSYS_HTTP_MEDIA_TYPE',
  ],
  ['plain text', { ...json('u1'), headers: { 'content-type': 'text/plain' } }, 415, 'RECSYS_HTTP_MEDIA_TYPE'],
]

function json(payload: string): InjectOptions {
  return { method: 'POST', url: '/recommendations', payload, headers: { 'content-type': 'application/json' } }
}

describe('a bad request', () => {
  test.each(refused)('%s', async (_, request, status, code, field) => {
    const { app } = await fixtureApp()
    const response = await app.inject(request)
    const { error } = response.json()
    expect({ status: response.statusCode, code: error.code, field: error.field }).toEqual({
      status,
      code,
      field,
    })
    expect(error.message).toMatch(/\S/)
    expect(error.message.length).toBeLessThan(400)
    expect(error.remedy).toMatch(/\.$/)
  })

  test('of a method is told which ones there are', async () => {
    const { app } = await fixtureApp()
    const response = await app.inject({ method: 'PUT', url: '/recommendations' })
    expect(response.headers.allow).toBe('POST')
  })

  test('says what was got and what was expected', async () => {
    const { app } = await fixtureApp()
    const { error } = (await app.inject('/recommendations/u1?k=1000000000')).json()
    expect(error.message).toBe('k is 1000000000, expected an integer from 1 to 1000')
  })
})

describe('a request of any kind', () => {
  const word = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.constantFrom(
      '__proto__',
      'constructor',
      'toString',
      '%00',
      '../..',
      'u1',
      'i1',
      '-0',
      '1e309',
      '',
      'true',
    ),
  )
  const path = fc.oneof(
    word.map((text) => `/recommendations/${encode(text)}`),
    word.map((text) => `/items/${encode(text)}/similar`),
    fc.array(word, { maxLength: 4 }).map((parts) => `/${parts.map(encode).join('/')}`),
    // Bytes as they are, percent signs and all.
    fc.string({ unit: 'binary-ascii', maxLength: 30 }).map((text) => `/recommendations/${text}`),
  )
  const query = fc
    .array(fc.tuple(fc.oneof(fc.constantFrom('k', 'excludeSeen', 'category', 'exclude'), word), word), {
      maxLength: 5,
    })
    .map((pairs) => pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&'))
  const body = fc.oneof(
    fc.json(),
    fc.string({ unit: 'binary' }),
    fc
      .record(
        {
          userId: fc.oneof(word, fc.anything()),
          history: fc.oneof(fc.array(fc.record({ itemId: word, rating: fc.double() })), fc.anything()),
          k: fc.oneof(fc.integer(), fc.anything()),
          excludeSeen: fc.anything(),
          categories: fc.oneof(fc.array(word), fc.anything()),
          exclude: fc.anything(),
        },
        { requiredKeys: [] },
      )
      .map((value) => safeJson(value)),
  )

  test('never gets a 5xx: paths and queries', async () => {
    const { app } = await fixtureApp()
    await fc.assert(
      fc.asyncProperty(path, query, async (pathname, search) => {
        const response = await app.inject({ url: `${pathname}?${search}` })
        expect(response.statusCode, response.body).toBeLessThan(500)
        if (response.statusCode >= 400) expect(response.json().error.code).toMatch(/^RECSYS_/)
      }),
      { numRuns: 1500 },
    )
  })

  test('never gets a 5xx: bodies', async () => {
    const { app } = await fixtureApp()
    await fc.assert(
      fc.asyncProperty(body, async (payload) => {
        const response = await app.inject(json(payload))
        expect(response.statusCode, response.body).toBeLessThan(500)
        if (response.statusCode >= 400) expect(response.json().error.code).toMatch(/^RECSYS_/)
      }),
      { numRuns: 1500 },
    )
  })

  test('never gets a 5xx: methods', async () => {
    const { app } = await fixtureApp()
    for (const method of app.supportedMethods) {
      for (const url of [
        '/recommendations/u1',
        '/recommendations',
        '/health',
        '/admin/models',
        '/x',
        '/metrics',
      ]) {
        const { statusCode } = await app.inject({ method: method as 'GET', url, payload: 'x' })
        expect(statusCode, `${method} ${url}`).toBeLessThan(500)
      }
    }
  })
})

function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}

function safeJson(value: unknown): string {
  const text = JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? String(part) : part))
  return text ?? 'null'
}
