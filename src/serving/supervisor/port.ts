import { once } from 'node:events'
import { createServer, type ListenOptions, type Server } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { type ErrorCode, RecsysError } from '../../errors.ts'

/**
 * Request threads share a port with SO_REUSEPORT, which would let a second server share it as well, silently. So the
 * port is first bound without the option: that fails as soon as anybody listens there, with the option or without.
 */
export async function refusePortInUse(host: string, port: number): Promise<void> {
  const problem = await tryListen({ host, port, exclusive: true })
  if (problem) throw listenError(problem.code ?? 'unknown', problem.message, host, port)
}

/** Linux and the BSDs know SO_REUSEPORT with load balancing; elsewhere one thread has to do. */
export async function canSharePort(host: string): Promise<boolean> {
  const problem = await tryListen({ host, port: 0, reusePort: true })
  return problem?.code !== 'ENOTSUP' && problem?.code !== 'EINVAL'
}

/** @param code  of the operating system */
export function listenError(code: string, message: string, host: string, port: number): RecsysError {
  const [ours, what] = listenErrors[code] ?? (['RECSYS_HOST_UNAVAILABLE', message] as const)
  return new RecsysError(ours, { message: `cannot listen on ${host}:${port}: ${what}` })
}

const listenErrors: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  EADDRINUSE: ['RECSYS_PORT_IN_USE', 'another program listens there'],
  EADDRNOTAVAIL: ['RECSYS_HOST_UNAVAILABLE', 'the address is not one of this machine'],
  ENOTFOUND: ['RECSYS_HOST_UNAVAILABLE', 'the host name does not resolve'],
  EACCES: ['RECSYS_PORT_FORBIDDEN', 'the system does not allow it'],
}

const turnRetryMs = 20

/**
 * Between the look and the listening another recsys could look as well. A name that only one process at a time can
 * hold makes them take turns; it goes when the process goes. (An abstract socket: Linux has them, and Linux is where
 * ports are shared most.)
 */
export async function takeTurnAtPort<T>(port: number, action: () => Promise<T>): Promise<T> {
  const turn = await waitForTurn(`\0recsys-port-${port}`)
  try {
    return await action()
  } finally {
    turn?.close()
  }
}

async function waitForTurn(path: string): Promise<Server | undefined> {
  if (process.platform !== 'linux') return undefined
  for (;;) {
    const server = createServer()
    const problem = await listening(server, { path })
    if (!problem) return server
    if (problem.code !== 'EADDRINUSE') return undefined
    await delay(turnRetryMs)
  }
}

async function tryListen(options: ListenOptions): Promise<NodeJS.ErrnoException | undefined> {
  const server = createServer()
  const problem = await listening(server, options)
  if (problem) return problem
  server.close()
  await once(server, 'close')
  return undefined
}

function listening(server: Server, options: ListenOptions): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    server.once('error', resolve)
    server.listen(options, () => resolve(undefined))
  })
}

/** A host for an address that a client on this machine can use. */
export function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}
