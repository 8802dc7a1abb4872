import { RecsysError } from '../../errors.ts'
import type { ModelVersion } from '../../registry/types.ts'
import { renderHistory, renderRecommendation, renderSimilar } from '../../serving/http/render.ts'
import { plainQuery } from '../../serving/ranking/served-model.ts'
import type { Answers, CatalogueItem, RankedItem, TryAnswer } from '../types.ts'
import type { AnswerContext, QuestionParams } from './context.ts'

/** Of a history: more is not read on a page. */
const mostHistory = 200
const mostUsers = 20

/** The version that is asked for, else the one in production, else the newest. @throws RECSYS_VERSION_UNKNOWN */
function chosenVersion(
  { registry, modelName }: AnswerContext,
  version: QuestionParams[string],
): ModelVersion {
  if (version !== undefined) return registry.version(modelName, Number(version))
  const chosen = registry.inStage(modelName, 'production') ?? registry.versions(modelName).at(-1)
  if (chosen) return chosen
  throw new RecsysError('RECSYS_VERSION_UNKNOWN', {
    message: `${modelName} has no versions`,
    remedy: 'Train one with `recsys train` or `recsys retrain`.',
  })
}

/** What a user has and gets, from a version loaded as a server loads it. */
export async function tryUser(context: AnswerContext, params: QuestionParams): Promise<TryAnswer> {
  const version = chosenVersion(context, params.version)
  const userId = String(params.userId)
  const model = await context.models.take(version)
  const history = model.historyOf(userId) ?? new Int32Array()
  const page = [...history.slice(-mostHistory)]
  const ranking = model.rankForUser(userId, { ...plainQuery, k: Number(params.k) })
  const explain = (itemIndex: number) => model.reasonsFor(userId, itemIndex)
  const recommendation = JSON.parse(
    renderRecommendation(model, userId, ranking, explain),
  ) as TryAnswer['recommendation']
  const { items } = JSON.parse(renderHistory(model, userId, history.length, page)) as {
    items: CatalogueItem[]
  }
  return { userId, version, history: { total: history.length, items }, recommendation }
}

export async function similar(context: AnswerContext, params: QuestionParams): Promise<Answers['similar']> {
  const version = chosenVersion(context, params.version)
  const itemId = String(params.itemId)
  const model = await context.models.take(version)
  const itemIndex = model.itemIndex(itemId)
  if (itemIndex < 0) {
    throw new RecsysError('RECSYS_ITEM_UNKNOWN', {
      message: `${version.name} v${version.version} has no item ${JSON.stringify(itemId.slice(0, 60))}`,
      field: 'itemId',
    })
  }
  const ranking = model.rankSimilar(itemIndex, Number(params.k))
  const { items } = JSON.parse(renderSimilar(model, itemId, ranking)) as { items: RankedItem[] }
  return { itemId, version, items }
}

/** Users of the model to pick from: those that begin so, or some from all over. */
export async function users(
  context: AnswerContext,
  { prefix, version }: QuestionParams,
): Promise<Answers['users']> {
  const model = await context.models.take(chosenVersion(context, version))
  if (prefix === undefined || prefix === '') return { users: model.someUsers(mostUsers) }
  return { users: model.usersWith(String(prefix), mostUsers) }
}
