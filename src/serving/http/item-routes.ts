import type { FastifyInstance } from 'fastify'
import { RecsysError } from '../../errors.ts'
import type { ServedModel } from '../ranking/served-model.ts'
import { type AppContext, modelInService } from './app-context.ts'
import { renderItem, renderSimilar } from './render.ts'
import { errorResponse, itemResponse, similarParams, similarQuery, similarResponse } from './schemas.ts'
import { preview } from './violations.ts'

export function registerItems(app: FastifyInstance, context: AppContext): void {
  app.get<{ Params: { itemId: string }; Querystring: { k: number } }>(
    '/items/:itemId/similar',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'similarItems',
        summary: 'the items nearest to one, itself left out',
        tags: ['recommendations'],
        params: similarParams,
        querystring: similarQuery,
        response: { 200: similarResponse, 400: errorResponse, 404: errorResponse, 503: errorResponse },
      },
    },
    (request, reply) => {
      const model = modelInService(context)
      request.modelVersion = String(model.identity.version ?? 'none')
      const { itemId } = request.params
      const itemIndex = knownItem(model, itemId)
      const ranking = model.rankSimilar(itemIndex, request.query.k)
      reply.type('application/json; charset=utf-8').send(renderSimilar(model, itemId, ranking))
    },
  )
  app.get<{ Params: { itemId: string } }>(
    '/items/:itemId',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'item',
        summary: 'an item of the catalogue',
        tags: ['recommendations'],
        params: similarParams,
        response: { 200: itemResponse, 400: errorResponse, 404: errorResponse, 503: errorResponse },
      },
    },
    (request, reply) => {
      const model = modelInService(context)
      request.modelVersion = String(model.identity.version ?? 'none')
      const itemIndex = knownItem(model, request.params.itemId)
      reply.type('application/json; charset=utf-8').send(renderItem(model, itemIndex))
    },
  )
}

function knownItem(model: ServedModel, itemId: string): number {
  const itemIndex = model.itemIndex(itemId)
  if (itemIndex >= 0) return itemIndex
  throw new RecsysError('RECSYS_ITEM_UNKNOWN', {
    message: `the model has no item ${preview(itemId)}`,
    field: 'itemId',
  })
}
