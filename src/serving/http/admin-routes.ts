import type { FastifyInstance } from 'fastify'
import type { AppContext } from './app-context.ts'
import { errorResponse, openObject } from './schemas.ts'

const refusals = { 401: errorResponse, 403: errorResponse }
const described = { tags: ['admin'], security: [{ adminToken: [] }] }

export function registerAdmin(app: FastifyInstance, context: AppContext): void {
  app.get(
    '/admin/models',
    {
      schema: {
        ...described,
        operationId: 'models',
        summary: 'the model in service, the last change-over and the last failure',
        response: { 200: openObject('The state of the supervisor.'), ...refusals },
      },
      config: { scope: 'admin' },
    },
    () => context.status(),
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
}
