import { type CategoryTable, itemsOfCategory } from '../shared/category-table.ts'

/** Which items a request leaves no place for. Filters act before the selection, so k items come whenever k are eligible. */
export interface ItemFilter {
  /** An item of any of these categories is eligible; empty: every item is. */
  readonly categories: readonly string[]
  readonly excluded: readonly number[]
  readonly seen: Int32Array | readonly number[]
}

/**
 * @param blocked  out, one byte an item: 1 where it may not be selected
 * @returns the categories that no item has
 */
export function markBlocked(filter: ItemFilter, categories: CategoryTable, blocked: Uint8Array): string[] {
  const unknown = markCategories(filter.categories, categories, blocked)
  for (const itemIndex of filter.excluded) blocked[itemIndex] = 1
  const { seen } = filter
  for (let i = 0; i < seen.length; i++) blocked[seen[i]!] = 1
  return unknown
}

function markCategories(names: readonly string[], table: CategoryTable, blocked: Uint8Array): string[] {
  if (names.length === 0) {
    blocked.fill(0)
    return []
  }
  blocked.fill(1)
  return names.filter((name) => {
    const members = itemsOfCategory(table, name)
    if (members) for (let i = 0; i < members.length; i++) blocked[members[i]!] = 0
    return members === undefined
  })
}
