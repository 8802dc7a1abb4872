import { RecsysError } from '../../errors.ts'
import { buildIdTable, type IdTable, textAt } from './id-table.ts'

/**
 * What is known of the items besides their categories, a column for each attribute: item i has the values
 * `codes[starts[i] .. starts[i + 1])`, of which none, one or more may be. Everything lies in shared memory.
 */
export interface AttributeColumn {
  readonly name: string
  readonly starts: Int32Array
  readonly codes: Int32Array
  /** The different values: code c is the text `values[c]`, as a number `numbers[c]`, NaN where it is none. */
  readonly values: IdTable
  readonly numbers: Float64Array
}

export type AttributeTable = readonly AttributeColumn[]

/**
 * @param attributes  of each item a JSON object of texts, or null; undefined: no item has any
 * @throws RECSYS_MODEL_SHAPE
 */
export function buildAttributeTable(attributes: readonly (string | null)[] | undefined): AttributeTable {
  if (attributes === undefined) return []
  const columns = new Map<string, Collected>()
  attributes.forEach((text, item) => {
    if (text === null) return
    for (const [name, value] of Object.entries(parseObject(text, item))) {
      const values = valuesOf(value)
      if (values.length === 0) continue
      const column = columns.get(name) ?? collect(attributes.length)
      columns.set(name, column)
      add(column, item, values)
    }
  })
  return [...columns].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, column]) => share(name, column))
}

/** An item's values of an attribute. */
export function attributeValues({ starts, codes, values }: AttributeColumn, itemIndex: number): string[] {
  return Array.from(codes.subarray(starts[itemIndex], starts[itemIndex + 1]), (code) => textAt(values, code))
}

interface Collected {
  readonly codeOf: Map<string, number>
  readonly starts: Int32Array
  readonly codes: number[]
  /** The last item that was added. */
  last: number
}

function collect(nItems: number): Collected {
  return {
    codeOf: new Map(),
    starts: new Int32Array(new SharedArrayBuffer(4 * (nItems + 1))),
    codes: [],
    last: -1,
  }
}

function add(column: Collected, item: number, values: readonly string[]): void {
  column.starts.fill(column.codes.length, column.last + 1, item + 1)
  column.last = item
  for (const value of values) {
    const code = column.codeOf.get(value) ?? column.codeOf.size
    column.codeOf.set(value, code)
    column.codes.push(code)
  }
}

function share(name: string, { codeOf, starts, codes, last }: Collected): AttributeColumn {
  starts.fill(codes.length, last + 1)
  const values = [...codeOf.keys()]
  const sharedCodes = new Int32Array(new SharedArrayBuffer(4 * codes.length))
  sharedCodes.set(codes)
  const numbers = new Float64Array(new SharedArrayBuffer(8 * values.length))
  numbers.set(values.map((value) => Number(value)))
  return { name, starts, codes: sharedCodes, values: buildIdTable(values), numbers }
}

function parseObject(text: string, item: number): object {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch {
    // Said below.
  }
  throw new RecsysError('RECSYS_MODEL_SHAPE', {
    message: `the attributes of item ${item} are not a JSON object`,
  })
}

/** A text that holds a JSON array stands for its entries. */
function valuesOf(value: unknown): string[] {
  if (value === null) return []
  if (typeof value === 'string' && value.startsWith('[') && value.endsWith(']')) {
    const list = listIn(value)
    if (list) return [...new Set(list.filter((entry) => entry !== null).map(asText))]
  }
  return [asText(value)]
}

function listIn(text: string): unknown[] | undefined {
  try {
    return JSON.parse(text) as unknown[]
  } catch {
    return undefined
  }
}

function asText(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.toWellFormed()
}
