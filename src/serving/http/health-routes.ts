import type { FastifyInstance, FastifyRequest } from 'fastify'
import { programVersion } from '../../host.ts'
import type { LoadFailure } from '../types.ts'
import type { AppContext } from './app-context.ts'
import { openObject } from './schemas.ts'

/**
 * `/health` tells people, always with 200; `/health/live` and `/health/ready` tell an orchestrator whether to restart
 * the process and whether to send it requests.
 */
export function registerHealth(app: FastifyInstance, context: AppContext): void {
  const version = programVersion()
  const config = { scope: 'public' } as const
  app.get('/health', { config, schema: described('health', 'the state of the server') }, () => ({
    version,
    ...healthOf(context),
  }))
  app.get('/health/live', { config, schema: described('live', 'is the process alive?') }, () => ({
    status: 'ok',
  }))
  app.get(
    '/health/ready',
    {
      config,
      schema: {
        ...described('ready', 'can it answer recommendations?'),
        response: { 200: openObject('A model is in service.'), 503: openObject('No model yet, and why.') },
      },
    },
    (_, reply) => {
      const health = healthOf(context)
      return reply.code(health.status === 'unready' ? 503 : 200).send(health)
    },
  )
  app.get(
    '/metrics',
    {
      config: { scope: 'read' },
      schema: { ...described('metrics', 'metrics of all threads'), response: { 200: prometheusText } },
    },
    async (_, reply) => reply.type('text/plain; version=0.0.4; charset=utf-8').send(await context.scrape()),
  )
}

/** Orchestrators must not be put off: an answer that comes too late is a restart. */
export function isHealthRoute({ url }: FastifyRequest): boolean {
  return url.startsWith('/health') || url.startsWith('/v2/health')
}

const prometheusText = {
  description: 'The text format of Prometheus.',
  content: { 'text/plain': { schema: { type: 'string' } } },
}

/** `degraded`: answers, but not with what the registry wants in production. */
function healthOf({ slot, status }: AppContext) {
  const { startedAt, modelSince, failure } = status()
  const model = slot.current?.identity ?? null
  const degraded = failure !== null || model?.version === null
  const state = model === null ? 'unready' : degraded ? 'degraded' : 'ok'
  return { status: state, startedAt, model, modelSince, failure: failure && publicPart(failure) }
}

/** Without the message: it names files of the server. Admins and the log have it. */
function publicPart({ at, code, remedy, version, attempts, nextAttemptAt }: LoadFailure) {
  return { at, code, remedy, version, attempts, nextAttemptAt }
}

function described(operationId: string, summary: string) {
  return { operationId, summary, tags: ['health'], response: { 200: openObject(summary) } }
}
