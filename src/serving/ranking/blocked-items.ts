import { type Bitset, insert, insertAll, remove } from '../shared/bitset.ts'
import { type CategoryTable, itemsOfCategory } from '../shared/category-table.ts'

/** Which items a request leaves no place for. Filters act before the selection, so k items come whenever k are eligible. */
export interface ItemFilter {
  /** An item of any of these categories is eligible; empty: every item is. */
  readonly categories: readonly string[]
  /** Only these are eligible; undefined: every item is. */
  readonly allowed: readonly number[] | undefined
  /** Only members are eligible; undefined: every item is. */
  readonly matching: Bitset | undefined
  readonly excluded: readonly number[]
  readonly seen: Int32Array | readonly number[]
}

/**
 * @param blocked  out, the items that may not be selected
 * @returns the categories that no item has
 */
export function markBlocked(filter: ItemFilter, categories: CategoryTable, blocked: Bitset): string[] {
  const unknown = markCategories(filter.categories, categories, blocked)
  if (filter.allowed) keepOnly(filter.allowed, blocked)
  if (filter.matching) keepMembers(filter.matching, blocked)
  insertAll(blocked, filter.excluded)
  insertAll(blocked, filter.seen)
  return unknown
}

function markCategories(names: readonly string[], table: CategoryTable, blocked: Bitset): string[] {
  if (names.length === 0) {
    blocked.fill(0)
    return []
  }
  blocked.fill(~0)
  return names.filter((name) => {
    const members = itemsOfCategory(table, name)
    if (members) for (let i = 0; i < members.length; i++) remove(blocked, members[i]!)
    return members === undefined
  })
}

function keepMembers(members: Bitset, blocked: Bitset): void {
  for (let word = 0; word < blocked.length; word++) blocked[word]! |= ~(members[word] ?? 0)
}

function keepOnly(allowed: readonly number[], blocked: Bitset): void {
  const before = blocked.slice()
  blocked.fill(~0)
  for (const index of allowed) {
    remove(blocked, index)
    if ((before[index >>> 5]! >>> (index & 31)) & 1) insert(blocked, index)
  }
}
