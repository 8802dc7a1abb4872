import { RecsysError } from '../errors.ts'
import { openLake } from '../lake/lake.ts'

/** Version of the table `interactions`; null without a lake. */
export async function latestInteractions(dataDir: string): Promise<number | null> {
  try {
    const lake = await openLake(dataDir)
    try {
      return await lake.latestVersion()
    } finally {
      lake.close()
    }
  } catch (error) {
    if (error instanceof RecsysError && error.code === 'RECSYS_LAKE_MISSING') return null
    throw error
  }
}

/** What people ask of the lake and do to its files; the lake itself has the answers. */
export { bringRatings, type RatingsBrought } from '../lake/bring-ratings.ts'
export {
  type Optimized,
  optimizeEvents,
  type Vacuumed,
  vacuumLake,
  vacuumTable,
} from '../lake/maintain-tables.ts'
export {
  lakeTables,
  type QueryResult,
  queryTables,
  type TableVersion,
  tableHistory,
} from '../lake/query-tables.ts'
export { type InteractionShapes, readRejects, readShapes } from '../lake/shapes.ts'
