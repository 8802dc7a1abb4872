import type { ServedTrial } from '../ranking/model-slot.ts'
import type { Ranking, RankingQuery, ServedModel } from '../ranking/served-model.ts'
import type { AppContext } from './app-context.ts'
import { rankUser } from './rank-user.ts'

/** Comparisons that wait for their turn; under load the rest is left out, so that nobody waits for a model that nobody sees. */
const maxWaiting = 32

/**
 * Asks the model in the shadow what it would have shown, after the answer has gone out, and compares: the share of the shown
 * items that it would have shown too (overlap@k), and how long its ranking took.
 */
export function createShadow(context: AppContext) {
  const { slot, metrics, log } = context
  let waiting = 0
  const compare = (
    { model }: ServedTrial,
    userId: string,
    query: RankingQuery,
    shown: readonly string[],
  ): void => {
    const start = performance.now()
    const { best } = rankUser(context, model, userId, query).ranking
    const ms = performance.now() - start
    const would = new Set(Array.from(best.indices.subarray(0, best.count), (index) => model.itemId(index)))
    const overlap = shown.filter((itemId) => would.has(itemId)).length / shown.length
    metrics.countShadow('compared', overlap, ms / 1000)
    context.tally.answered(model.identity.version!, false, ms)
    context.tally.compared(model.identity.version!, overlap)
  }
  const compareSafely: typeof compare = (trial, ...rest) => {
    try {
      compare(trial, ...rest)
    } catch (error) {
      metrics.countShadow('failed')
      context.tally.answered(trial.model.identity.version!, true, 0)
      log.warn(
        { err: error, version: trial.model.identity.version },
        'the model in the shadow failed to rank',
      )
    }
  }
  /** To be called while the ranking still holds, which is before the next one of its model. */
  return (model: ServedModel, userId: string, query: RankingQuery, { best }: Ranking): void => {
    const trial = slot.shadow
    if (trial === undefined || best.count === 0 || Math.random() >= trial.share) return
    if (waiting >= maxWaiting) {
      metrics.countShadow('skipped')
      return
    }
    const shown = Array.from(best.indices.subarray(0, best.count), (index) => model.itemId(index))
    waiting++
    setImmediate(() => {
      waiting--
      compareSafely(trial, userId, query, shown)
    })
  }
}
