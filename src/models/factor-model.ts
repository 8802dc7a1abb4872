import type { FactorRanking } from '../dataset/ranking.ts'
import { averageRow } from './average-row.ts'
import { cosinesTo, dotAt, normsOf } from './dot-product.ts'
import { explainFoldIn, type FoldIn, type FoldInItems, foldInFactors } from './fold-in.ts'
import { tensorOf } from './model-state.ts'
import type { HistoryEntry, Model, ModelState } from './types.ts'

/**
 * rating = mean + b_u + b_i + ⟨p_u, q_i⟩, clipped; items are ordered by b_i + ⟨p_u, q_i⟩. An unknown user or item
 * counts as the average one.
 */
export function factorModel(state: ModelState, foldIn: FoldIn): RatingModel {
  return new FactorModel(state, foldIn)
}

export interface RatingModel extends Model {
  /** What `predict` clips. */
  ratingAt(userIndex: number, itemIndex: number): number
}

/** One side of the model; the average row stands for an unknown index. */
interface Side {
  readonly factors: Float32Array
  readonly bias: Float32Array
  /** Computed when an unknown one is asked for: most models never are. */
  average(): { readonly factors: Float32Array; readonly bias: number }
}

class FactorModel implements RatingModel {
  readonly algorithm: Model['algorithm']
  readonly params: Model['params']
  readonly nUsers: number
  readonly nItems: number
  readonly ratingRange: Model['ratingRange']
  readonly tensors: Model['tensors']
  readonly #foldIn: FoldIn
  readonly #width: number
  readonly #users: Side
  readonly #items: Side
  readonly #mean: number
  #itemNorms: Float32Array | undefined

  constructor(state: ModelState, foldIn: FoldIn) {
    this.algorithm = state.algorithm
    this.params = state.params
    this.nUsers = state.nUsers
    this.nItems = state.nItems
    this.ratingRange = state.ratingRange
    this.tensors = state.tensors
    this.#foldIn = foldIn
    this.#width = state.tensors.userFactors?.width ?? 0
    this.#users = sideOf(state, 'user', this.#width)
    this.#items = sideOf(state, 'item', this.#width)
    this.#mean = tensorOf(state, 'mean', 'model', 1)[0]
  }

  predict(userIndex: number, itemIndex: number): number {
    const [min, max] = this.ratingRange
    return Math.min(max, Math.max(min, this.ratingAt(userIndex, itemIndex)))
  }

  ratingAt(userIndex: number, itemIndex: number): number {
    const [p, u] = rowOf(this.#users, userIndex)
    const [q, i] = rowOf(this.#items, itemIndex)
    const rating = this.#mean + biasOf(this.#users, userIndex) + biasOf(this.#items, itemIndex)
    return rating + dotAt(p, u, q, i, this.#width)
  }

  scoreUser(userIndex: number, _history: readonly HistoryEntry[], scores: Float32Array): void {
    this.#scoreRow(...rowOf(this.#users, userIndex), scores)
  }

  scoreHistory(history: readonly HistoryEntry[], scores: Float32Array): void {
    this.#scoreRow(this.#factorsOf(history), 0, scores)
  }

  foldRow(history: readonly HistoryEntry[]): Float32Array {
    return rowWithBias(this.#factorsOf(history))
  }

  explain(history: readonly HistoryEntry[], itemIndex: number, contributions: Float32Array): void {
    explainFoldIn(history, this.#foldInItems(), this.#foldIn, itemIndex, contributions)
  }

  /** Cosine of the items' factors; 0 to and from an item without any. */
  scoreSimilar(itemIndex: number, similarity: Float32Array): void {
    const { factors } = this.#items
    this.#itemNorms ??= normsOf(factors, this.nItems, this.#width)
    const norms = this.#itemNorms
    cosinesTo(factors, norms, itemIndex, this.#width, similarity)
  }

  ranking(): FactorRanking {
    const ones = new Float32Array(this.nUsers).fill(1)
    const width = widthWithBias(this.#width)
    return {
      kind: 'factors',
      width,
      userRows: beside(this.#users.factors, this.#width, ones, width),
      itemRows: beside(this.#items.factors, this.#width, this.#items.bias, width),
    }
  }

  #factorsOf(history: readonly HistoryEntry[]): Float32Array {
    if (history.length === 0) return this.#users.average().factors
    return foldInFactors(history, this.#foldInItems(), this.#foldIn)
  }

  #foldInItems(): FoldInItems {
    return { ...this.#items, width: this.#width, mean: this.#mean }
  }

  #scoreRow(rows: Float32Array, row: number, scores: Float32Array): void {
    const { factors, bias } = this.#items
    for (let item = 0; item < this.nItems; item++) {
      scores[item] = bias[item] + dotAt(rows, row, factors, item, this.#width)
    }
  }
}

function sideOf(state: ModelState, axis: 'user' | 'item', width: number): Side {
  const factors = tensorOf(state, `${axis}Factors`, axis, width)
  const bias = tensorOf(state, `${axis}Bias`, axis, 1)
  let average: ReturnType<Side['average']> | undefined
  return {
    factors,
    bias,
    average: () => {
      average ??= { factors: averageRow(factors, width), bias: averageRow(bias, 1)[0] }
      return average
    },
  }
}

/** The array that holds the row, and its place there; the average row for an index of −1. */
function rowOf(side: Side, index: number): [rows: Float32Array, row: number] {
  return index < 0 ? [side.average().factors, 0] : [side.factors, index]
}

function biasOf(side: Side, index: number): number {
  return index < 0 ? side.average().bias : side.bias[index]
}

/** A user's row in `ranking`: the factors, 1 for the item's bias, zeros. */
export function rowWithBias(factors: Float32Array | Float64Array): Float32Array {
  const row = new Float32Array(widthWithBias(factors.length))
  row.set(factors)
  row[factors.length] = 1
  return row
}

function widthWithBias(nFactors: number): number {
  return (nFactors + 4) & ~3
}

/** Rows of factors with one more column beside them, padded with zeros to `width`. */
function beside(factors: Float32Array, nFactors: number, column: Float32Array, width: number): Float32Array {
  const rows = new Float32Array(column.length * width)
  for (let row = 0; row < column.length; row++) {
    rows.set(factors.subarray(row * nFactors, (row + 1) * nFactors), row * width)
    rows[row * width + nFactors] = column[row]
  }
  return rows
}
