/**
 * The actions of the Delta transaction log, protocol reader 1 / writer 2, as they stand in a commit file: one JSON object
 * a line with a single key, the name of the action. Field names are those of the Delta protocol.
 */
export interface Protocol {
  readonly minReaderVersion: number
  readonly minWriterVersion: number
  readonly readerFeatures?: readonly string[] | null
  readonly writerFeatures?: readonly string[] | null
}

export interface MetaData {
  readonly id: string
  readonly name?: string | null
  readonly description?: string | null
  readonly format: { readonly provider: string; readonly options?: Readonly<Record<string, string>> | null }
  /** JSON of a `StructType`. */
  readonly schemaString: string
  readonly partitionColumns: readonly string[]
  readonly configuration?: Readonly<Record<string, string>> | null
  /** Milliseconds. */
  readonly createdTime?: number | null
}

export interface AddFile {
  /** Relative to the table or absolute, percent-encoded. */
  readonly path: string
  readonly partitionValues: Readonly<Record<string, string | null>>
  readonly size: number
  /** Milliseconds. */
  readonly modificationTime: number
  readonly dataChange: boolean
  /** JSON of `FileStatistics`. */
  readonly stats?: string | null
  readonly tags?: Readonly<Record<string, string>> | null
  readonly deletionVector?: unknown
}

export interface RemoveFile {
  readonly path: string
  /** Milliseconds. */
  readonly deletionTimestamp?: number | null
  readonly dataChange: boolean
  readonly extendedFileMetadata?: boolean | null
  readonly partitionValues?: Readonly<Record<string, string | null>> | null
  readonly size?: number | null
}

export interface Transaction {
  readonly appId: string
  readonly version: number
  readonly lastUpdated?: number | null
}

export interface CommitInfo {
  /** Milliseconds. */
  readonly timestamp: number
  readonly operation: string
  readonly operationParameters?: Readonly<Record<string, string>>
  readonly operationMetrics?: Readonly<Record<string, string>>
  readonly engineInfo?: string
}

/** One line of a commit. Kinds that we do not know are kept out of the state, as the protocol asks. */
export interface Action {
  readonly protocol?: Protocol | null
  readonly metaData?: MetaData | null
  readonly add?: AddFile | null
  readonly remove?: RemoveFile | null
  readonly txn?: Transaction | null
  readonly commitInfo?: CommitInfo | null
}

export interface FileStatistics {
  readonly numRecords: number
  readonly minValues: Readonly<Record<string, string | number>>
  readonly maxValues: Readonly<Record<string, string | number>>
  readonly nullCount: Readonly<Record<string, number>>
}
