import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import fc from 'fast-check'
import { Pool } from 'undici'
import { describe, expect, test } from 'vitest'
import { temporaryDirectory } from '../helpers/run-recsys.ts'
import { type Answer, getJson, startServer } from './fixture-server.ts'
import { promote, publish, register } from './registered.ts'

async function published(): Promise<string> {
  const dataDir = temporaryDirectory()
  await publish(dataDir)
  return dataDir
}

/** Sends bytes as they are and reads until the server closes. */
async function exchange(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.setEncoding('latin1').on('error', () => undefined)
  let answer = ''
  socket.on('data', (text: string) => {
    answer += text
  })
  socket.end(bytes, 'latin1')
  await once(socket, 'close')
  return answer
}

describe('a running server', () => {
  test('answers every route on one port from all its threads', async () => {
    const server = await startServer(await published())
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    for (const path of [
      '/recommendations/u1?k=3&category=odd&exclude=i3',
      '/recommendations/stranger',
      '/items/i1/similar?k=3',
      '/health',
      '/health/live',
      '/health/ready',
      '/admin/models',
      '/openapi.json',
    ]) {
      expect((await getJson(server, path)).status, path).toBe(200)
    }
    const posted = await fetch(`${server.url}/recommendations`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ history: [{ itemId: 'i1', rating: 5 }], k: 2 }),
    })
    expect(posted.status).toBe(200)
    expect(server.status()).toMatchObject({ nThreads: 2, model: { version: 1 } })
  })

  test('adds up the metrics of its threads', async () => {
    const server = await startServer(await published())
    const n = 40
    // A connection each, so that both threads get some.
    await Promise.all(
      Array.from({ length: n }, () =>
        fetch(`${server.url}/recommendations/u1`, { headers: { connection: 'close' } }).then((r) => r.text()),
      ),
    )
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    expect(metrics).toContain(
      `recsys_http_requests_total{method="GET",route="/recommendations/:userId",status="200",model_version="1"} ${n}`,
    )
    expect(metrics).toContain('recsys_ready 1')
    expect(metrics).toContain('recsys_request_threads 2')
    expect(metrics).toMatch(/recsys_thread_event_loop_delay_seconds\{thread="1",quantile="0.99"\}/)
    expect(metrics).toMatch(/recsys_thread_event_loop_delay_seconds\{thread="2",quantile="0.99"\}/)
    expect(metrics).toMatch(/process_resident_memory_bytes \d/)
    expect(metrics).toMatch(/recsys_model_reload_duration_seconds_count 1/)
  })

  test('works with a single thread, and on every address of localhost', async () => {
    const server = await startServer(await published(), { nThreads: 1, host: 'localhost' })
    expect((await getJson({ url: `http://127.0.0.1:${server.port}` }, '/recommendations/u1')).status).toBe(
      200,
    )
  })

  test('asks for the admin token when it has one', async () => {
    const server = await startServer(await published(), { adminToken: 's3cret-token' })
    expect((await getJson(server, '/admin/models')).status).toBe(401)
    const authorization = 'Bearer s3cret-token'
    const models = await fetch(`${server.url}/admin/models`, { headers: { authorization } })
    expect(models.status).toBe(200)
  })
})

