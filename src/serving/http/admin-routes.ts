import type { FastifyInstance } from 'fastify'
import { type ErrorCode, RecsysError } from '../../errors.ts'
import type { ModelCommand, TrialRequest } from '../types.ts'
import type { AppContext } from './app-context.ts'
import { errorResponse, openObject, reasonBody, trialBody } from './schemas.ts'

const refusals = { 401: errorResponse, 403: errorResponse }
const described = { tags: ['admin'], security: [{ adminToken: [] }] }

export function registerAdmin(app: FastifyInstance, context: AppContext): void {
  app.get(
    '/admin/models',
    {
      schema: {
        ...described,
        operationId: 'models',
        summary:
          'the model in service, what is on trial, what is kept warm, and what each version has done of late',
        response: { 200: openObject('The state of the supervisor.'), ...refusals },
      },
      config: { scope: 'admin' },
    },
    async () => ({ ...context.status(), versions: await context.versions() }),
  )
  app.post(
    '/admin/reload-models',
    {
      schema: {
        ...described,
        operationId: 'reloadModels',
        summary: 'look into the registry now and change over to what is in production',
        response: {
          200: openObject('Swapped, or unchanged because the version is in service already.'),
          409: openObject('The new model could not be used: why, and the one that stays.'),
          ...refusals,
        },
      },
      config: { scope: 'admin' },
    },
    async (_, reply) => {
      const result = await context.reload()
      if (result.outcome !== 'failed') return result
      const { code, message, remedy } = result.failure
      return reply.code(409).send({ error: { code, message, remedy }, model: result.model })
    },
  )
  const commanded = (operationId: string, summary: string) => ({
    ...{ ...described, operationId, summary },
    response: {
      200: openObject('Done: the version that it was about, null when there was none.'),
      ...{ 400: errorResponse, 404: errorResponse, 409: errorResponse, 503: errorResponse },
      ...refusals,
    },
  })
  const config = { scope: 'admin' } as const
  app.post<{ Body: { reason: string } }>(
    '/admin/rollback',
    {
      schema: { ...commanded('rollback', 'put the previous production version back'), body: reasonBody },
      config,
    },
    async (request) => carryOut(context, { type: 'rollback', reason: request.body.reason }),
  )
  app.post<{ Body: TrialRequest & { reason: string } }>(
    '/admin/trial',
    {
      schema: {
        ...commanded('startTrial', 'try a version out on live requests, beside the one in production'),
        body: trialBody,
      },
      config,
    },
    async ({ body: { reason, ...trial } }) => carryOut(context, { type: 'start-trial', trial, reason }),
  )
  app.post<{ Body: { reason: string } }>(
    '/admin/end-trial',
    { schema: { ...commanded('endTrial', 'end the trial'), body: reasonBody }, config },
    async (request) => carryOut(context, { type: 'end-trial', reason: request.body.reason }),
  )
}

async function carryOut(context: AppContext, command: ModelCommand): Promise<{ version: number | null }> {
  const outcome = await context.command(command)
  if (outcome.done) return { version: outcome.version }
  const { code, message, remedy } = outcome
  throw new RecsysError(code as ErrorCode, { message, remedy })
}
