import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { defaultLimits } from '../../src/serving/http/app.ts'
import { fixtureApp } from './fixture-app.ts'

const limits = {
  ...defaultLimits,
  requestTimeoutMs: 200,
  headerBytes: 2048,
  bodyBytes: 100,
  maxConnections: 2,
}

/** An application with tight limits on a real port, and what it says to bytes as they are. */
async function listening() {
  const { app } = await fixtureApp({}, {}, limits)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const answerTo = async (bytes: string) => {
    const socket = connect(port, '127.0.0.1')
    let answer = ''
    socket.setEncoding('latin1').on('data', (text: string) => {
      answer += text
    })
    socket.write(bytes, 'latin1')
    await once(socket, 'close')
    return answer
  }
  return { port, answerTo }
}

describe('a request over the limits', () => {
  test.each([
    ['headers that never end', 'GET /health HTTP/1.1\r\nhost: x\r\n', 408, 'RECSYS_HTTP_TIMEOUT'],
    [
      'a body that never comes',
      'POST /recommendations HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{',
      408,
      'RECSYS_HTTP_TIMEOUT',
    ],
    [
      'headers that are too long',
      `GET /${'x'.repeat(3000)} HTTP/1.1\r\n`,
      431,
      'RECSYS_HTTP_HEADERS_TOO_LARGE',
    ],
    ['what is not HTTP', '\x16\x03\x01\x02\x00\r\n\r\n', 400, 'RECSYS_HTTP_MALFORMED'],
  ])('is told so: %s', async (_, bytes, status, code) => {
    const { answerTo } = await listening()
    const answer = await answerTo(bytes)
    expect(answer.split('\r\n')[0]).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    const [head, body] = answer.split('\r\n\r\n')
    expect(JSON.parse(body)).toMatchObject({ error: { code } })
    expect(head).toMatch(/connection: close/i)
  })

  test('is refused before its body is read when it says how long that is', async () => {
    const { port } = await listening()
    const response = await fetch(`http://127.0.0.1:${port}/recommendations`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ userId: 'u'.repeat(200) }),
    })
    expect(response.status).toBe(413)
  })

  test('over the number of connections finds no ear', async () => {
    const { port } = await listening()
    const kept = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')]
    await Promise.all(kept.map((socket) => once(socket, 'connect')))
    const another = connect(port, '127.0.0.1').on('error', () => undefined)
    await once(another, 'close')
    for (const socket of kept) socket.destroy()
  })
})
