import type { ArtifactContent } from '../artifacts/types.ts'
import { halvings } from '../dataset/time-decay.ts'
import type { Dataset } from '../dataset/types.ts'
import type { ItemRow } from '../lake/types.ts'

/** An interaction counts half as much as one this many days later. */
const trendHalfLifeDays = 30

type ItemColumns = Pick<
  ArtifactContent,
  'itemTitles' | 'itemCategories' | 'itemInteractions' | 'itemAttributes' | 'itemTrend'
>

/**
 * What an artifact says about its items, besides the model.
 * @param counts  1 for the rows that interactions and trend are counted from; those without a weight are left out
 */
export function itemColumns(dataset: Dataset, items: readonly ItemRow[], counts: Uint8Array): ItemColumns {
  const rowOf = new Map(items.map((item) => [item.itemId, item]))
  const { weight } = dataset.interactions
  const chosen = counts.map((one, row) => (weight[row] > 0 ? one : 0))
  const rows = dataset.items.ids.map((itemId) => rowOf.get(itemId))
  return {
    itemTitles: rows.map((item) => item?.title ?? null),
    itemCategories: rows.map((item) => item?.categories ?? []),
    itemInteractions: countInteractions(dataset, chosen),
    itemAttributes: rows.some((item) => item?.attributes != null)
      ? rows.map((item) => item?.attributes ?? null)
      : undefined,
    itemTrend: trendOf(dataset, chosen),
  }
}

function countInteractions({ items, interactions }: Dataset, counts: Uint8Array): Int32Array {
  const sums = new Int32Array(items.size)
  for (let row = 0; row < counts.length; row++) sums[interactions.itemIndex[row]] += counts[row]
  return sums
}

/** Undefined where no row has a time. */
function trendOf({ items, interactions }: Dataset, counts: Uint8Array): Float32Array | undefined {
  const { itemIndex, timestamp } = interactions
  let newest = Number.NEGATIVE_INFINITY
  for (let row = 0; row < counts.length; row++) {
    if (counts[row] === 1 && timestamp[row] > newest) newest = timestamp[row]
  }
  if (newest === Number.NEGATIVE_INFINITY) return undefined
  const sums = new Float64Array(items.size)
  for (let row = 0; row < counts.length; row++) {
    if (counts[row] !== 1 || Number.isNaN(timestamp[row])) continue
    sums[itemIndex[row]] += halvings(newest - timestamp[row], trendHalfLifeDays)
  }
  return Float32Array.from(sums)
}
