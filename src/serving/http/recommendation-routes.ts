import { setImmediate } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { ExpressionError, fieldsOf, parseExpression } from '../filter/expression.ts'
import {
  maxDepth,
  type Ranking,
  type RankingQuery,
  type RatedItem,
  type ServedModel,
  type Where,
} from '../ranking/served-model.ts'
import { maxIdLength } from '../shared/id-table.ts'
import { type AppContext, modelFor } from './app-context.ts'
import { answerFromCache, keepInCache } from './cached-answers.ts'
import { type Ranked, rankUser, renderRanking } from './rank-user.ts'
import { withId } from './recommendation-id.ts'
import {
  batchBody,
  batchResponse,
  errorResponse,
  maxAllowed,
  maxCategories,
  maxExcluded,
  recommendationBody,
  recommendationParams,
  recommendationQuery,
  recommendationResponse,
} from './schemas.ts'
import { createShadow } from './shadow.ts'
import { invalid, preview } from './violations.ts'

interface RankingOptions {
  readonly k: number
  readonly offset: number
  readonly excludeSeen: boolean
  readonly minScore?: number
  readonly where?: string
  readonly diversity: number
  readonly explain: boolean
}

interface QueryString extends RankingOptions {
  readonly category?: string[]
  readonly exclude?: string[]
  readonly allow?: string[]
}

interface BodyFilters extends RankingOptions {
  readonly categories?: string[]
  readonly exclude?: string[]
  readonly allow?: string[]
}

interface Body extends BodyFilters {
  readonly userId?: string
  readonly history?: RatedItem[]
}

interface BatchBody extends BodyFilters {
  readonly userIds: string[]
}

const described = {
  tags: ['recommendations'],
  response: { 200: recommendationResponse, 400: errorResponse, 503: errorResponse },
}

export function registerRecommendations(app: FastifyInstance, context: AppContext): void {
  const shadow = createShadow(context)
  app.get<{ Params: { userId: string }; Querystring: QueryString }>(
    '/recommendations/:userId',
    {
      config: { scope: 'read' },
      schema: {
        ...described,
        operationId: 'recommendationsForUser',
        summary: 'the best items for a user',
        params: recommendationParams,
        querystring: recommendationQuery,
      },
      onRequest: answerFromCache(context),
    },
    (request, reply) => {
      const { userId } = request.params
      const model = modelFor(context, request, userId)
      const query = queryOf(request.query, model)
      const { explain } = request.query
      const { ranking, explainBy } = rankUser(context, model, userId, query)
      const text = renderRanking(model, userId, ranking, explain ? explainBy : undefined)
      shadow(model, userId, query, ranking)
      // Whoever the model does not know may send an event the next moment, which changes the answer.
      if (model.knows(userId)) keepInCache(context, model, request.url, text)
      context.remember({ url: request.url, userId, query, explain })
      sendRanking(context, reply, model, ranking, text)
    },
  )
  app.post<{ Body: Body }>(
    '/recommendations',
    {
      config: { scope: 'read' },
      schema: {
        ...described,
        operationId: 'recommendations',
        summary: 'the best items for a user, or for the history of somebody the model has not met',
        body: recommendationBody,
      },
    },
    (request, reply) => {
      const { userId, explain } = request.body
      const model = modelFor(context, request, userId)
      const query = bodyQuery(request.body, model)
      const { ranking, explainBy } = rankBody(context, model, request.body, query)
      const text = renderRanking(model, userId ?? null, ranking, explain ? explainBy : undefined)
      if (userId !== undefined) shadow(model, userId, query, ranking)
      sendRanking(context, reply, model, ranking, text)
    },
  )
  app.post<{ Body: BatchBody }>(
    '/batch/recommendations',
    {
      config: { scope: 'read' },
      schema: {
        ...described,
        operationId: 'recommendationsForUsers',
        summary: 'the best items for each of many users, with the same options',
        body: batchBody,
        response: { ...described.response, 200: batchResponse },
      },
    },
    async (request, reply) => {
      const model = modelFor(context, request, undefined)
      const results = await rankBatch(context, model, request.body)
      return reply.type('application/json; charset=utf-8').send(`{"results":[${results.join(',')}]}`)
    },
  )
}

/** Users between whom other requests get their turn. */
const usersATurn = 8

async function rankBatch(context: AppContext, model: ServedModel, body: BatchBody): Promise<string[]> {
  const query = bodyQuery(body, model)
  const results: string[] = []
  for (const userId of body.userIds) {
    if (results.length % usersATurn === usersATurn - 1) await setImmediate()
    const { ranking, explainBy } = rankUser(context, model, userId, query)
    context.metrics.countRanking(ranking.source)
    results.push(
      withId(context, model, renderRanking(model, userId, ranking, body.explain ? explainBy : undefined)),
    )
  }
  return results
}

function sendRanking(
  context: AppContext,
  reply: FastifyReply,
  model: ServedModel,
  ranking: Ranking,
  text: string,
): void {
  context.metrics.countRanking(ranking.source)
  reply.type('application/json; charset=utf-8').send(withId(context, model, text))
}

function queryOf(given: QueryString, model: ServedModel): RankingQuery {
  const { category, exclude, allow } = given
  const isItem = (itemId: string) => model.itemIndex(itemId) >= 0
  return {
    ...optionsOf(given, model),
    categories: splitList('category', category, maxCategories, (name) => model.hasCategory(name)),
    exclude: splitList('exclude', exclude, maxExcluded, isItem),
    allow: allow && splitList('allow', allow, maxAllowed, isItem),
  }
}

function bodyQuery(
  { categories = [], exclude = [], allow, ...given }: BodyFilters,
  model: ServedModel,
): RankingQuery {
  return { ...optionsOf(given, model), categories, exclude, allow }
}

function optionsOf(
  { k, offset, excludeSeen, minScore, where, diversity }: RankingOptions,
  model: ServedModel,
) {
  if (offset + k > maxDepth) {
    throw invalid('offset', `is ${offset}, expected at most ${maxDepth - k}: with k no more than ${maxDepth}`)
  }
  const parsed = where === undefined ? undefined : parseWhere(where, model)
  return { k, offset, excludeSeen, minScore, where: parsed, diversity }
}

function parseWhere(text: string, model: ServedModel): Where {
  try {
    const expression = parseExpression(text)
    const unknown = [...fieldsOf(expression)].find((name) => !model.hasField(name))
    if (unknown === undefined) return { text, expression }
    const fields = model.fieldNames().slice(0, 20).join(', ')
    throw invalid('where', `asks for ${preview(unknown)}, expected one of the fields ${fields}`)
  } catch (error) {
    if (error instanceof ExpressionError) throw invalid('where', error.message)
    throw error
  }
}

function rankBody(context: AppContext, model: ServedModel, body: Body, query: RankingQuery): Ranked {
  const { userId, history } = body
  if ((userId === undefined) === (history === undefined)) {
    throw invalid('userId', 'and history exclude each other, and one of them is needed')
  }
  if (history === undefined) return rankUser(context, model, userId!, query)
  checkRatings(history, model.ratingRange)
  return { ranking: model.rankForHistory(history, query), explainBy: history }
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
