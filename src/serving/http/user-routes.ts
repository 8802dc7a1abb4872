import type { FastifyInstance } from 'fastify'
import { RecsysError } from '../../errors.ts'
import type { ServedModel } from '../ranking/served-model.ts'
import { type AppContext, modelInService } from './app-context.ts'
import { renderHistory } from './render.ts'
import {
  errorResponse,
  historyResponse,
  pageQuery,
  similarQuery,
  similarUsersResponse,
  userParams,
} from './schemas.ts'
import { preview } from './violations.ts'

const refusals = { 400: errorResponse, 404: errorResponse, 503: errorResponse }
const described = { tags: ['recommendations'], params: userParams }

export function registerUsers(app: FastifyInstance, context: AppContext): void {
  app.get<{ Params: { userId: string }; Querystring: { k: number; offset: number } }>(
    '/users/:userId/history',
    {
      config: { scope: 'read' },
      schema: {
        ...described,
        operationId: 'userHistory',
        summary: 'what the model knows the user has touched',
        querystring: pageQuery,
        response: { 200: historyResponse, ...refusals },
      },
    },
    (request, reply) => {
      const model = modelInService(context)
      request.modelVersion = String(model.identity.version ?? 'none')
      const { userId } = request.params
      const history = model.historyOf(userId) ?? unknownUser(userId)
      const { k, offset } = request.query
      const page = byPopularity(model, history).slice(offset, offset + k)
      reply.type('application/json; charset=utf-8').send(renderHistory(model, userId, history.length, page))
    },
  )
  app.get<{ Params: { userId: string }; Querystring: { k: number } }>(
    '/users/:userId/similar',
    {
      config: { scope: 'read' },
      schema: {
        ...described,
        operationId: 'similarUsers',
        summary: 'the users with the nearest taste, the user left out',
        querystring: similarQuery,
        response: { 200: similarUsersResponse, ...refusals },
      },
    },
    (request) => {
      const model = modelInService(context)
      const { name, version, runId } = model.identity
      request.modelVersion = String(version ?? 'none')
      const { userId } = request.params
      const users = model.similarUsers(userId, request.query.k) ?? unknownUser(userId)
      return { userId, model: { name, version, runId }, users }
    },
  )
}

function byPopularity(model: ServedModel, items: Int32Array): number[] {
  return [...items].sort((a, b) => model.interactionsOf(b) - model.interactionsOf(a) || a - b)
}

function unknownUser(userId: string): never {
  const message = `the model has no user ${preview(userId)}`
  throw new RecsysError('RECSYS_USER_UNKNOWN', { message, field: 'userId' })
}
