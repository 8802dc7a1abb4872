import type { Server } from 'node:http'
import swagger from '@fastify/swagger'
import {
  type FastifyHttpOptions,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
} from 'fastify'
import { RecsysError } from '../../errors.ts'
import { programVersion } from '../../host.ts'
import { guardRoutes } from './access.ts'
import { registerAdmin } from './admin-routes.ts'
import type { AppContext } from './app-context.ts'
import { registerDashboardPage } from './dashboard-page.ts'
import { registerDashboard } from './dashboard-routes.ts'
import { registerDocs } from './docs-page.ts'
import { registerEvents } from './event-routes.ts'
import { registerHealth } from './health-routes.ts'
import { answerBrokenRequest, sendError } from './http-errors.ts'
import { registerInferenceProtocol } from './inference-protocol-routes.ts'
import { registerItems } from './item-routes.ts'
import { shedLoad } from './load-shedding.ts'
import { collectRoutes, refuseOtherMethods } from './other-methods.ts'
import { limitRates } from './rate-limit.ts'
import { registerRecommendations } from './recommendation-routes.ts'
import { requestIds } from './request-id.ts'
import { traceRequests } from './tracing.ts'
import { registerUsers } from './user-routes.ts'
import { explainViolation } from './violations.ts'

/** Bounds on what one client can ask of a thread. */
export interface AppLimits {
  /** Time for a whole request to arrive, in milliseconds. */
  readonly requestTimeoutMs: number
  readonly bodyBytes: number
  /** Address and headers together. */
  readonly headerBytes: number
  readonly keepAliveMs: number
  readonly maxConnections: number
  /** Of one client; 0: no limit. */
  readonly requestsPerSecond: number
  /** Lateness of the event loop from which on requests are refused. */
  readonly maxDelayMs: number
}

export const defaultLimits: AppLimits = {
  requestTimeoutMs: 10_000,
  bodyBytes: 1024 * 1024,
  headerBytes: 16 * 1024,
  keepAliveMs: 65_000,
  maxConnections: 10_000,
  requestsPerSecond: 0,
  maxDelayMs: 1000,
}

/** The HTTP application of one request thread, ready to listen or to be injected into. */
export async function buildApp(
  context: AppContext,
  limits: AppLimits = defaultLimits,
): Promise<FastifyInstance> {
  const app = fastify(serverOptions(context, limits))
  app.server.maxConnections = limits.maxConnections
  app.removeContentTypeParser('text/plain')
  app.decorateRequest('modelVersion', '')
  app.decorateRequest('route', 'unmatched')
  app.decorateRequest('apiKey', null)
  if (context.isTracing) await traceRequests(app)
  addHooks(app, context)
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply, context.log))
  app.setNotFoundHandler((request) => {
    throw new RecsysError('RECSYS_HTTP_NOT_FOUND', { message: `there is no route ${shortPath(request.url)}` })
  })
  shedLoad(app, limits.maxDelayMs)
  limitRates(app, context, limits.requestsPerSecond)
  guardRoutes(app, context)
  const routes = collectRoutes(app)
  await describeApi(app)
  registerRecommendations(app, context)
  registerItems(app, context)
  registerUsers(app, context)
  await registerEvents(app, context)
  registerHealth(app, context)
  registerInferenceProtocol(app, context)
  registerAdmin(app, context)
  registerDashboard(app, context.dashboard)
  registerDashboardPage(app)
  refuseOtherMethods(app, routes)
  await app.ready()
  return app
}

function serverOptions({ log, tls }: AppContext, limits: AppLimits): FastifyHttpOptions<Server> {
  const server = {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.requestTimeoutMs,
    connectionsCheckingInterval: Math.min(1000, limits.requestTimeoutMs / 2),
  }
  return {
    // The framework makes a TLS server of it where `https` is there; its types want to know which one beforehand.
    ...(tls ? ({ https: { ...server, ...tls } } as object) : { http: server }),
    requestTimeout: limits.requestTimeoutMs,
    bodyLimit: limits.bodyBytes,
    keepAliveTimeout: limits.keepAliveMs,
    // A request that arrives on an open connection during the drain is still answered.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    // Ids are judged by the schemas, with an error that names the field; no parameter is longer than the headers.
    routerOptions: { maxParamLength: limits.headerBytes },
    genReqId: requestIds(),
    // Strings become numbers where a schema wants one, but nothing is silently dropped.
    ajv: { customOptions: { coerceTypes: 'array', removeAdditional: false, verbose: true } },
    schemaErrorFormatter: explainViolation,
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: (error, request, reply) =>
      sendError(error, request as FastifyRequest, reply as FastifyReply, log),
  }
}

function addHooks(app: FastifyInstance, { metrics, log, tally }: AppContext): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    reply.header('x-content-type-options', 'nosniff')
    reply.header('cache-control', 'no-store')
    done()
  })
  const isVerbose = log.isLevelEnabled('debug')
  let draining = false
  app.addHook('preClose', (done) => {
    draining = true
    done()
  })
  app.addHook('onSend', (_, reply, payload, done) => {
    // The framework says so only to requests that arrive after the stop; this is for those in flight.
    if (draining) reply.header('connection', 'close')
    done(null, payload)
  })
  app.addHook('onResponse', (request, reply, done) => {
    const { method, modelVersion, route } = request
    const ms = reply.elapsedTime
    metrics.observe(method, route, reply.statusCode, modelVersion, ms / 1000)
    const version = Number(modelVersion)
    const isError = reply.statusCode >= 500
    if (version > 0) tally.answered(version, isError, ms)
    if (!isOwnAffair(route)) tally.requested(isError, ms)
    if (isVerbose) {
      const { url, id: reqId } = request
      log.debug({ reqId, method, url, status: reply.statusCode, ms }, 'request')
    }
    done()
  })
}

/** Routes for whoever runs the server: what they do is no load of the service. */
function isOwnAffair(route: string): boolean {
  return route === '/' || ownAffairs.some((prefix) => route.startsWith(prefix))
}

const ownAffairs = ['/api/v1/', '/dashboard/', '/admin/', '/health', '/metrics', '/docs', '/openapi.json']

async function describeApi(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.0.3',
      info: {
        title: 'recsys',
        description: 'Recommendations from the model in production.',
        version: programVersion(),
      },
      tags: [
        { name: 'recommendations' },
        { name: 'feedback' },
        { name: 'health' },
        { name: 'admin' },
        { name: 'dashboard' },
      ],
      components: {
        securitySchemes: {
          adminToken: { type: 'http', scheme: 'bearer' },
          key: { type: 'http', scheme: 'bearer' },
        },
      },
    },
  })
  registerDocs(app)
  app.get('/openapi.json', { config: { scope: 'public' }, schema: { hide: true } }, () => app.swagger())
}

function shortPath(url: string): string {
  const path = url.split('?', 1)[0]!
  return path.length <= 60 ? path : `${path.slice(0, 60)}…`
}
