import { RecsysError } from '../errors.ts'
import { openLake } from '../lake/lake.ts'
import type { ItemRow } from '../lake/types.ts'

/** Whom and what a load test asks for. */
export interface LakePopulation {
  readonly userIds: readonly string[]
  readonly categories: readonly string[]
  readonly itemIds: readonly string[]
}

/**
 * Users, categories and items of the latest lake version.
 * @throws RECSYS_LAKE_MISSING when there are no tables or no users in them
 */
export async function readPopulation(dataDir: string, maxUsers: number): Promise<LakePopulation> {
  const lake = await openLakeOrExplain(dataDir)
  try {
    const userIds = await lake.readUserIds(maxUsers)
    if (userIds.length === 0) throw withoutUsers(`the lake in ${dataDir} has no users`)
    return { userIds, ...filters(await lake.readItems()) }
  } finally {
    lake.close()
  }
}

async function openLakeOrExplain(dataDir: string) {
  try {
    return await openLake(dataDir)
  } catch (error) {
    if (error instanceof RecsysError && error.code === 'RECSYS_LAKE_MISSING')
      throw withoutUsers(error.message, error)
    throw error
  }
}

function withoutUsers(message: string, cause?: unknown): RecsysError {
  return new RecsysError('RECSYS_LAKE_MISSING', {
    message: `no users to draw from: ${message}`,
    remedy:
      'Create the tables with `recsys init-tables`, name their place with --data-dir, or give --user-ids FILE.',
    cause,
  })
}

function filters(items: readonly ItemRow[]): Pick<LakePopulation, 'categories' | 'itemIds'> {
  const categories = new Set(items.flatMap((item) => item.categories))
  return {
    categories: [...categories].filter(isOneValue),
    itemIds: items.map(({ itemId }) => itemId).filter(isOneValue),
  }
}

/** The server reads commas in `category` and `exclude` as separators. */
function isOneValue(text: string): boolean {
  return text !== '' && !text.includes(',')
}
