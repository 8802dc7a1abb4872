import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Ranking, RankingQuery, RatedItem, ServedModel } from '../ranking/served-model.ts'
import { maxIdLength } from '../shared/id-table.ts'
import { type AppContext, modelInService } from './app-context.ts'
import { renderRecommendation } from './render.ts'
import {
  errorResponse,
  maxCategories,
  maxExcluded,
  recommendationBody,
  recommendationParams,
  recommendationQuery,
  recommendationResponse,
} from './schemas.ts'
import { invalid, preview } from './violations.ts'

interface QueryString {
  readonly k: number
  readonly excludeSeen: boolean
  readonly category?: string[]
  readonly exclude?: string[]
}

interface Body {
  readonly userId?: string
  readonly history?: RatedItem[]
  readonly k: number
  readonly excludeSeen: boolean
  readonly categories?: string[]
  readonly exclude?: string[]
}

const described = {
  tags: ['recommendations'],
  response: { 200: recommendationResponse, 400: errorResponse, 503: errorResponse },
}

export function registerRecommendations(app: FastifyInstance, context: AppContext): void {
  app.get<{ Params: { userId: string }; Querystring: QueryString }>(
    '/recommendations/:userId',
    {
      schema: {
        ...described,
        operationId: 'recommendationsForUser',
        summary: 'the best items for a user',
        params: recommendationParams,
        querystring: recommendationQuery,
      },
    },
    (request, reply) => {
      const model = modelInService(context)
      const { userId } = request.params
      const ranking = model.rankForUser(userId, queryOf(request.query, model))
      sendRanking(context, request, reply, model, userId, ranking)
    },
  )
  app.post<{ Body: Body }>(
    '/recommendations',
    {
      schema: {
        ...described,
        operationId: 'recommendations',
        summary: 'the best items for a user, or for the history of somebody the model has not met',
        body: recommendationBody,
      },
    },
    (request, reply) => {
      const model = modelInService(context)
      const ranking = rankBody(request.body, model)
      sendRanking(context, request, reply, model, request.body.userId ?? null, ranking)
    },
  )
}

function sendRanking(
  { metrics }: AppContext,
  request: FastifyRequest,
  reply: FastifyReply,
  model: ServedModel,
  userId: string | null,
  ranking: Ranking,
): void {
  request.modelVersion = String(model.identity.version ?? 'none')
  metrics.countRanking(ranking.source)
  reply.type('application/json; charset=utf-8').send(renderRecommendation(model, userId, ranking))
}

function queryOf({ k, excludeSeen, category, exclude }: QueryString, model: ServedModel): RankingQuery {
  return {
    k,
    excludeSeen,
    categories: splitList('category', category, maxCategories, (name) => model.hasCategory(name)),
    exclude: splitList('exclude', exclude, maxExcluded, (itemId) => model.itemIndex(itemId) >= 0),
  }
}

function rankBody(body: Body, model: ServedModel): Ranking {
  const { userId, history, k, excludeSeen, categories = [], exclude = [] } = body
  const query = { k, excludeSeen, categories, exclude }
  if ((userId === undefined) === (history === undefined)) {
    throw invalid('userId', 'and history exclude each other, and one of them is needed')
  }
  if (history === undefined) return model.rankForUser(userId!, query)
  checkRatings(history, model.ratingRange)
  return model.rankForHistory(history, query)
}

function checkRatings(history: readonly RatedItem[], [min, max]: readonly [number, number]): void {
  const wrong = history.findIndex(({ rating = max }) => !(rating >= min && rating <= max))
  if (wrong < 0) return
  const got = preview(history[wrong]!.rating)
  throw invalid(`history/${wrong}/rating`, `is ${got}, expected a number from ${min} to ${max}`)
}

/**
 * Repeated parameters, each of them one name or several with commas between them. A name that has a comma of its own
 * is recognised by `isKnown`.
 */
function splitList(
  field: string,
  values: readonly string[] | undefined,
  maxLength: number,
  isKnown: (name: string) => boolean,
): string[] {
  if (values === undefined) return []
  const names = values.flatMap((value) => (isKnown(value) ? value : value.split(',')))
  if (names.length > maxLength)
    throw invalid(field, `has ${names.length} entries, expected ${maxLength} at most`)
  const wrong = names.find((name) => name === '' || name.length > maxIdLength)
  if (wrong === undefined) return names
  throw invalid(field, `holds ${preview(wrong)}, expected texts of 1 to ${maxIdLength} characters`)
}
