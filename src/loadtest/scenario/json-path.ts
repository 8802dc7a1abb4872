/**
 * A singular query of RFC 9535 (§2.3.5.1): names and indices from the root, which name one value at most. A check wants
 * one value, and one value can be said in every language that scenarios are exported to.
 */
export type JsonPath = readonly (string | number)[]

const segment =
  /\.([A-Za-z_\u0080-\uffff][\w\u0080-\uffff-]*)|\[\s*(-?\d+)\s*\]|\[\s*'((?:[^'\\]|\\.)*)'\s*\]|\[\s*"((?:[^"\\]|\\.)*)"\s*\]/y

/** `$.items[0]['item id']`; undefined when the text is no such path. */
export function parseJsonPath(text: string): JsonPath | undefined {
  if (!text.startsWith('$')) return undefined
  const path: (string | number)[] = []
  segment.lastIndex = 1
  while (segment.lastIndex < text.length) {
    const match = segment.exec(text)
    if (match === null) return undefined
    const [, name, index, single, double] = match
    path.push(index === undefined ? (name ?? unescaped(single ?? double ?? '')) : Number(index))
  }
  return path
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, '$1')
}

/** undefined when there is nothing at the path. A negative index counts from the end. */
export function valueAt(path: JsonPath, root: unknown): unknown {
  let value = root
  for (const key of path) {
    if (typeof key === 'number') {
      if (!Array.isArray(value)) return undefined
      value = value.at(key)
    } else {
      if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, key))
        return undefined
      value = (value as Record<string, unknown>)[key]
    }
  }
  return value
}
