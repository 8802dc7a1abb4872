import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'
import { freePort } from './free-port.ts'
import type { WhenOver } from './run-recsys.ts'

const path = '/usr/bin/redis-server'

/** Whether there is a Redis; says on stderr that tests are skipped where there is none. */
export function hasRedis(): boolean {
  if (existsSync(path)) return true
  process.stderr.write('skipped with Redis: no redis-server; `make redis` installs it\n')
  return false
}

export interface RedisServer {
  readonly port: number
  readonly url: string
  /** Stands still, with its connections open. */
  hang(): void
  goOn(): void
  kill(): Promise<void>
  /** On the same port, empty. */
  startAgain(): Promise<void>
}

/** A Redis of its own on a free port of the loopback, which writes nothing. */
export async function startRedis(whenOver: WhenOver = onTestFinished): Promise<RedisServer> {
  const port = await freePort()
  const directory = mkdtempSync(join(tmpdir(), 'recsys-redis-'))
  let child = await launch(port, directory)
  whenOver(() => {
    child.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  })
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    hang: () => void child.kill('SIGSTOP'),
    goOn: () => void child.kill('SIGCONT'),
    kill: async () => {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
    startAgain: async () => {
      child = await launch(port, directory)
    },
  }
}

async function launch(port: number, directory: string): Promise<ChildProcess> {
  const where = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory]
  const child = spawn(path, [...where, '--save', '', '--appendonly', 'no'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface({ input: child.stdout! })) {
    if (!line.includes('Ready to accept connections')) continue
    child.stdout!.resume()
    return child
  }
  throw new Error('redis-server ended before it was ready')
}

/** Passes everything on to a port, each piece so many milliseconds later. */
export async function slowLine(
  port: number,
  ms: number,
): Promise<{ readonly server: Server; readonly url: string }> {
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    const pass = (from: typeof near, to: typeof near) => {
      from.on('data', (chunk) => void setTimeout(() => to.writable && to.write(chunk), ms / 2))
      from.on('error', () => to.destroy()).on('close', () => to.destroy())
    }
    pass(near, far)
    pass(far, near)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, url: `redis://127.0.0.1:${(server.address() as { port: number }).port}` }
}
