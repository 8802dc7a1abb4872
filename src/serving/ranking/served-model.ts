import { LRUCache } from 'lru-cache'
import { restoreModel } from '../../models/algorithms.ts'
import type { AlgorithmName, HistoryEntry, Model } from '../../models/types.ts'
import type { Expression } from '../filter/expression.ts'
import { fieldNames, hasField, type ItemFields, matchingItems } from '../filter/matching-items.ts'
import { type AttributeColumn, attributeValues } from '../shared/attribute-table.ts'
import { type Bitset, createBitset, has, insert } from '../shared/bitset.ts'
import { indexOfId, textAt } from '../shared/id-table.ts'
import { itemTextReader, renderItemText } from '../shared/item-text.ts'
import { maxNewItems, type NewItems } from '../shared/new-items.ts'
import type { SharedModel } from '../shared/shared-model.ts'
import { type Fallback, fallbacks, type ModelIdentity, type RankingSource } from '../types.ts'
import { type ItemFilter, markBlocked } from './blocked-items.ts'
import { diversify, diversityPool, type ItemSimilarity } from './diversify.ts'
import { ItemScorer } from './item-scorer.ts'
import { itemSimilarity } from './item-similarity.ts'
import { type SimilarUser, similarUsers } from './similar-users.ts'
import { createTopK, insertSorted, selectTopK, type TopK } from './top-k.ts'

/** How deep a ranking goes: offset and k together. */
export const maxDepth = 1000

export interface RankingQuery {
  readonly k: number
  /** Places that earlier pages have shown. */
  readonly offset: number
  readonly excludeSeen: boolean
  readonly categories: readonly string[]
  readonly exclude: readonly string[]
  /** Only these items; undefined: any. */
  readonly allow: readonly string[] | undefined
  /** Only items for which it is true. */
  readonly where: Where | undefined
  /** No score of the model below it; popular items have no such score and are not judged by it. */
  readonly minScore: number | undefined
  /** From 0, by score alone, to 1: see `diversify`. */
  readonly diversity: number
}

/** An expression and its text, by which its items are kept. */
export interface Where {
  readonly text: string
  readonly expression: Expression
}

/** What a query asks for when it says nothing. */
export const plainQuery: RankingQuery = {
  k: 10,
  offset: 0,
  excludeSeen: true,
  categories: [],
  exclude: [],
  allow: undefined,
  where: undefined,
  minScore: undefined,
  diversity: 0,
}

export interface RatedItem {
  readonly itemId: string
  /** Left out: the highest rating there is. */
  readonly rating?: number
}

/** An item of a history, and what it adds to the score that is explained. */
export interface Reason {
  readonly itemIndex: number
  readonly weight: number
}

const maxReasons = 3
/** Expressions whose items are kept: a bit an item each. */
const maxKeptExpressions = 32

/** The best items, best first. The arrays belong to the model and last until its next ranking. */
export interface Ranking {
  readonly best: TopK
  readonly source: RankingSource
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
  /** Different for every model that may answer differently: what cached answers are known by. */
  readonly cacheKey: string
  readonly ratingRange: readonly [min: number, max: number]
  readonly nUsers: number
  readonly nItems: number
  /** The item's part of a response, up to its score. */
  readonly itemText: (itemIndex: number) => string
  readonly #shared: SharedModel
  readonly #model: Model
  readonly #scorer: ItemScorer
  readonly #blocked: Bitset
  readonly #best: TopK
  readonly #similarity: ItemSimilarity
  readonly #fallbacks: readonly Fallback[]
  #newItems: NewItems | undefined
  readonly #matching = new LRUCache<string, Bitset>({ max: maxKeptExpressions })

