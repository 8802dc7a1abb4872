import { buildIdTable, type IdTable, indexOfId } from './id-table.ts'

/** Which items belong to a category: category c has `items[starts[c] .. starts[c + 1])`, ascending. */
export interface CategoryTable {
  readonly names: IdTable
  readonly starts: Int32Array
  readonly items: Int32Array
}

export function buildCategoryTable(itemCategories: readonly (readonly string[])[]): CategoryTable {
  const members = membersByCategory(itemCategories)
  const names = [...members.keys()]
  const starts = new Int32Array(new SharedArrayBuffer(4 * (names.length + 1)))
  names.forEach((name, c) => {
    starts[c + 1] = starts[c]! + members.get(name)!.length
  })
  const items = new Int32Array(new SharedArrayBuffer(4 * starts[names.length]!))
  names.forEach((name, c) => {
    items.set(members.get(name)!, starts[c]!)
  })
  return { names: buildIdTable(names), starts, items }
}

/** The items of a category, undefined when no item has it. */
export function itemsOfCategory(table: CategoryTable, name: string): Int32Array | undefined {
  const c = indexOfId(table.names, name)
  return c < 0 ? undefined : table.items.subarray(table.starts[c], table.starts[c + 1])
}

function membersByCategory(itemCategories: readonly (readonly string[])[]): Map<string, number[]> {
  const members = new Map<string, number[]>()
  itemCategories.forEach((categories, itemIndex) => {
    for (const name of new Set(categories)) {
      const list = members.get(name)
      if (list) list.push(itemIndex)
      else members.set(name, [itemIndex])
    }
  })
  return members
}
