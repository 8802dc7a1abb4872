import { setTimeout as delay } from 'node:timers/promises'
import { plainQuery, type ServedModel } from '../ranking/served-model.ts'
import type { AppContext } from './app-context.ts'
import { keepInCache } from './cached-answers.ts'
import { rankUser, renderRanking } from './rank-user.ts'
import type { RecentRequest } from './recent-requests.ts'

/** What warms a model before there were any requests. */
const nStrangers = 32
/** A slice of work, a pause for the requests that others wait for, and so on; all of it ends after so long. */
const sliceMs = 1
const pauseMs = 2
const budgetMs = 250

/**
 * Asks a model what was asked of late, before it comes into service: its code is compiled then, its texts decoded and the
 * cache holds its answers. In slices, since the thread answers other requests meanwhile.
 * @throws what a ranking throws: a model that fails at what people ask must not come into service
 */
export async function warmUp(
  context: Pick<AppContext, 'cache' | 'recentItems' | 'strangers'>,
  model: ServedModel,
  recent: readonly RecentRequest[],
): Promise<void> {
  const requests = recent.length > 0 ? recent : strangers(model)
  const start = performance.now()
  let sliceEnd = start + sliceMs
  for (const { url, userId, query, explain } of requests) {
    const { ranking, explainBy } = rankUser(context, model, userId, query)
    const text = renderRanking(model, userId, ranking, explain ? explainBy : undefined)
    if (url !== '' && model.knows(userId)) keepInCache(context, model, url, text)
    if (performance.now() < sliceEnd) continue
    if (performance.now() - start > budgetMs) return
    await delay(pauseMs)
    sliceEnd = performance.now() + sliceMs
  }
}

function strangers(model: ServedModel): RecentRequest[] {
  return model.someUsers(nStrangers).map((userId) => ({ url: '', userId, query: plainQuery, explain: false }))
}
