/** The three tables that make a lake. */
export type TableName = 'interactions' | 'items' | 'users'

/**
 * One version of `interactions`, dictionary-coded: row r says that `userIds[userIndex[r]]` did something with
 * `itemIds[itemIndex[r]]`, `count[r]` times, and gave it the rating `rating[r]`. Ids are sorted by code unit and every id occurs in a row;
 * rows are sorted by (user, item) and a pair occurs once. The same table version always gives the same arrays.
 */
export interface InteractionColumns {
  readonly lakeVersion: number
  readonly userIds: readonly string[]
  readonly itemIds: readonly string[]
  readonly userIndex: Int32Array
  readonly itemIndex: Int32Array
  /** NaN where the pair was never rated. */
  readonly rating: Float32Array
  /** How much the row counts; 0: known, but no sign of interest. 1 in tables of before there were weights. */
  readonly weight: Float32Array
  /** Events behind the row. */
  readonly count: Int32Array
  /** Unix seconds; NaN where unknown. */
  readonly timestamp: Float64Array
}

export interface ItemRow {
  readonly itemId: string
  readonly title: string | null
  /** Genres or the like, in the order of the source; empty when there are none. */
  readonly categories: readonly string[]
  /** A JSON object: what else the source says, each as a text; a list is a JSON array in a text. */
  readonly attributes: string | null
}

/**
 * The reading side of the lake. `src/lake/lake.ts` exports `openLake(dataDir): Promise<Lake>`; it throws
 * RECSYS_LAKE_MISSING when there are no tables. Versions are Delta table versions of `interactions`.
 */
export interface Lake {
  latestVersion(): Promise<number>
  /** @throws RECSYS_LAKE_VERSION when the version does not exist */
  readInteractions(version?: number): Promise<InteractionColumns>
  /** Items at the version that belongs to this version of the interactions, by id. */
  readItems(version?: number): Promise<ItemRow[]>
  /** Ids that have interactions, at most `limit`, in the lake's order: what a load test draws users from. */
  readUserIds(limit?: number): Promise<string[]>
  close(): void
}
