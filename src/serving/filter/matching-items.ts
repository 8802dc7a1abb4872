import type { AttributeColumn, AttributeTable } from '../shared/attribute-table.ts'
import { type Bitset, createBitset, insert } from '../shared/bitset.ts'
import { type CategoryTable, itemsOfCategory } from '../shared/category-table.ts'
import { type IdTable, textAt } from '../shared/id-table.ts'
import type { Expression, Literal, Operator } from './expression.ts'

/** What expressions can ask about the items of a model. */
export interface ItemFields {
  readonly ids: IdTable
  readonly categories: CategoryTable
  readonly attributes: AttributeTable
  readonly interactions: Int32Array
}

/** Names under which the categories are asked for; an attribute of the same name is hidden by them. */
const categoryNames = new Set(['category', 'categories', 'genre', 'genres'])
const builtIn = ['category', 'interactions', 'itemId']

/** Names that an expression may ask for. */
export function fieldNames({ attributes }: Pick<ItemFields, 'attributes'>): string[] {
  return [...builtIn, ...attributes.map(({ name }) => name)]
}

export function hasField({ attributes }: Pick<ItemFields, 'attributes'>, name: string): boolean {
  return builtIn.includes(name) || categoryNames.has(name) || attributes.some((each) => each.name === name)
}

/**
 * The items for which an expression is true. An item without a field, or with values that are no numbers where the literal is
 * one, fulfils no comparison, not even `!=`; `not` turns a whole answer round. Of a field with several values one is enough,
 * but for `!=`, which all have to fulfil. A literal in quotes compares texts, by code units.
 */
export function matchingItems(expression: Expression, fields: ItemFields): Bitset {
  switch (expression.type) {
    case 'and':
      return combine(expression.parts, fields, (a, b) => a & b)
    case 'or':
      return combine(expression.parts, fields, (a, b) => a | b)
    case 'not':
      return complement(matchingItems(expression.part, fields), fields.ids.size)
    default:
      return comparing(expression, fields)
  }
}

function combine(
  parts: readonly Expression[],
  fields: ItemFields,
  join: (a: number, b: number) => number,
): Bitset {
  const [first, ...rest] = parts.map((part) => matchingItems(part, fields))
  for (const other of rest)
    for (let word = 0; word < other.length; word++) first![word] = join(first![word]!, other[word]!)
  return first!
}

function complement(set: Bitset, size: number): Bitset {
  for (let word = 0; word < set.length; word++) set[word] = ~set[word]!
  // Nothing beyond the last item.
  if (size % 32 !== 0) set[set.length - 1]! &= 2 ** (size % 32) - 1
  return set
}

type Comparison = Exclude<Expression, { type: 'and' | 'or' | 'not' }>

function comparing(comparison: Comparison, fields: ItemFields): Bitset {
  const { field } = comparison
  const { ids, interactions } = fields
  const test = testOf(comparison)
  const found = createBitset(ids.size)
  if (categoryNames.has(field)) markCategories(fields.categories, test, found)
  else if (field === 'itemId') markEach(ids.size, (item) => test.one(textAt(ids, item), Number.NaN), found)
  else if (field === 'interactions') {
    markEach(ids.size, (item) => test.one(String(interactions[item]), interactions[item]!), found)
  } else {
    const column = fields.attributes.find(({ name }) => name === field)
    if (column) markColumn(column, test, found)
  }
  return found
}

function markEach(nItems: number, isMatch: (item: number) => boolean, found: Bitset): void {
  for (let item = 0; item < nItems; item++) if (isMatch(item)) insert(found, item)
}

/** Each value is looked at once, however many items have it. */
function markColumn({ starts, codes, values, numbers }: AttributeColumn, test: Test, found: Bitset): void {
  const matches = Uint8Array.from(numbers, (number, code) => (test.one(textAt(values, code), number) ? 1 : 0))
  for (let item = 0; item + 1 < starts.length; item++) {
    const [from, to] = [starts[item]!, starts[item + 1]!]
    let count = 0
    for (let at = from; at < to; at++) count += matches[codes[at]!]!
    if (test.needsAll ? to > from && count === to - from : count > 0) insert(found, item)
  }
}

function markCategories(table: CategoryTable, test: Test, found: Bitset): void {
  const nItems = 32 * found.length
  const [total, matching] = [new Uint16Array(nItems), new Uint16Array(nItems)]
  for (let c = 0; c < table.names.size; c++) {
    const name = textAt(table.names, c)
    const isMatch = test.one(name, Number(name))
    const members = itemsOfCategory(table, name)!
    for (let i = 0; i < members.length; i++) {
      total[members[i]!]!++
      if (isMatch) matching[members[i]!]!++
    }
  }
  const isFound = (item: number) => {
    return test.needsAll ? total[item]! > 0 && matching[item] === total[item] : matching[item]! > 0
  }
  markEach(nItems, isFound, found)
}

interface Test {
  one(text: string, number: number): boolean
  /** Whether every value of an item has to pass. */
  readonly needsAll: boolean
}

function testOf(comparison: Comparison): Test {
  switch (comparison.type) {
    case 'exists':
      return { one: () => true, needsAll: false }
    case 'contains': {
      const part = comparison.text.toLowerCase()
      return { one: (text) => text.toLowerCase().includes(part), needsAll: false }
    }
    case 'in': {
      const { literals } = comparison
      return { one: (text, number) => literals.some((each) => isEqual(each, text, number)), needsAll: false }
    }
    case 'compare': {
      const { operator, literal } = comparison
      return { one: (text, number) => holds(operator, literal, text, number), needsAll: operator === '!=' }
    }
  }
}

function isEqual(literal: Literal, text: string, number: number): boolean {
  return typeof literal === 'number' ? number === literal : text === literal
}

function holds(operator: Operator, literal: Literal, text: string, number: number): boolean {
  const value = typeof literal === 'number' ? number : text
  if (Number.isNaN(value)) return false
  switch (operator) {
    case '=':
      return value === literal
    case '!=':
      return value !== literal
    case '<':
      return value < literal
    case '<=':
      return value <= literal
    case '>':
      return value > literal
    case '>=':
      return value >= literal
  }
}
