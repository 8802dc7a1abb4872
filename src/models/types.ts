import type { TrainingSet } from '../dataset/types.ts'
import type { Compute } from '../kernels/compute.ts'

export type AlgorithmName = 'svd' | 'nmf' | 'popular'

/** A block of a model's state. `user` and `item` tensors are row-major, one row an index, `width` floats wide. */
export interface Tensor {
  readonly axis: 'user' | 'item' | 'model'
  readonly width: number
  readonly data: Float32Array
}

export interface EpochReport {
  /** From 1. */
  readonly epoch: number
  readonly nEpochs: number
  /** Root mean squared error on the training rows plus what the algorithm adds; keys are metric names. */
  readonly metrics: Readonly<Record<string, number>>
}

export interface FitContext {
  readonly compute: Compute
  readonly seed: number
  readonly signal?: AbortSignal | undefined
  onEpoch?(report: EpochReport): void
}

/** One parameter of an algorithm: what `--help` prints and what validation uses. */
export interface ParameterSpec {
  readonly description: string
  readonly default: number
  readonly min: number
  readonly max: number
  readonly integer: boolean
}

export interface Algorithm {
  readonly name: AlgorithmName
  readonly summary: string
  /** `factors`, `epochs` and `reg` where the algorithm has them. */
  readonly parameters: Readonly<Record<string, ParameterSpec>>
  /** Bytes of shared memory that `fit` will ask for, so that a job that cannot fit is refused before it starts. */
  memoryBytes(train: TrainingSet, params: Params): number
  fit(train: TrainingSet, params: Params, context: FitContext): Promise<Model>
  /** The inverse of `Model.tensors`. @throws RECSYS_MODEL_SHAPE when the tensors do not fit together */
  restore(state: ModelState): Model
}

export type Params = Readonly<Record<string, number>>

export interface ModelState {
  readonly algorithm: AlgorithmName
  readonly params: Params
  readonly nUsers: number
  readonly nItems: number
  readonly ratingRange: readonly [min: number, max: number]
  readonly tensors: Readonly<Record<string, Tensor>>
}

/**
 * A fitted model. Two outputs are kept apart: `predict` is a rating, `score` orders items. No method allocates
 * per item; none returns NaN. A cold user or item gets what the biases know.
 */
export interface Model extends ModelState {
  /** Expected rating of the pair, clipped to `ratingRange`. An index of -1 stands for an unknown user or item. */
  predict(userIndex: number, itemIndex: number): number
  /**
   * scores[i] = ranking score of item i for the user, for i in [0, nItems).
   * @param scores out, nItems
   */
  scoreUser(userIndex: number, scores: Float32Array): void
  /** The same for somebody who is not in the model, from a history; its length may be 0. */
  scoreHistory(history: readonly HistoryEntry[], scores: Float32Array): void
  /** The order of `scoreUser` as one inner product, for kernels that rank many users at once. */
  rankingFactors(): RankingFactors
  /** similarity[i] of every item to one, the item itself included (the caller masks it). */
  scoreSimilar(itemIndex: number, similarity: Float32Array): void
}

/** score(u, i) = ⟨userRows[u], itemRows[i]⟩ plus a term of the user alone; both row-major, `width` floats a row. */
export interface RankingFactors {
  readonly width: number
  readonly userRows: Float32Array
  readonly itemRows: Float32Array
}

export interface HistoryEntry {
  readonly itemIndex: number
  readonly rating: number
}
