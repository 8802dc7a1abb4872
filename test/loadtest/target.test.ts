import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { findTarget, isLoopback } from '../../src/loadtest/target.ts'
import { listen, startHttpServer } from '../helpers/http-server.ts'
import { healthy } from './recommendation-server.ts'

const options = { allowedHosts: [], timeoutMs: 1000 }

test.each([
  ['127.0.0.1', true],
  ['127.9.9.9', true],
  ['::1', true],
  ['0.0.0.0', false],
  ['126.255.255.255', false],
  ['128.0.0.1', false],
  ['::', false],
  ['::ffff:10.0.0.1', false],
])('%s is loopback: %s', (address, expected) => {
  expect(isLoopback(address)).toBe(expected)
})

test.each([
  'http://192.0.2.1:8000',
  'http://0.0.0.0:8000',
  'http://[::]:8000',
  'http://[2001:db8::1]:8000',
  'http://3232235777',
  'http://0300.0.2.1',
])('%s is refused without --allow-host, before anything is sent', async (url) => {
  await expect(findTarget({ ...options, url })).rejects.toMatchObject({
    code: 'RECSYS_USAGE',
    field: 'url',
    remedy: expect.stringContaining('--allow-host'),
  })
})

test.each([
  '',
  'x',
  'ftp://127.0.0.1',
  'file:///etc/passwd',
  'http://me:secret@127.0.0.1',
  'http://127.0.0.1/?a=1',
])('the URL %j is refused', async (url) => {
  await expect(findTarget({ ...options, url })).rejects.toMatchObject({ code: 'RECSYS_USAGE', field: 'url' })
})

test('a server on this machine is found by address and by name, with the path before its routes', async () => {
  const { url } = await startHttpServer((request, response) => {
    if (request.url === '/api/health') response.end('{}')
    else response.destroy()
  })
  const target = await findTarget({ ...options, url: `${url.replace('127.0.0.1', 'localhost')}/api/` })
  expect(target).toMatchObject({ hostname: 'localhost', address: '127.0.0.1', basePath: '/api' })
})

test('a server on ::1 is found where the machine has it', async () => {
  const { server } = await startHttpServer(healthy)
  const six = createServer((socket) => server.emit('connection', socket))
  const url = await listen(six, '::1').catch(() => undefined)
  if (url === undefined) return
  expect(await findTarget({ ...options, url })).toMatchObject({ address: '::1' })
})

test('where no HTTP server answers the test fails before it starts: nothing there, silence, another protocol', async () => {
  const closed = await startHttpServer(healthy)
  closed.server.close()
  const silent = await listen(createServer(() => undefined))
  const greeting = await listen(
    createServer((socket) => socket.end('220 mail ready\r\n').on('error', () => undefined)),
  )
  for (const url of [closed.url, silent, greeting]) {
    await expect(findTarget({ ...options, timeoutMs: 200, url })).rejects.toMatchObject({
      code: 'RECSYS_TARGET_UNREACHABLE',
      exitCode: 6,
      message: expect.stringContaining(url),
    })
  }
})

test('a name that does not resolve is unreachable', async () => {
  const url = 'http://recsys-test.invalid:8000'
  await expect(findTarget({ ...options, url })).rejects.toMatchObject({ code: 'RECSYS_TARGET_UNREACHABLE' })
})

test('an allowed host need not be this machine', async () => {
  const url = 'http://192.0.2.1:9'
  const found = findTarget({ allowedHosts: ['192.0.2.1'], timeoutMs: 50, url })
  await expect(found).rejects.toMatchObject({ code: 'RECSYS_TARGET_UNREACHABLE' })
})