describe('a port', () => {
  test('that another program has is refused', async () => {
    const dataDir = await published()
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as { port: number }
    for (const nThreads of [1, 2]) {
      await expect(startServer(dataDir, { port, nThreads })).rejects.toMatchObject({
        code: 'RECSYS_PORT_IN_USE',
        exitCode: 5,
      })
    }
    other.close()
  })

  test('is never shared with another server of ours', async () => {
    const dataDir = await published()
    const { port } = await startServer(dataDir)
    for (const nThreads of [1, 2]) {
      await expect(startServer(dataDir, { port, nThreads })).rejects.toMatchObject({
        code: 'RECSYS_PORT_IN_USE',
      })
    }
  })

  test('goes to one of two servers that start at the same time', async () => {
    const dataDir = await published()
    const first = await startServer(dataDir)
    const { port } = first
    await first.stop()
    const both = await Promise.allSettled([startServer(dataDir, { port }), startServer(dataDir, { port })])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  test('on an address that is not of this machine is refused', async () => {
    await expect(startServer(await published(), { host: '192.0.2.1' })).rejects.toMatchObject({
      code: 'RECSYS_HOST_UNAVAILABLE',
      exitCode: 6,
    })
  })
})

describe('a request thread that dies', () => {
  test('is replaced with the model that is in service, and its counts stay', async () => {
    const dataDir = await published()
    const server = await startServer(dataDir)
    const close = { connection: 'close' }
    const ask = () => fetch(`${server.url}/recommendations/u1`, { headers: close })
    await Promise.all(Array.from({ length: 20 }, async () => (await ask()).text()))
    const count = async () => {
      const text = await (await fetch(`${server.url}/metrics`, { headers: close })).text()
      return Number(/recsys_http_requests_total\{[^}]*userId",status="200"[^}]*\} (\d+)/.exec(text)?.[1])
    }
    expect(await count()).toBe(20)
    const [victim] = server.threads.members
    await victim.terminate()
    await expect.poll(() => server.threads.members.length).toBe(2)
    await Promise.all(server.threads.members.map((thread) => thread.listening))
    expect(server.status().threadRestarts).toBe(1)
    const answers = await Promise.all(
      Array.from({ length: 20 }, async () => (await (await ask()).json()) as Answer),
    )
    expect(answers.every(({ model }) => model.version === 1)).toBe(true)
    expect(await count()).toBe(40)
    // The newcomer changes over like the others.
    await publish(dataDir, 'quietly')
    expect(await server.reload()).toMatchObject({ outcome: 'swapped' })
    const later = await Promise.all(
      Array.from({ length: 20 }, async () => (await (await ask()).json()) as Answer),
    )
    expect(later.every(({ model }) => model.version === 2)).toBe(true)
  })
})

describe('a stop', () => {
  test('lets a request in flight finish and accepts no other', async () => {
    const server = await startServer(await published())
    const socket = await halfRequest(server.port)
    const stopped = server.stop()
    await expect.poll(() => isRefused(server.port)).toBe(true)
    const answer = once(socket, 'data')
    socket.write('"u1","k":2}')
    expect(String(await answer)).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*connection: close[\s\S]*"items":\[\{/i)
    await stopped
    await server.stopped
  })

  test('cuts off what is not done in time', async () => {
    const server = await startServer(await published(), { drainTimeoutMs: 100 })
    const socket = await halfRequest(server.port)
    socket.on('error', () => undefined)
    const closed = once(socket, 'close')
    await server.stop()
    await closed
  })

  test('before the server is up stops it', async () => {
    const stop = new AbortController()
    stop.abort()
    const server = await startServer(await published(), { signal: stop.signal })
    await server.stopped
    expect(await isRefused(server.port)).toBe(true)
  })
})

describe('bytes from anywhere', () => {
  test.each([
    ['no HTTP', 'hello\r\n\r\n', 400, 'RECSYS_HTTP_MALFORMED'],
    [
      'headers of 20 kB',
      `GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
      431,
      'RECSYS_HTTP_HEADERS_TOO_LARGE',
    ],
    ['no Host', 'GET /admin/models HTTP/1.0\r\n\r\n', 403, 'RECSYS_ADMIN_FORBIDDEN'],
    [
      'dots in the path',
      'GET /recommendations/../../etc/passwd HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
      404,
      'RECSYS_HTTP_NOT_FOUND',
    ],
    [
      'two lengths',
      'POST /recommendations HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
      400,
      'RECSYS_HTTP_MALFORMED',
    ],
  ])('%s', async (_, bytes, status, code) => {
    const server = await startServer(await published())
    const answer = await exchange(server.port, bytes)
    expect(answer.split('\r\n')[0]).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(answer).toContain(code)
  })

  test('never get a 5xx, whatever the path', async () => {
    const server = await startServer(await published())
    const path = fc.string({
      unit: fc.integer({ min: 0x21, max: 0xff }).map((c) => String.fromCharCode(c)),
      maxLength: 60,
    })
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('/recommendations/', '/items/', '/', ''),
        path,
        async (start, rest) => {
          const answer = await exchange(
            server.port,
            `GET ${start}${rest} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`,
          )
          expect(answer).toMatch(/^HTTP\/1\.1 [24]/)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('of clients that go away in the middle harm nobody', async () => {
    const server = await startServer(await published())
    for (let round = 0; round < 50; round++) {
      const socket = await halfRequest(server.port)
      if (round % 2 === 0) socket.resetAndDestroy()
      else socket.destroy()
    }
    expect((await getJson(server, '/recommendations/u1')).status).toBe(200)
    expect(server.status().threadRestarts).toBe(0)
  })
})

describe('under load', () => {
  test('twenty change-overs cost no request, and every answer is of one version', async () => {
    const dataDir = temporaryDirectory()
    const versions = [await register(dataDir), await register(dataDir), await register(dataDir)]
    promote(dataDir, versions[0])
    const server = await startServer(dataDir)
    const pool = new Pool(server.url, { connections: 50 })
    let running = true
    const seen = new Set<number | null>()
    const ask = async (n: number) => {
      while (running) {
        const { statusCode, body } = await pool.request({
          method: 'GET',
          path: `/recommendations/u${n % 40}?k=20`,
        })
        const answer = (await body.json()) as Answer
        expect(statusCode).toBe(200)
        expect(answer.items).toHaveLength(20)
        const origins = new Set(answer.items.map(({ score }) => Math.round(score / 1000)))
        expect([...origins]).toEqual([answer.model.version])
        seen.add(answer.model.version)
      }
    }
    const users = Array.from({ length: 50 }, (_, n) => ask(n))
    for (let swap = 1; swap <= 20; swap++) {
      const { version } = versions[swap % versions.length]
      promote(dataDir, versions[swap % versions.length])
      await expect.poll(() => server.status().model?.version, { timeout: 20_000, interval: 10 }).toBe(version)
    }
    running = false
    await Promise.all(users)
    await pool.close()
    expect([...seen].sort()).toEqual([1, 2, 3])
    expect(server.status()).toMatchObject({ reloads: { swapped: 21, failed: 0 }, threadRestarts: 0 })
  })
})

/** A POST whose body stops after `{"userId":`. */
async function halfRequest(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const head =
    'POST /recommendations HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-type: application/json\r\n'
  socket.write(`${head}content-length: 21\r\n\r\n`)
  // The interim answer shows that the request has arrived.
  await once(socket, 'data')
  socket.write('{"userId":')
  return socket
}

async function isRefused(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return false
  } catch {
    return true
  } finally {
    socket.destroy()
  }
}
