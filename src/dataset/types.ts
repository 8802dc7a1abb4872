/** Ids in dense order: `ids[index]` and `indexOf(id)` are inverse. `indexOf` is -1 for an unknown id. */
export interface Vocabulary {
  readonly ids: readonly string[]
  readonly size: number
  indexOf(id: string): number
}

/**
 * Compressed sparse rows: row r holds `columns[rowStarts[r] .. rowStarts[r + 1])`, ascending, with `values`
 * beside them.
 */
export interface Csr {
  readonly nRows: number
  readonly nColumns: number
  /** nRows + 1 */
  readonly rowStarts: Int32Array
  readonly columns: Int32Array
  readonly values: Float32Array
}

/** What users did, one row a pair, as parallel columns of dense indices. */
export interface Interactions {
  readonly userIndex: Int32Array
  readonly itemIndex: Int32Array
  /** NaN where the pair was never rated. */
  readonly rating: Float32Array
  /** How much the row counts; 0: known, but no sign of interest (disliked): never recommended, never relevant. */
  readonly weight: Float32Array
  /** Events behind the row. */
  readonly count: Int32Array
  /** Unix seconds; NaN where unknown. */
  readonly timestamp: Float64Array
}

/**
 * What the rows say: `explicit`, how much each was liked (every row has a rating, and ratings differ); `implicit`, what was
 * chosen (no ratings, or one value for all); `both`, some rows with ratings and some without.
 */
export type FeedbackKind = 'explicit' | 'implicit' | 'both'

export interface Dataset {
  readonly lakeVersion: number
  readonly users: Vocabulary
  readonly items: Vocabulary
  readonly interactions: Interactions
  readonly kind: FeedbackKind
  /** Least and greatest rating in the data: predictions are clipped to it; [0, 0] without ratings. */
  readonly ratingRange: readonly [min: number, max: number]
}

/**
 * One way to cut a dataset. A row with `isTest[r]` = 1 is held out, one with `isTrain[r]` = 1 is learnt from; with the `file`
 * and `temporal` splits a row may be neither.
 */
export interface Masks {
  readonly isTest: Uint8Array
  readonly isTrain: Uint8Array
  /** 1 for rows that nothing is learnt from, but that lists for their users are made from; only with the `users` split. */
  readonly isFoldIn?: Uint8Array
  /** What a reader of the numbers should know of this cut. */
  readonly notes?: readonly string[]
}

/** A cut that a run can be recognised by. */
export interface Fold extends Masks {
  /** SHA-256 (hex) of the split’s kind and of hashes of the ids of the held-out, the training and the folded-in rows. */
  readonly fingerprint: string
}

/** What a model learns from: the training rows of a fold, by user and by item. */
export interface TrainingSet {
  readonly nUsers: number
  readonly nItems: number
  readonly kind: FeedbackKind
  /** Rows with a weight above 0: what users chose. Values are ratings, or counts where there is no rating. */
  readonly byUser: Csr
  readonly byItem: Csr
  /** The rows with a rating, whatever their weight, as a set of their own; the same object where that is all of them. */
  readonly ratings: TrainingSet
  readonly ratingRange: readonly [min: number, max: number]
  /** Weights of the entries of `byUser`, in its order, divided by their mean; undefined where all are equal. */
  weights(): Float32Array | undefined
  /** Unix seconds of every entry of `byUser`, in its order, NaN where unknown; gathered when asked for. */
  timestamps(): Float64Array
}
