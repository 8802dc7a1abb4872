import type { FastifyInstance } from 'fastify'
import { RecsysError } from '../../errors.ts'
import { type AppContext, modelInService } from './app-context.ts'
import { renderSimilar } from './render.ts'
import { errorResponse, similarParams, similarQuery, similarResponse } from './schemas.ts'
import { preview } from './violations.ts'

export function registerSimilar(app: FastifyInstance, context: AppContext): void {
  app.get<{ Params: { itemId: string }; Querystring: { k: number } }>(
    '/items/:itemId/similar',
    {
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
      const itemIndex = model.itemIndex(itemId)
      if (itemIndex < 0) {
        throw new RecsysError('RECSYS_ITEM_UNKNOWN', {
          message: `the model has no item ${preview(itemId)}`,
          field: 'itemId',
        })
      }
      const ranking = model.rankSimilar(itemIndex, request.query.k)
      reply.type('application/json; charset=utf-8').send(renderSimilar(model, itemId, ranking))
    },
  )
}
