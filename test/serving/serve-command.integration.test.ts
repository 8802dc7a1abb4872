import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { describe, expect, onTestFinished, test } from 'vitest'
import Serve from '../../commands/serve.ts'
import { runCommand, runRecsys, spawnRecsys, temporaryDirectory } from '../helpers/run-recsys.ts'
import { publish, register } from './registered.ts'

/** Starts the program and waits for its first line on stdout. */
async function started(args: readonly string[]) {
  const child = spawnRecsys(['serve', '--port', '0', ...args])
  onTestFinished(() => void child.kill('SIGKILL'))
  const log: string[] = []
  createInterface({ input: child.stderr! }).on('line', (line) => log.push(line))
  const lines = createInterface({ input: child.stdout! })
  const [first] = (await once(lines, 'line')) as [string]
  return { child, first, log, url: /http:\/\/[\d.:]+/.exec(first)?.[0] ?? '' }
}

async function ended(child: ChildProcess) {
  return child.exitCode !== null || child.signalCode !== null
    ? [child.exitCode, child.signalCode]
    : once(child, 'exit')
}

describe('recsys serve', () => {
  test('says on the first line where it listens and what it serves, and logs JSON on stderr', async () => {
    const dataDir = temporaryDirectory()
    const { runId } = await publish(dataDir)
    const { child, first, log, url } = await started(['--data-dir', dataDir, '--threads', '2'])
    expect(first).toBe(
      `listening on ${url} with 2 threads, serving recommender version 1 (svd, run ${runId})`,
    )
    expect((await fetch(`${url}/recommendations/u1`)).status).toBe(200)
    child.kill('SIGTERM')
    expect(await ended(child)).toEqual([0, null])
    const messages = log.map((line) => JSON.parse(line).msg)
    expect(messages).toEqual(['listening', 'model in service', 'draining', 'stopped'])
  })

  test.each(['SIGTERM', 'SIGINT'] as const)(
    'finishes the request in flight on %s and exits with 0',
    async (signal) => {
      const dataDir = temporaryDirectory()
      await publish(dataDir)
      const { child, log, url } = await started(['--data-dir', dataDir])
      const socket = connect(Number(new URL(url).port), '127.0.0.1')
      const head =
        'POST /recommendations HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-type: application/json\r\n'
      socket.write(`${head}content-length: 15\r\n\r\n`)
      await once(socket, 'data')
      child.kill(signal)
      await expect.poll(() => log.some((line) => line.includes('draining'))).toBe(true)
      const answer = once(socket, 'data')
      socket.write('{"userId":"u1"}')
      expect(String(await answer)).toMatch(/^HTTP\/1\.1 200 /)
      expect(await ended(child)).toEqual([0, null])
    },
  )

  test('ends at once on a second signal', async () => {
    const dataDir = temporaryDirectory()
    await publish(dataDir)
    const { child, log, url } = await started(['--data-dir', dataDir, '--drain-timeout', '1h'])
    const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined)
    socket.write(
      'POST /recommendations HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 15\r\n\r\n',
    )
    await once(socket, 'data')
    child.kill('SIGTERM')
    await expect.poll(() => log.some((line) => line.includes('draining'))).toBe(true)
    child.kill('SIGTERM')
    expect(await ended(child)).toEqual([null, 'SIGTERM'])
  })

  test('with --json prints one document when it listens', async () => {
    const dataDir = temporaryDirectory()
    await register(dataDir)
    const child = spawnRecsys(['serve', '--port', '0', '--data-dir', dataDir, '--json', '--quiet'])
    let stdout = ''
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    await expect.poll(() => stdout.trimEnd().endsWith('}'), { timeout: 20_000 }).toBe(true)
    child.kill('SIGTERM')
    expect(await ended(child)).toEqual([0, null])
    expect(JSON.parse(stdout)).toMatchObject({
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      ready: false,
      model: null,
      reason: expect.any(String),
      pid: child.pid,
    })
  })

  test('on a port in use exits with 5 and says what to do', async () => {
    const dataDir = temporaryDirectory()
    await publish(dataDir)
    const { url } = await started(['--data-dir', dataDir])
    const { port } = new URL(url)
    const { exitCode, stderr, stdout } = await runRecsys(['serve', '--data-dir', dataDir, '--port', port])
    expect({ exitCode, stdout }).toEqual({ exitCode: 5, stdout: '' })
    expect(stderr).toContain(`RECSYS_PORT_IN_USE  cannot listen on 127.0.0.1:${port}`)
    expect(stderr).toContain('--port')
  })

  test('runs in this process until SIGTERM', async () => {
    const dataDir = temporaryDirectory()
    await publish(dataDir)
    const run = runCommand(Serve, ['--data-dir', dataDir, '--port', '0', '--threads', '1', '--quiet'])
    await expect.poll(() => process.listenerCount('SIGTERM'), { timeout: 10_000 }).toBeGreaterThan(0)
    // The signal counts from the moment the server listens for it, and is kept if it comes earlier.
    process.emit('SIGTERM')
    const { exitCode, stdout } = await run
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/^listening on http:\/\/127\.0\.0\.1:\d+ with 1 thread/)
  })

  test.each([
    ['--poll-interval', '1ms'],
    ['--drain-timeout', 'soon'],
    ['--port', '70000'],
    ['--threads', '0'],
  ])('refuses %s %s', async (flag, value) => {
    const { exitCode, stderr } = await runCommand(Serve, [flag, value])
    expect(exitCode).toBe(2)
    expect(stderr).toContain(flag)
  })
})