  /**
   * @param desk       the number of the thread; no two threads may have the same
   * @param strangers  what whoever the model does not know is given
   */
  constructor(shared: SharedModel, desk: number, strangers: readonly Fallback[] = fallbacks) {
    this.identity = shared.identity
    this.cacheKey = shared.key
    this.ratingRange = shared.ratingRange
    this.nUsers = shared.users.size
    this.nItems = shared.items.size
    const itemText = itemTextReader(shared.itemText)
    this.itemText = (itemIndex) =>
      itemIndex < this.nItems ? itemText(itemIndex) : this.#newItemText(itemIndex)
    this.#shared = shared
    this.#model = restoreWithoutUsers(shared)
    this.#scorer = new ItemScorer(shared.scoring, desk)
    this.#blocked = createBitset(this.nItems + maxNewItems)
    this.#best = createTopK(maxDepth)
    this.#similarity = itemSimilarity(shared)
    this.#fallbacks = strangers
  }

  /** -1 for an item that the model does not have. */
  itemIndex(itemId: string): number {
    return indexOfId(this.#shared.items, itemId)
  }

  itemId(itemIndex: number): string {
    if (this.isNew(itemIndex)) return this.#newItems!.ids[itemIndex - this.nItems]!
    return textAt(this.#shared.items, itemIndex)
  }

  /** From now on these are ranked too, for users of the model; those of another model are left alone. */
  useNewItems(items: NewItems): void {
    if (items.key === this.#shared.key) this.#newItems = items
  }

  /** Whether the item came after the training: its index is behind those of the model's own. */
  isNew(itemIndex: number): boolean {
    return itemIndex >= this.nItems
  }

  /** Some users, spread over the vocabulary. */
  someUsers(n: number): string[] {
    const step = Math.max(1, Math.floor(this.nUsers / n))
    return Array.from({ length: Math.min(n, this.nUsers) }, (_, i) => textAt(this.#shared.users, i * step))
  }

  /** Users whose ids begin so, in the order of the vocabulary. */
  usersWith(prefix: string, most: number): string[] {
    const found: string[] = []
    for (let i = 0; i < this.nUsers && found.length < most; i++) {
      const id = textAt(this.#shared.users, i)
      if (id.startsWith(prefix)) found.push(id)
    }
    return found
  }

  hasCategory(name: string): boolean {
    return indexOfId(this.#shared.categories.names, name) >= 0
  }

  /** Whether an expression can ask for it. */
  hasField(name: string): boolean {
    return hasField(this.#shared, name)
  }

  fieldNames(): string[] {
    return fieldNames(this.#shared)
  }

  /** What is known of an item besides its categories: a text, or several. */
  attributesOf(itemIndex: number): Record<string, string | string[]> {
    const values = (column: AttributeColumn) => attributeValues(column, itemIndex)
    return Object.fromEntries(
      this.#shared.attributes
        .map((column) => [column.name, values(column)] as const)
        .filter(([, { length }]) => length > 0)
        .map(([name, texts]) => [name, texts.length === 1 ? texts[0]! : texts]),
    )
  }

  /** Somebody the model does not know gets what is trending or popular. */
  rankForUser(userId: string, query: RankingQuery): Ranking {
    const userIndex = indexOfId(this.#shared.users, userId)
    if (userIndex < 0) return this.#forStranger(query)
    const unknownCategories = this.#block(query, query.excludeSeen ? this.#historyOf(userIndex) : [])
    this.#selectForUser(userIndex, query)
    return this.#ranked(query, unknownCategories)
  }

  /** For somebody who is not in the model but tells what they liked. */
  rankForHistory(history: readonly RatedItem[], query: RankingQuery): Ranking {
    const { entries, unknownItems } = this.#resolve(history)
    if (entries.length === 0) return { ...this.#forStranger(query), unknownItems }
    const seen = query.excludeSeen ? entries.map((entry) => entry.itemIndex) : []
    const unknownCategories = this.#block(query, seen)
    this.#model.scoreHistory(entries, this.#scorer.scores)
    this.#selectFromScores(query)
    return { ...this.#ranked(query, unknownCategories), unknownItems }
  }

  /**
   * The items of a user's history, or of a given one, that count most for an item's score, largest share first. Empty
   * where the algorithm cannot tell.
   */
  reasonsFor(who: string | readonly RatedItem[], itemIndex: number): Reason[] {
    const entries = typeof who === 'string' ? this.#entriesOf(who) : this.#resolve(who).entries
    if (this.isNew(itemIndex)) return []
    const contributions = new Float32Array(entries.length)
    if (entries.length > 0) this.#model.explain(entries, itemIndex, contributions)
    return entries
      .map((entry, i) => ({ itemIndex: entry.itemIndex, weight: contributions[i]! }))
      .filter(({ weight }) => weight > 0)
      .sort((a, b) => b.weight - a.weight || a.itemIndex - b.itemIndex)
      .slice(0, maxReasons)
  }

  knows(userId: string): boolean {
    return indexOfId(this.#shared.users, userId) >= 0
  }

  /** Item indices that the user has touched, ascending; undefined for somebody the model does not know. */
  historyOf(userId: string): Int32Array | undefined {
    const userIndex = indexOfId(this.#shared.users, userId)
    return userIndex < 0 ? undefined : this.#historyOf(userIndex)
  }

  /** Users of the model with the nearest taste; undefined for somebody the model does not know. */
  similarUsers(userId: string, k: number): SimilarUser[] | undefined {
    const userIndex = indexOfId(this.#shared.users, userId)
    return userIndex < 0 ? undefined : similarUsers(this.#shared, userIndex, k)
  }

  interactionsOf(itemIndex: number): number {
    return this.#shared.itemInteractions[itemIndex]!
  }

  /** @param itemIndex  an item of the model; it is not among its own neighbours */
  rankSimilar(itemIndex: number, k: number): Ranking {
    this.#blocked.fill(0)
    insert(this.#blocked, itemIndex)
    this.#model.scoreSimilar(itemIndex, this.#scorer.scores)
    const query = { ...plainQuery, k }
    this.#selectFromScores(query)
    return this.#ranked(query, [])
  }

  #selectForUser(userIndex: number, query: RankingQuery): void {
    if (this.#shared.rankedBy === 'factors') {
      const { userRows } = this.#shared
      const minimum = query.minScore ?? Number.NEGATIVE_INFINITY
      this.#scorer.selectBest(userRows, userIndex, this.#blocked, depthOf(query), minimum, this.#best)
      if (this.#newItems)
        this.#offerNewItems(this.#newItems, userIndex, depthOf(query), minimum, query.excludeSeen)
      return
    }
    this.#model.scoreUser(userIndex, this.#entries(userIndex), this.#scorer.scores)
    this.#selectFromScores(query)
  }

  /** They are few: each is scored, and takes its place among the best if it has one. */
  #offerNewItems(
    { ids, rows, starts, users }: NewItems,
    userIndex: number,
    depth: number,
    minimum: number,
    excludeSeen: boolean,
  ): void {
    const { userRows, scoring } = this.#shared
    const { width } = scoring
    for (let i = 0; i < ids.length; i++) {
      if (has(this.#blocked, this.nItems + i)) continue
      let score = 0
      for (let f = 0; f < width; f++) score += userRows[userIndex * width + f]! * rows[i * width + f]!
      if (!(score >= minimum)) continue
      if (excludeSeen && users.subarray(starts[i], starts[i + 1]).includes(userIndex)) continue
      insertSorted(this.#best, depth, score, this.nItems + i)
    }
  }

  #newItemText(itemIndex: number): string {
    return renderItemText(this.itemId(itemIndex), null, [])
  }

  #selectFromScores(query: RankingQuery): void {
    selectTopK(this.#scorer.scores, this.#blocked, depthOf(query), this.#best, query.minScore)
  }

  #forStranger(query: RankingQuery): Ranking {
    const { popularOrder, itemInteractions, trend } = this.#shared
    for (const source of this.#fallbacks) {
      if (source === 'trending' && trend !== null)
        return this.#inOrder(query, trend.order, trend.scores, source)
      if (source === 'popular') return this.#inOrder(query, popularOrder, itemInteractions, source)
    }
    return this.#inOrder(query, popularOrder.subarray(0, 0), itemInteractions, 'none')
  }

  /** Items in an order that is the same for everybody. */
  #inOrder(
    query: RankingQuery,
    order: Int32Array,
    scores: Int32Array | Float32Array,
    source: RankingSource,
  ): Ranking {
    const unknownCategories = this.#block(query, [])
    const best = this.#best
    const depth = depthOf(query)
    best.count = 0
    for (let rank = 0; rank < order.length && best.count < depth; rank++) {
      const itemIndex = order[rank]!
      if (has(this.#blocked, itemIndex)) continue
      best.indices[best.count] = itemIndex
      best.scores[best.count++] = scores[itemIndex]!
    }
    return { ...this.#ranked(query, unknownCategories), source, known: false }
  }

  /** The page that the query asks for, of what was selected. */
  #ranked(query: RankingQuery, unknownCategories: readonly string[]): Ranking {
    const { offset, k, diversity } = query
    const best = this.#best
    if (diversity > 0) diversify(best, offset + k, diversity, this.#similarity)
    best.indices.copyWithin(0, offset, best.count)
    best.scores.copyWithin(0, offset, best.count)
    best.count = Math.max(0, Math.min(k, best.count - offset))
    return { best, source: this.identity.source, known: true, unknownCategories, unknownItems: [] }
  }

  #block(query: RankingQuery, seen: ItemFilter['seen']): string[] {
    const { categories, where } = query
    const matching = where && this.#matchingItems(where)
    const excluded = this.#indicesOf(query.exclude)
    const allowed = query.allow && this.#indicesOf(query.allow)
    return markBlocked(
      { categories, allowed, matching, excluded, seen },
      this.#shared.categories,
      this.#blocked,
    )
  }

  #matchingItems({ text, expression }: Where): Bitset {
    const known = this.#matching.get(text)
    if (known !== undefined) return known
    const matching = matchingItems(expression, this.#fields())
    this.#matching.set(text, matching)
    return matching
  }

  #fields(): ItemFields {
    const { items, categories, attributes, itemInteractions } = this.#shared
    return { ids: items, categories, attributes, interactions: itemInteractions }
  }

  #indicesOf(itemIds: readonly string[]): number[] {
    const isNew = (itemId: string) => this.#newItems?.ids.indexOf(itemId) ?? -1
    return itemIds
      .map((itemId) => {
        const index = this.itemIndex(itemId)
        return index >= 0 || isNew(itemId) < 0 ? index : this.nItems + isNew(itemId)
      })
      .filter((index) => index >= 0)
  }

  #historyOf(userIndex: number): Int32Array {
    const { historyStarts, historyItems } = this.#shared
    return historyItems.subarray(historyStarts[userIndex], historyStarts[userIndex + 1])
  }

  /** An artifact keeps what a user has touched, not how they rated it: every entry counts as the highest rating. */
  #entries(userIndex: number): HistoryEntry[] {
    const rating = this.ratingRange[1]
    return Array.from(this.#historyOf(userIndex), (itemIndex) => ({ itemIndex, rating }))
  }

  #entriesOf(userId: string): HistoryEntry[] {
    const userIndex = indexOfId(this.#shared.users, userId)
    return userIndex < 0 ? [] : this.#entries(userIndex)
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

/** A diversified ranking is ordered from all candidates, whichever page is asked for, so that pages fit together. */
function depthOf({ offset, k, diversity }: RankingQuery): number {
  return diversity > 0 ? Math.max(offset + k, diversityPool) : offset + k
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
