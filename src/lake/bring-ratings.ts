import { join } from 'node:path'
import { importRatings } from './import/import-ratings.ts'
import { openLake } from './lake.ts'
import { exportNewRatings } from './rating-events.ts'
import { withStaging } from './staging.ts'

export interface RatingsBrought {
  /** Ratings of users that are in `interactions` now and were not before. */
  readonly ratings: number
  /** Version of the table `interactions`. */
  readonly interactionsVersion: number
}

/**
 * Brings the ratings among the events of the lake into `interactions`, where trainings read them: the last one of every pair, within
 * the scale. Doing it again brings nothing.
 * @throws RECSYS_LAKE_MISSING
 */
export async function bringRatings(dataDir: string): Promise<RatingsBrought> {
  const ratings = await withStaging(dataDir, async (staging) => {
    const path = join(staging, 'ratings.csv')
    const { rows, ratingRange } = await exportNewRatings(dataDir, path)
    if (rows > 0) {
      const columns = { user: 'user_id', item: 'item_id', rating: 'rating', timestamp: 'timestamp' }
      await importRatings({
        dataDir,
        mode: 'append',
        from: path,
        columns,
        delimiter: ',',
        ratingRange,
        maxRejects: 1,
      })
    }
    return rows
  })
  return { ratings, interactionsVersion: await latestInteractions(dataDir) }
}

/** Version of the table `interactions`. @throws RECSYS_LAKE_MISSING */
async function latestInteractions(dataDir: string): Promise<number> {
  const lake = await openLake(dataDir)
  try {
    return await lake.latestVersion()
  } finally {
    lake.close()
  }
}
