import type { AddressInfo } from 'node:net'
import swagger from '@fastify/swagger'
import { fastify } from 'fastify'
import { RecsysError } from '../errors.ts'
import { programVersion } from '../host.ts'
import type { DashboardLine } from './dashboard-line.ts'
import { guardRoutes } from './http/access.ts'
import { digestToken } from './http/admin-access.ts'
import { defaultLimits } from './http/app.ts'
import { registerDashboardPage } from './http/dashboard-page.ts'
import { registerDashboard } from './http/dashboard-routes.ts'
import { registerDocs } from './http/docs-page.ts'
import { sendError } from './http/http-errors.ts'
import { collectRoutes, refuseOtherMethods } from './http/other-methods.ts'
import { explainViolation } from './http/violations.ts'
import { createLog } from './log.ts'
import { DashboardDesk } from './supervisor/dashboard-desk.ts'
import { listenError, urlHost } from './supervisor/port.ts'
import { DashboardFollowers } from './threads/dashboard-followers.ts'

export interface DashboardServerOptions {
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
  /** Without one, changes are accepted from this machine only. */
  readonly adminToken: string | undefined
  readonly start: () => DashboardLine
}

export interface DashboardServer {
  readonly url: string
  stop(): Promise<void>
}

/**
 * The dashboard without a server of recommendations: page, API and its description, with the same guards.
 * @throws RECSYS_PORT_IN_USE | RECSYS_PORT_FORBIDDEN | RECSYS_HOST_UNAVAILABLE
 */
export async function serveDashboard(options: DashboardServerOptions): Promise<DashboardServer> {
  const { host, port, adminToken, start } = options
  const log = createLog('warn', 'dashboard')
  const followers = new DashboardFollowers((count) => desk.listenersAre(count))
  const desk = new DashboardDesk(start, (news) => followers.tell(news))
  const seconds = setInterval(() => desk.secondPassed(), 1000)
  const app = fastify({
    forceCloseConnections: true,
    requestTimeout: defaultLimits.requestTimeoutMs,
    bodyLimit: defaultLimits.bodyBytes,
    ajv: { customOptions: { coerceTypes: 'array', removeAdditional: false, verbose: true } },
    schemaErrorFormatter: explainViolation,
  })
  app.removeContentTypeParser('text/plain')
  app.decorateRequest('route', 'unmatched')
  app.decorateRequest('modelVersion', '')
  app.decorateRequest('apiKey', null)
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    reply.header('x-content-type-options', 'nosniff')
    reply.header('cache-control', 'no-store')
    done()
  })
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply, log))
  app.setNotFoundHandler(() => {
    throw new RecsysError('RECSYS_HTTP_NOT_FOUND', { message: 'there is no such route' })
  })
  const digest = adminToken === undefined ? undefined : digestToken(adminToken)
  guardRoutes(app, { keys: () => new Map(), keysRequired: false, adminToken: digest })
  const routes = collectRoutes(app)
  await app.register(swagger, {
    openapi: {
      openapi: '3.0.3',
      info: { title: 'recsys dashboard', version: programVersion() },
      components: { securitySchemes: { adminToken: { type: 'http', scheme: 'bearer' } } },
    },
  })
  registerDocs(app)
  app.get('/openapi.json', { config: { scope: 'public' }, schema: { hide: true } }, () => app.swagger())
  registerDashboard(app, {
    ask: (question) => desk.ask(question),
    live: async () => null,
    listen: (listener) => followers.add(listener),
  })
  registerDashboardPage(app)
  refuseOtherMethods(app, routes)
  const stop = async () => {
    clearInterval(seconds)
    await app.close()
    await desk.stop()
  }
  try {
    await app.listen({ host, port })
  } catch (error) {
    await stop()
    const { code = 'unknown', message } = error as NodeJS.ErrnoException
    throw listenError(code, message, host, port)
  }
  return { url: `http://${urlHost(host)}:${(app.server.address() as AddressInfo).port}`, stop }
}
