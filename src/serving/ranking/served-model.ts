import { restoreModel } from '../../models/algorithms.ts'
import type { AlgorithmName, HistoryEntry, Model } from '../../models/types.ts'
import { indexOfId } from '../shared/id-table.ts'
import { itemTextReader } from '../shared/item-text.ts'
import type { SharedModel } from '../shared/shared-model.ts'
import type { ModelIdentity, ModelSource } from '../types.ts'
import { type ItemFilter, markBlocked } from './blocked-items.ts'
import { ItemScorer } from './item-scorer.ts'
import { createTopK, selectTopK, type TopK } from './top-k.ts'

export const maxK = 1000

export interface RankingQuery {
  readonly k: number
  readonly excludeSeen: boolean
  readonly categories: readonly string[]
  readonly exclude: readonly string[]
}

export interface RatedItem {
  readonly itemId: string
  /** Left out: the highest rating there is. */
  readonly rating?: number
}

/** The best items, best first. The arrays belong to the model and last until its next ranking. */
export interface Ranking {
  readonly best: TopK
  readonly source: ModelSource
  /** False when the ranking knows nothing about whom it is for. */
  readonly known: boolean
  readonly unknownCategories: readonly string[]
  readonly unknownItems: readonly string[]
}

/**
 * One thread's view of a shared model: the restored algorithm and the scratch arrays of its rankings. Rankings are
 * synchronous, so one set of arrays serves all requests of the thread.
 */
export class ServedModel {
  readonly identity: ModelIdentity
  readonly ratingRange: readonly [min: number, max: number]
  readonly nUsers: number
  readonly nItems: number
  /** The item's part of a response, up to its score. */
  readonly itemText: (itemIndex: number) => string
  readonly #shared: SharedModel
  readonly #model: Model
  readonly #scorer: ItemScorer
  readonly #blocked: Uint8Array
  readonly #best: TopK

  /** @param desk  the number of the thread; no two threads may have the same */
  constructor(shared: SharedModel, desk: number) {
    this.identity = shared.identity
    this.ratingRange = shared.ratingRange
    this.nUsers = shared.users.size
    this.nItems = shared.items.size
    this.itemText = itemTextReader(shared.itemText)
    this.#shared = shared
    this.#model = restoreWithoutUsers(shared)
    this.#scorer = new ItemScorer(shared.scoring, desk)
    this.#blocked = new Uint8Array(this.nItems)
    this.#best = createTopK(maxK)
  }

  /** -1 for an item that the model does not have. */
  itemIndex(itemId: string): number {
    return indexOfId(this.#shared.items, itemId)
  }

  hasCategory(name: string): boolean {
    return indexOfId(this.#shared.categories.names, name) >= 0
  }

  /** Somebody the model does not know gets the popular items. */
  rankForUser(userId: string, query: RankingQuery): Ranking {
    const userIndex = indexOfId(this.#shared.users, userId)
    if (userIndex < 0) return this.#popular(query)
    const unknownCategories = this.#block(query, query.excludeSeen ? this.#historyOf(userIndex) : [])
    this.#scoreUser(userIndex)
    return this.#select(query.k, unknownCategories)
  }

  /** For somebody who is not in the model but tells what they liked. */
  rankForHistory(history: readonly RatedItem[], query: RankingQuery): Ranking {
    const { entries, unknownItems } = this.#resolve(history)
    if (entries.length === 0) return { ...this.#popular(query), unknownItems }
    const seen = query.excludeSeen ? entries.map((entry) => entry.itemIndex) : []
    const unknownCategories = this.#block(query, seen)
    this.#model.scoreHistory(entries, this.#scorer.scores)
    return { ...this.#select(query.k, unknownCategories), unknownItems }
  }

  /** @param itemIndex  an item of the model; it is not among its own neighbours */
  rankSimilar(itemIndex: number, k: number): Ranking {
    this.#blocked.fill(0)
    this.#blocked[itemIndex] = 1
    this.#model.scoreSimilar(itemIndex, this.#scorer.scores)
    return this.#select(k, [])
  }

  #scoreUser(userIndex: number): void {
    if (this.#shared.rankedBy === 'factors') {
      this.#scorer.score(this.#shared.userRows, userIndex)
      return
    }
    const rating = this.ratingRange[1]
    const history = Array.from(this.#historyOf(userIndex), (itemIndex) => ({ itemIndex, rating }))
    this.#model.scoreUser(userIndex, history, this.#scorer.scores)
  }

  /** Items by number of interactions, which is also their score. */
  #popular(query: RankingQuery): Ranking {
    const unknownCategories = this.#block(query, [])
    const { popularOrder, itemInteractions } = this.#shared
    const best = this.#best
    best.count = 0
    for (let rank = 0; rank < popularOrder.length && best.count < query.k; rank++) {
      const itemIndex = popularOrder[rank]!
      if (this.#blocked[itemIndex] !== 0) continue
      best.indices[best.count] = itemIndex
      best.scores[best.count++] = itemInteractions[itemIndex]!
    }
    return { best, source: 'popular', known: false, unknownCategories, unknownItems: [] }
  }

  #select(k: number, unknownCategories: readonly string[]): Ranking {
    const { source } = this.identity
    selectTopK(this.#scorer.scores, this.#blocked, k, this.#best)
    return { best: this.#best, source, known: true, unknownCategories, unknownItems: [] }
  }

  #block(query: RankingQuery, seen: ItemFilter['seen']): string[] {
    const excluded = query.exclude.map((itemId) => this.itemIndex(itemId)).filter((index) => index >= 0)
    const { categories } = query
    return markBlocked({ categories, excluded, seen }, this.#shared.categories, this.#blocked)
  }

  #historyOf(userIndex: number): Int32Array {
    const { historyStarts, historyItems } = this.#shared
    return historyItems.subarray(historyStarts[userIndex], historyStarts[userIndex + 1])
  }

  /** Of an item that occurs twice the last rating counts, as it does in the lake. */
  #resolve(history: readonly RatedItem[]): { entries: HistoryEntry[]; unknownItems: string[] } {
    const ratings = new Map<number, number>()
    const unknownItems: string[] = []
    for (const { itemId, rating } of history) {
      const itemIndex = this.itemIndex(itemId)
      if (itemIndex < 0) unknownItems.push(itemId)
      else ratings.set(itemIndex, rating ?? this.ratingRange[1])
    }
    const entries = [...ratings].map(([itemIndex, rating]) => ({ itemIndex, rating }))
    return { entries, unknownItems }
  }
}

/**
 * The algorithm for what needs no user: histories and similar items. Users are ranked from their ranking rows, so their
 * tensors need not be kept a second time.
 */
function restoreWithoutUsers(shared: SharedModel): Model {
  const { algorithm, params, ratingRange, tensors, items } = shared
  return restoreModel({
    algorithm: algorithm as AlgorithmName,
    params,
    ratingRange,
    tensors,
    nUsers: 0,
    nItems: items.size,
  })
}
