import type { Ranking } from '../dataset/ranking.ts'
import type { TrainingSet } from '../dataset/types.ts'
import type { Compute } from '../kernels/compute.ts'
import type { ParameterSpec, Params } from './parameters.ts'

export type { Params } from './parameters.ts'

export type AlgorithmName = 'svd' | 'nmf' | 'als' | 'ease' | 'item-knn' | 'bpr' | 'popular'

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
  /** The loss, and what else the algorithm knows on its training rows; keys are metric names. */
  readonly metrics: Readonly<Record<string, number>>
}

/** Where a training stands after an epoch. */
export interface FitState {
  /** The model as it would be if the training ended here. */
  model(): Model | Promise<Model>
  /** All that the rest of the training depends on, to be copied before the next epoch begins. */
  arrays(): CheckpointArrays
}

export type CheckpointArrays = Readonly<Record<string, Float32Array | Float64Array | Int32Array>>

export interface Checkpoint {
  /** Epochs that are done. */
  readonly epoch: number
  readonly arrays: CheckpointArrays
}

export interface FitContext {
  readonly compute: Compute
  readonly seed: number
  readonly signal?: AbortSignal | undefined
  /** Told what a training without epochs is at. */
  onPhase?(text: string): void
  /** Called after every epoch, and waited for; 'stop' ends the training there. */
  onEpoch?(report: EpochReport, state: FitState): EpochVerdict | Promise<EpochVerdict>
  /** Where an interrupted training goes on; it ends in the same bytes as one that was not interrupted. */
  readonly resume?: Checkpoint | undefined
}

// biome-ignore lint/suspicious/noConfusingVoidType: a listener that says nothing lets the training go on
export type EpochVerdict = void | 'stop'

export interface Algorithm {
  readonly name: AlgorithmName
  readonly summary: string
  /** What it is made to do well: predict ratings, or order items. */
  readonly goal: 'rating' | 'ranking'
  readonly parameters: Readonly<Record<string, ParameterSpec>>
  /** Fills in the parameters that are to be chosen by the data; `fit` does so by itself. Left out: there are none. */
  settle?(params: Params, train: TrainingSet): Params
  /** Bytes of shared memory that `fit` will ask for, so that a job that cannot fit is refused before it starts. */
  memoryBytes(train: TrainingSet, params: Params, nThreads: number): number
  /** What of that may stay outside of shared memory where size asks for it; left out: nothing. */
  entriesOutside?(train: TrainingSet, params: Params): EntriesOutside
  /** @throws RECSYS_USAGE when parameters do not go together, before anything is computed */
  fit(train: TrainingSet, params: Params, context: FitContext): Promise<Model>
  /** The inverse of `Model.tensors`. @throws RECSYS_MODEL_SHAPE when the tensors do not fit together */
  restore(state: ModelState): Model
}

/** Bytes of entries that row kernels can read range by range, see `Compute.entries`. */
export interface EntriesOutside {
  /** Of `memoryBytes`. */
  readonly entryBytes: number
  /** Of these what is not part of the training set. */
  readonly copiedBytes: number
  /** What each thread needs to copy the entries of a range. */
  readonly windowBytes: number
}

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
  /**
   * Expected rating of the pair, clipped to `ratingRange`. An index of -1 stands for an unknown user or item.
   * @param timestamp  Unix seconds, for models that know time; left out or NaN: now
   */
  predict(userIndex: number, itemIndex: number, timestamp?: number): number
  /** Standard deviation of the predictive distribution of the rating, where the algorithm has one. */
  deviation?(userIndex: number, itemIndex: number): number
  /**
   * scores[i] = ranking score of item i for the user, for i in [0, nItems).
   * @param history  what the user has interacted with: models of items go by it, models of users by the index
   * @param scores   out, nItems
   */
  scoreUser(userIndex: number, history: readonly HistoryEntry[], scores: Float32Array): void
  /** The same for somebody who is not in the model, from a history; its length may be 0. */
  scoreHistory(history: readonly HistoryEntry[], scores: Float32Array): void
  /**
   * The row of such a user, as `ranking().userRows` has those of the training: scores are those of `scoreHistory`. Left out by
   * models that do not rank by rows of users, or by the same row for all.
   * @returns `ranking().width` floats
   */
  foldRow?(history: readonly HistoryEntry[]): Float32Array
  /**
   * What each entry of the history adds to the item's score in `scoreHistory`: where the fold-in is linear they sum to
   * the score less what the item has without any history; zeros where nothing can be told.
   * @param contributions  out, one an entry
   */
  explain(history: readonly HistoryEntry[], itemIndex: number, contributions: Float32Array): void
  /** How `scoreUser` is computed, for kernels that rank many users at once. */
  ranking(): Ranking
  /** similarity[i] of every item to one, the item itself included (the caller masks it). */
  scoreSimilar(itemIndex: number, similarity: Float32Array): void
}

export interface HistoryEntry {
  readonly itemIndex: number
  /** NaN where it is not known. */
  readonly rating: number
  /** How much it counts beside an average entry of the training; left out: 1. */
  readonly weight?: number
}
