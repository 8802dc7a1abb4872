import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'
import { RecsysError } from '../errors.ts'
import { Connection } from './connection.ts'
import type { Target, TlsTrust } from './types.ts'

export interface TargetOptions {
  readonly url: string
  readonly allowedHosts: readonly string[]
  readonly timeoutMs: number
  readonly tls?: TlsTrust | undefined
  readonly http2?: boolean | undefined
}

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/**
 * Checks that the URL may be loaded and that a server answers there.
 * @throws RECSYS_USAGE for a URL that is none or a host that needs --allow-host
 * @throws RECSYS_TARGET_UNREACHABLE when no HTTP server answers
 */
export async function findTarget({
  url,
  allowedHosts,
  timeoutMs,
  tls,
  http2,
}: TargetOptions): Promise<Target> {
  const parsed = parseUrl(url)
  const hostname = parsed.hostname.replace(/^\[|\]$/g, '')
  const addresses = await resolve(hostname, url)
  if (!allowedHosts.includes(hostname)) requireLoopback(hostname, addresses)
  const basePath = parsed.pathname.replace(/\/+$/, '')
  const targets = addresses.map((address) => ({
    origin: parsed.origin,
    basePath,
    hostname,
    address,
    tls,
    http2,
  }))
  return firstAnswering(targets, timeoutMs)
}

function parseUrl(text: string): URL {
  const url = URL.parse(text)
  const plain = url && !url.username && !url.password && !url.search && !url.hash
  if (url && plain && (url.protocol === 'http:' || url.protocol === 'https:')) return url
  throw new RecsysError('RECSYS_USAGE', {
    message: `--url is ${JSON.stringify(text)}, expected such as http://127.0.0.1:8000, without user, query or fragment`,
    field: 'url',
  })
}

async function resolve(hostname: string, url: string): Promise<string[]> {
  if (isIP(hostname)) return [hostname]
  try {
    return (await lookup(hostname, { all: true })).map(({ address }) => address)
  } catch (cause) {
    throw unreachable(url, cause)
  }
}

function requireLoopback(hostname: string, addresses: readonly string[]): void {
  const outside = addresses.find((address) => !isLoopback(address))
  if (outside === undefined) return
  throw new RecsysError('RECSYS_USAGE', {
    message: `--url names ${hostname} (${outside}), expected this machine (127.0.0.0/8, ::1 or localhost)`,
    remedy: `Load a host only with its owner's consent; then add --allow-host ${hostname}.`,
    field: 'url',
  })
}

export function isLoopback(address: string): boolean {
  return loopback.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

/** A name may stand for several addresses, of which the server listens on one: ::1 and 127.0.0.1 as a rule. */
async function firstAnswering(targets: readonly Target[], timeoutMs: number): Promise<Target> {
  let last: unknown
  for (const target of targets) {
    const connection = new Connection(target, timeoutMs)
    const answer = await connection.send({ method: 'GET', path: `${target.basePath}/health` })
    connection.discard()
    if ('status' in answer) return target
    last = answer.error
  }
  throw unreachable(targets[0]?.origin ?? '', last)
}

function unreachable(url: string, cause: unknown): RecsysError {
  const reason = cause instanceof Error ? cause.message || cause.name : String(cause)
  return new RecsysError('RECSYS_TARGET_UNREACHABLE', {
    message: `no HTTP server answers at ${url}: ${reason}`,
    cause,
  })
}
