import type { Ranking, RankingQuery, RatedItem, ServedModel } from '../ranking/served-model.ts'
import type { AppContext } from './app-context.ts'
import { renderRecommendation } from './render.ts'

export interface Ranked {
  readonly ranking: Ranking
  /** Whose history explains the items. */
  readonly explainBy: string | readonly RatedItem[]
}

/**
 * By what the model knows of the user; for one it does not know by the events since (fold-in, without training anew); and
 * where there is neither, what is popular.
 */
export function rankUser(
  { recentItems, strangers }: Pick<AppContext, 'recentItems' | 'strangers'>,
  model: ServedModel,
  userId: string,
  query: RankingQuery,
): Ranked {
  const isJudged = strangers.includes('events') && !model.knows(userId) && model.identity.source !== 'popular'
  const events = isJudged ? recentItems(userId) : []
  if (events.length === 0) return { ranking: model.rankForUser(userId, query), explainBy: userId }
  const history = events.map((event) => withinRange(event, model.ratingRange))
  const ranking = model.rankForHistory(history, query)
  const isFolded = ranking.source === 'model'
  return {
    ranking: { ...ranking, source: isFolded ? 'events' : ranking.source, unknownItems: [] },
    explainBy: history,
  }
}

function withinRange({ itemId, rating }: RatedItem, [min, max]: readonly [number, number]): RatedItem {
  return rating === undefined ? { itemId } : { itemId, rating: Math.min(max, Math.max(min, rating)) }
}

/** @param explainFor  whose history is to explain the items; undefined: nobody asked */
export function renderRanking(
  model: ServedModel,
  userId: string | null,
  ranking: Ranking,
  explainFor: string | readonly RatedItem[] | undefined,
): string {
  const explain =
    explainFor === undefined ? undefined : (itemIndex: number) => model.reasonsFor(explainFor, itemIndex)
  return renderRecommendation(model, userId, ranking, explain)
}
