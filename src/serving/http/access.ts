import { hash, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import { RecsysError } from '../../errors.ts'
import type { KeyScope } from '../../registry/types.ts'
import { checkAdminAccess, isFromHere } from './admin-access.ts'
import type { AppContext } from './app-context.ts'
import type { KnownKey } from './known-key.ts'

/**
 * Who may use a route: everybody, or whoever has a key with that scope. `dashboard`: whoever may do what an admin may, and on a server that
 * asks for no keys whoever sits at this machine.
 */
export type RouteScope = 'public' | 'dashboard' | KeyScope

declare module 'fastify' {
  interface FastifyContextConfig {
    scope?: RouteScope
  }
}

/**
 * Guards every route that is registered after this call. A route that names no scope is a mistake and is not registered:
 * nothing is open because somebody forgot to close it.
 */
export function guardRoutes(app: FastifyInstance, context: AccessContext): void {
  app.addHook('onRoute', (route) => {
    const { url, method, config, onRequest } = route
    const scope = config?.scope
    if (scope === undefined) throw new Error(`route ${[method].flat().join()} ${url} names no scope`)
    // First of all that a request meets on the route, and with what is known of it already: the framework would put it
    // together anew at every request.
    const guard = (request: FastifyRequest, _: FastifyReply, done: HookHandlerDoneFunction) => {
      request.route = url
      try {
        if (scope !== 'public') admit(request, scope, context)
        done()
      } catch (error) {
        done(error as RecsysError)
      }
    }
    route.onRequest = [guard, ...(onRequest === undefined ? [] : [onRequest].flat())]
  })
}

/** What the guard has to know. */
export type AccessContext = Pick<AppContext, 'keys' | 'keysRequired' | 'adminToken'>

function admit(
  request: FastifyRequest,
  asked: Exclude<RouteScope, 'public'>,
  { keys, keysRequired, adminToken }: AccessContext,
): void {
  const key = keyOf(request, keys())
  if (asked === 'dashboard' && !keysRequired && isFromHere(request)) return
  const scope = asked === 'dashboard' ? 'admin' : asked
  if (key?.scopes.includes(scope)) return
  if (scope === 'admin' && (adminToken !== undefined || !keysRequired)) checkAdminAccess(request, adminToken)
  else if (keysRequired) throw refusal(key, scope)
}

function refusal(key: KnownKey | undefined, scope: KeyScope): RecsysError {
  return key === undefined
    ? new RecsysError('RECSYS_KEY_UNAUTHORIZED', {
        message: 'this route needs a key that is known and not revoked',
      })
    : new RecsysError('RECSYS_KEY_FORBIDDEN', { message: `the key has not the scope ${scope}` })
}

/** The key that the request brings, when it is one of ours; looked up once a request. */
export function keyOf(request: FastifyRequest, keys: ReadonlyMap<string, KnownKey>): KnownKey | undefined {
  if (request.apiKey === null) request.apiKey = knownKey(request.headers.authorization, keys)
  return request.apiKey
}

/** The digests are compared in constant time. */
function knownKey(
  authorization: string | undefined,
  keys: ReadonlyMap<string, KnownKey>,
): KnownKey | undefined {
  if (authorization === undefined || keys.size === 0) return undefined
  const match = /^Bearer (recsys_([0-9a-f]{12})_[\w-]{43})$/i.exec(authorization)
  const known = match && keys.get(match[2]!)
  if (!known) return undefined
  const digest = hash('sha256', match[1]!, 'buffer')
  return timingSafeEqual(digest, known.sha256) ? known : undefined
}
