import { sharedText } from './id-table.ts'

/**
 * What a response says about an item, rendered once by the loader: `{"itemId":…,"title":…,"categories":[…],"score":`.
 * A response is then a concatenation; the score and the source follow.
 */
export interface ItemText {
  readonly bytes: Uint8Array
  readonly starts: Uint32Array
}

export interface ItemFacts {
  readonly itemIds: readonly string[]
  readonly itemTitles: readonly (string | null)[]
  readonly itemCategories: readonly (readonly string[])[]
}

export function buildItemText(items: ItemFacts): ItemText {
  return sharedText(items.itemIds.map((itemId, index) => renderItem(items, itemId, index)))
}

function renderItem(items: ItemFacts, itemId: string, index: number): string {
  return renderItemText(itemId, items.itemTitles[index] ?? null, items.itemCategories[index] ?? [])
}

export function renderItemText(itemId: string, title: string | null, categories: readonly string[]): string {
  return `${JSON.stringify({ itemId, title, categories }).slice(0, -1)},"score":`
}

/** Texts by item index, decoded from shared memory when first asked for. */
export function itemTextReader(text: ItemText): (itemIndex: number) => string {
  const bytes = Buffer.from(text.bytes.buffer, text.bytes.byteOffset, text.bytes.byteLength)
  const decoded = new Array<string | undefined>(text.starts.length - 1)
  return (itemIndex) => {
    const known = decoded[itemIndex]
    if (known !== undefined) return known
    const fresh = bytes.toString('utf8', text.starts[itemIndex], text.starts[itemIndex + 1])
    decoded[itemIndex] = fresh
    return fresh
  }
}
