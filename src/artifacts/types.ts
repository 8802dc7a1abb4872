/**
 * A model on disk: a directory of Arrow IPC files and a manifest with their checksums.
 *
 *     manifest.json   everything below but the arrays, and for each file its size and SHA-256
 *     users.arrow     id, one column a user tensor, history: list<int32> of item indices (train and held-out rows); where they say
 *                     something historyRatings, historyWeights: list<float32> of the same lengths
 *     items.arrow     id, title, categories: list<utf8>, interactions: int32, one column an item tensor; where they are known
 *                     attributes: utf8 (a JSON object), trend: float32
 *     model.arrow     one row, one column a model tensor
 *
 * Ids are unique and well-formed Unicode, in any order: the order is the dense index. A tensor of width 1 is a float32 column, a wider one a fixed_size_list<float32>. The same content always gives
 * the same bytes: no clock, no host, no thread count goes in.
 */
export interface ArtifactContent {
  readonly manifest: ArtifactHeader
  readonly userIds: readonly string[]
  readonly itemIds: readonly string[]
  readonly tensors: Readonly<Record<string, ArtifactTensor>>
  /** Item indices each user has touched: user u has `historyItems[historyStarts[u] .. historyStarts[u + 1])`. */
  readonly historyStarts: Int32Array
  readonly historyItems: Int32Array
  /** Rating of each entry of the history, NaN for none; undefined where no rating is known. */
  readonly historyRatings?: Float32Array | undefined
  /** Weight of each entry, 0 for what is known and no sign of interest; undefined: 1 each. */
  readonly historyWeights?: Float32Array | undefined
  readonly itemTitles: readonly (string | null)[]
  readonly itemCategories: readonly (readonly string[])[]
  /** Interactions of each item in the training rows. */
  readonly itemInteractions: Int32Array
  /** What else is known of each item: a JSON object of texts, or null; undefined where no item has any. */
  readonly itemAttributes?: readonly (string | null)[] | undefined
  /** Interactions in the training rows, halved for every half-life before the newest; undefined without their times. */
  readonly itemTrend?: Float32Array | undefined
}

/** `allow` where users come back to the same items: what was seen may be recommended again. */
export type Repeats = 'allow' | 'exclude'

export interface ArtifactTensor {
  readonly axis: 'user' | 'item' | 'model'
  readonly width: number
  readonly data: Float32Array
}

export interface ArtifactHeader {
  readonly algorithm: string
  readonly params: Readonly<Record<string, number | string | boolean>>
  readonly seed: number
  readonly split: string
  readonly splitFingerprint: string
  readonly lakeVersion: number
  readonly ratingRange: readonly [min: number, max: number]
  readonly nUsers: number
  readonly nItems: number
  /** Whether lists show what the user has seen already; left out: 'exclude'. */
  readonly repeats?: Repeats | undefined
  /** Names and types of what a caller gives and gets: userId: string, k: int32 -> itemId: string, score: float32. */
  readonly signature: {
    readonly inputs: Readonly<Record<string, string>>
    readonly outputs: Readonly<Record<string, string>>
  }
}

/*
 * src/artifacts/artifact.ts exports
 *   writeArtifact(directory, content): Promise<{ manifestSha256: string; sizeBytes: number }>
 *     commit point: the rename of the finished temporary directory. The target must not exist.
 *     throws RECSYS_ARTIFACT_INVALID | RECSYS_ARTIFACT_EXISTS | RECSYS_DATA_DIR_UNWRITABLE
 *   readArtifact(directory, { manifestSha256? }): Promise<ArtifactContent>
 *     checks size and checksum of every file before it parses it, then shapes and ranges of everything it returns.
 *     throws RECSYS_ARTIFACT_MISSING | RECSYS_ARTIFACT_CORRUPT | RECSYS_ARTIFACT_VERSION
 */
