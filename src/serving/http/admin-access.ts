import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'
import { RecsysError } from '../../errors.ts'

/** SHA-256 of the admin token: all that request threads ever see of it. */
export type TokenDigest = Uint8Array

export function digestToken(token: string): TokenDigest {
  return createHash('sha256').update(token).digest()
}

/**
 * Lets a request into the admin routes or throws. With a token: whoever has it, compared in constant time. Without
 * one: this machine only, judged by the peer's address and never by a header, and no browser page that found its way
 * here, nor a proxy that speaks for somebody else.
 */
export function checkAdminAccess(request: FastifyRequest, token: TokenDigest | undefined): void {
  if (token === undefined) checkPeer(request)
  else checkToken(request.headers.authorization, token)
}

/** Whether somebody at this machine asks, by the same rules as for the admin routes without a token. */
export function isFromHere(request: FastifyRequest): boolean {
  try {
    checkPeer(request)
    return true
  } catch (error) {
    if (error instanceof RecsysError) return false
    throw error
  }
}

function checkPeer(request: FastifyRequest): void {
  if (!isLoopback(request.socket.remoteAddress ?? ''))
    throw forbidden('the request comes from another machine')
  if (proxyHeaders.some((name) => request.headers[name] !== undefined)) {
    throw forbidden('the request comes through a proxy')
  }
  checkNotFromPage(request)
}

const proxyHeaders = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via']

function checkToken(authorization: string | undefined, token: TokenDigest): void {
  const given = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]
  if (given !== undefined && timingSafeEqual(digestToken(given), token)) return
  const message = given === undefined ? 'the admin routes need a token' : 'the token is not the right one'
  throw new RecsysError('RECSYS_ADMIN_UNAUTHORIZED', { message })
}

/** A name that resolves to this machine (DNS rebinding) shows in Host, a page of another site in Origin. */
function checkNotFromPage({ headers, protocol: own }: FastifyRequest): void {
  if (!isLoopbackName(hostname(headers.host))) throw forbidden('the Host header does not name this machine')
  const { origin } = headers
  const site = headers['sec-fetch-site']
  const foreignSite = site !== undefined && site !== 'same-origin' && site !== 'none'
  if (foreignSite || (origin !== undefined && origin !== `${own}://${headers.host}`)) {
    throw forbidden('the request comes from a page of another site')
  }
}

function hostname(host: string | undefined): string {
  return URL.parse(`http://${host ?? ''}`)?.hostname ?? ''
}

function isLoopbackName(name: string): boolean {
  return name === 'localhost' || isLoopback(name.replace(/^\[(.*)\]$/, '$1'))
}

function isLoopback(address: string): boolean {
  const ip = address.replace(/^::ffff:(?=\d)/i, '')
  return isIP(ip) === 4 ? ip.startsWith('127.') : ip === '::1'
}

function forbidden(why: string): RecsysError {
  return new RecsysError('RECSYS_ADMIN_FORBIDDEN', {
    message: `${why}, and without a token the admin routes answer on loopback only`,
  })
}
