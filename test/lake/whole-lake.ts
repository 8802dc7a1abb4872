import { join } from 'node:path'
import { expect } from 'vitest'
import { RecsysError } from '../../src/errors.ts'
import { openLake } from '../../src/lake/lake.ts'
import { replayedRows } from './independent-reader.ts'

export interface LakeState {
  readonly version: number
  readonly nInteractions: number
  readonly nUsers: number
  readonly nItems: number
}

/**
 * What the lake holds, undefined when there is none. Fails on a half state: a version that cannot be read, an interaction
 * whose item is not in the items of its version, or rows that a second reader sees otherwise.
 */
export async function wholeLake(dataDir: string): Promise<LakeState | undefined> {
  const lake = await openLake(dataDir).catch((error) => {
    if (error instanceof RecsysError && error.code === 'RECSYS_LAKE_MISSING') return undefined
    throw error
  })
  if (!lake) return undefined
  try {
    const version = await lake.latestVersion()
    for (let v = 0; v < version; v += 1) await lake.readInteractions(v)
    const { userIds, itemIds, rating } = await lake.readInteractions()
    const items = new Set((await lake.readItems()).map((item) => item.itemId))
    expect(itemIds.filter((itemId) => !items.has(itemId))).toEqual([])
    expect(await replayedRows(join(dataDir, 'lake/interactions'))).toHaveLength(rating.length)
    return { version, nInteractions: rating.length, nUsers: userIds.length, nItems: items.size }
  } finally {
    lake.close()
  }
}
