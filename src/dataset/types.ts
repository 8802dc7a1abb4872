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

/** Ratings as parallel columns of dense indices. */
export interface Ratings {
  readonly userIndex: Int32Array
  readonly itemIndex: Int32Array
  readonly rating: Float32Array
  /** Unix seconds; NaN where unknown. */
  readonly timestamp: Float64Array
}

export interface Dataset {
  readonly lakeVersion: number
  readonly users: Vocabulary
  readonly items: Vocabulary
  readonly ratings: Ratings
  /** Least and greatest rating in the data: predictions are clipped to it. */
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
  readonly byUser: Csr
  readonly byItem: Csr
  readonly ratingRange: readonly [min: number, max: number]
  /** Unix seconds of every entry of `byUser`, in its order, NaN where unknown; gathered when asked for. */
  timestamps(): Float64Array
}
