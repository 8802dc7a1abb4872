import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { defaultLimits } from '../../src/serving/http/app.ts'
import { fixtureApp } from './fixture-app.ts'

/** A server on a real port, and all that it answers to some bytes until it or the client is done. */
async function listening() {
  const { app } = await fixtureApp({}, {}, { ...defaultLimits, requestTimeoutMs: 300 })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const answersTo = async (bytes: string) => {
    const socket = connect(port, '127.0.0.1').setEncoding('latin1')
    let text = ''
    socket.on('data', (chunk: string) => {
      text += chunk
    })
    socket.on('error', () => undefined)
    socket.write(bytes, 'latin1')
    await once(socket, 'close')
    return { text, statuses: [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status)) }
  }
  return { app, answersTo }
}

/** A second request that only a server which was misled would answer. */
const hidden = 'GET /admin/models HTTP/1.1\r\nhost: x\r\n\r\n'
const json = 'content-type: application/json\r\n'

describe('requests that two servers could read in two ways', () => {
  test.each([
    [
      'length and chunks',
      `POST /recommendations HTTP/1.1\r\nhost: x\r\n${json}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
    ],
    [
      'two lengths',
      `POST /recommendations HTTP/1.1\r\nhost: x\r\n${json}content-length: 2\r\ncontent-length: ${hidden.length}\r\n\r\n{}${hidden}`,
    ],
    [
      'a length with a sign',
      `POST /recommendations HTTP/1.1\r\nhost: x\r\n${json}content-length: +2\r\n\r\n{}${hidden}`,
    ],
    [
      'an encoding in disguise',
      `POST /recommendations HTTP/1.1\r\nhost: x\r\n${json}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n${hidden}`,
    ],
    [
      'an encoding behind a space',
      `POST /recommendations HTTP/1.1\r\nhost: x\r\n${json}transfer-encoding : chunked\r\n\r\n0\r\n\r\n${hidden}`,
    ],
    [
      'a chunk that is none',
      `POST /recommendations HTTP/1.1\r\nhost: x\r\n${json}transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n${hidden}`,
    ],
    [
      'a chunk too large to count',
      `POST /recommendations HTTP/1.1\r\nhost: x\r\n${json}transfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}`,
    ],
    [
      'a header folded over two lines',
      `GET /health HTTP/1.1\r\nhost: x\r\nx-a: b\r\n transfer-encoding: chunked\r\n\r\n${hidden}`,
    ],
    ['a zero byte in a header', `GET /health HTTP/1.1\r\nhost: x\r\nx-a: b\0c\r\n\r\n`],
    ['no host', 'GET /health HTTP/1.1\r\n\r\n'],
    ['a request line with too many words', 'GET /health HTTP/1.1 HTTP/1.1\r\nhost: x\r\n\r\n'],
    ['another protocol', 'GET /health HTTQ/1.1\r\nhost: x\r\n\r\n'],
    ['lines without a carriage return', `GET /health HTTP/1.1\nhost: x\n\n${hidden}`],
  ])('%s: refused, the connection closed, nothing behind it answered', async (_, bytes) => {
    const { answersTo } = await listening()
    const { statuses, text } = await answersTo(bytes)
    expect(statuses).toEqual([400])
    expect(text).not.toContain('"versions"')
  })

  test('a length beyond the body is waited for no longer than the limit, and answered with 408', async () => {
    const { answersTo } = await listening()
    const { statuses } = await answersTo(
      `POST /recommendations HTTP/1.1\r\nhost: x\r\n${json}content-length: 1000\r\n\r\n{`,
    )
    expect(statuses).toEqual([408])
  })

  test('requests one after the other on a connection are answered in their order', async () => {
    const { answersTo } = await listening()
    const ask = (path: string, last = false) =>
      `GET ${path} HTTP/1.1\r\nhost: x\r\n${last ? 'connection: close\r\n' : ''}\r\n`
    const { statuses } = await answersTo(
      ask('/health') + ask('/nothing') + ask('/recommendations/u1?k=0') + ask('/health/live', true),
    )
    expect(statuses).toEqual([200, 404, 400, 200])
  })
})

test('no path leads out of its route, whichever route it is and however it is written', async () => {
  const { app, answersTo } = await listening()
  const { paths } = (await app.inject('/openapi.json')).json() as { paths: Record<string, object> }
  const detours = [
    '../../etc/passwd',
    '..%2f..%2fetc%2fpasswd',
    '%2e%2e/%2e%2e/etc/passwd',
    '..%5c..%5cwin.ini',
    '....//etc/passwd',
    '%00',
    '%c0%af',
  ]
  for (const path of [...Object.keys(paths), '/docs', '/openapi.json']) {
    for (const detour of detours) {
      const base = path.includes('{') ? path.slice(0, path.indexOf('{')) : `${path}/`
      const { text, statuses } = await answersTo(
        `GET ${base}${detour} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`,
      )
      expect({ path, detour, status: statuses[0] }).not.toMatchObject({ status: 500 })
      expect(statuses).toHaveLength(1)
      expect(text).not.toMatch(/root:|\[fonts\]/)
    }
  }
})
