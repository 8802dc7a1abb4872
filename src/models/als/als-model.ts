import type { FactorRanking } from '../../dataset/ranking.ts'
import { averageRow } from '../average-row.ts'
import { cosinesTo, dotAt, normsOf } from '../dot-product.ts'
import { dotRanking, paddedRow } from '../dot-ranking.ts'
import { tensorOf } from '../model-state.ts'
import { ratingBiasPredictor } from '../rating-bias.ts'
import type { HistoryEntry, Model, ModelState } from '../types.ts'
import { confidenceOf } from './confidence.ts'
import { type FoldInSide, rightSide, solveRow } from './fold-in.ts'
import type { AlsParams } from './parameters.ts'

/** Items are ordered by ⟨x_u, y_i⟩; a rating is predicted by the biases, since the factors know who chose what, not how they liked it. */
export function alsModel(state: ModelState): Model {
  return new AlsModel(state)
}

class AlsModel implements Model {
  readonly algorithm: Model['algorithm']
  readonly params: Model['params']
  readonly nUsers: number
  readonly nItems: number
  readonly ratingRange: Model['ratingRange']
  readonly tensors: Model['tensors']
  readonly predict: Model['predict']
  readonly #width: number
  readonly #state: ModelState
  readonly #users: Float32Array
  readonly #items: Float32Array
  readonly #averageUser: Float32Array
  readonly #valueMean: number
  readonly #gram: Float32Array
  #side: FoldInSide | undefined
  #itemNorms: Float32Array | undefined

  constructor(state: ModelState) {
    this.algorithm = state.algorithm
    this.params = state.params
    this.nUsers = state.nUsers
    this.nItems = state.nItems
    this.ratingRange = state.ratingRange
    this.tensors = state.tensors
    this.predict = ratingBiasPredictor(state)
    this.#state = state
    this.#width = (state.params as AlsParams).factors
    this.#users = tensorOf(state, 'userFactors', 'user', this.#width)
    this.#items = tensorOf(state, 'itemFactors', 'item', this.#width)
    this.#gram = tensorOf(state, 'itemGram', 'model', this.#width ** 2)
    this.#valueMean = tensorOf(state, 'mean', 'model', 1)[0]
    this.#averageUser = averageRow(this.#users, this.#width)
  }

  scoreUser(userIndex: number, _history: readonly HistoryEntry[], scores: Float32Array): void {
    if (userIndex < 0) this.#scoreRow(this.#averageUser, 0, scores)
    else this.#scoreRow(this.#users, userIndex, scores)
  }

  scoreHistory(history: readonly HistoryEntry[], scores: Float32Array): void {
    this.#scoreRow(this.#solve(history), 0, scores)
  }

  foldRow(history: readonly HistoryEntry[]): Float32Array {
    return paddedRow(this.#solve(history))
  }

  /** ŷ = ⟨y_i, A⁻¹ Σ c·y_j⟩ = Σ c·⟨y_j, A⁻¹ y_i⟩ (Hu, Koren & Volinsky 2008, eq. 7). */
  explain(history: readonly HistoryEntry[], itemIndex: number, contributions: Float32Array): void {
    const side = this.#foldInSide()
    const width = this.#width
    const item = Float64Array.from(this.#items.subarray(itemIndex * width, (itemIndex + 1) * width))
    const z = solveRow(history, side, item)
    history.forEach((entry, at) => {
      contributions[at] = side.weightOf(entry.rating) * dotAt(this.#items, entry.itemIndex, z, 0, width)
    })
  }

  scoreSimilar(itemIndex: number, similarity: Float32Array): void {
    this.#itemNorms ??= normsOf(this.#items, this.nItems, this.#width)
    cosinesTo(this.#items, this.#itemNorms, itemIndex, this.#width, similarity)
  }

  ranking(): FactorRanking {
    return dotRanking(this.#state, this.#width)
  }

  #solve(history: readonly HistoryEntry[]): Float64Array {
    const side = this.#foldInSide()
    return solveRow(history, side, rightSide(history, side))
  }

  #foldInSide(): FoldInSide {
    this.#side ??= this.#makeSide()
    return this.#side
  }

  #makeSide(): FoldInSide {
    const { reg, regExponent, unobservedWeight, ...weighting } = this.params as AlsParams
    return {
      factors: this.#items,
      width: this.#width,
      background: Float64Array.from(this.#gram, (value) => unobservedWeight * value),
      ridge: (n) => Math.max(reg, 1e-9) * (n + unobservedWeight * this.nItems) ** regExponent,
      weightOf: confidenceOf(weighting, this.#valueMean),
    }
  }

  #scoreRow(rows: Float32Array | Float64Array, row: number, scores: Float32Array): void {
    for (let item = 0; item < this.nItems; item++)
      scores[item] = dotAt(rows, row, this.#items, item, this.#width)
  }
}
