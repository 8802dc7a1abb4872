import type { ArtifactContent } from '../../src/artifacts/types.ts'
import type { ModelIdentity } from '../../src/serving/types.ts'

export interface FixtureShape {
  readonly nUsers?: number
  readonly nItems?: number
  readonly width?: number
  /** Added to every score, so that a score tells which model it comes from. */
  readonly offset?: number
  readonly seed?: number
  readonly userIds?: readonly string[]
  readonly itemIds?: readonly string[]
}

/** Items each fixture user has touched. */
const historyLength = 10

/**
 * An svd model with pseudo-random factors. Items are `even` or `odd` by their index, every fifth is also
 * `Sci-Fi, Fantasy`; every third has no title; popularity falls with the index.
 */
export function fixtureContent(shape: FixtureShape = {}): ArtifactContent {
  const { width = 8, offset = 0, seed = 1 } = shape
  const userIds = shape.userIds ?? names('u', shape.nUsers ?? 40)
  const itemIds = shape.itemIds ?? names('i', shape.nItems ?? 60)
  const [nUsers, nItems] = [userIds.length, itemIds.length]
  const { historyStarts, historyItems } = histories(nUsers, nItems)
  return {
    manifest: {
      algorithm: 'svd',
      params: { factors: width, epochs: 1, reg: 0.05 },
      seed,
      split: 'hash:0.2',
      splitFingerprint: '0'.repeat(64),
      lakeVersion: 0,
      ratingRange: [1, 5 + 2 * offset],
      nUsers,
      nItems,
      signature: { inputs: { userId: 'string' }, outputs: { itemId: 'string' } },
    },
    userIds,
    itemIds,
    tensors: {
      userFactors: { axis: 'user', width, data: noise(nUsers * width, seed) },
      itemFactors: { axis: 'item', width, data: noise(nItems * width, seed + 1) },
      userBias: { axis: 'user', width: 1, data: noise(nUsers, seed + 2) },
      itemBias: { axis: 'item', width: 1, data: noise(nItems, seed + 3).map((value) => value + offset) },
      mean: { axis: 'model', width: 1, data: Float32Array.of(3) },
    },
    historyStarts,
    historyItems,
    itemTitles: itemIds.map((itemId, index) => (index % 3 === 0 ? null : `Title "${itemId}"`)),
    itemCategories: itemIds.map((_, index) => [
      index % 2 === 0 ? 'even' : 'odd',
      ...(index % 5 === 0 ? ['Sci-Fi, Fantasy'] : []),
    ]),
    itemInteractions: Int32Array.from(itemIds, (_, index) => 10 * (nItems - index)),
  }
}

export function fixtureIdentity(version = 1): ModelIdentity {
  return { name: 'recommender', version, runId: `run${version}`, algorithm: 'svd', source: 'model' }
}

/** The items that a fixture user has touched: `historyLength` neighbours, starting at 7 times the user's index. */
export function touchedItems(userIndex: number, nItems: number): number[] {
  const items = Array.from(
    { length: Math.min(historyLength, nItems) },
    (_, i) => (7 * userIndex + i) % nItems,
  )
  return items.sort((a, b) => a - b)
}

function histories(nUsers: number, nItems: number) {
  const perUser = Math.min(historyLength, nItems)
  const historyStarts = Int32Array.from({ length: nUsers + 1 }, (_, user) => user * perUser)
  const historyItems = new Int32Array(nUsers * perUser)
  for (let user = 0; user < nUsers; user++) historyItems.set(touchedItems(user, nItems), user * perUser)
  return { historyStarts, historyItems }
}

function names(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`)
}

/** Numbers between -0.5 and 0.5 that look random and are always the same. */
function noise(length: number, seed: number): Float32Array {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32 - 0.5
  })
}
