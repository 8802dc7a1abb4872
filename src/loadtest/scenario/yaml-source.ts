import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  type ParsedNode,
  parseDocument,
} from 'yaml'
import type { Position } from './document.ts'
import type { Entry, Node } from './node.ts'
import { Problems } from './problems.ts'

/** More than this is no scenario: aliases of aliases can make a short file long. */
const mostNodes = 200_000

/** A YAML text as nodes that know their lines. @throws RECSYS_SCENARIO_INVALID for text that is no YAML, naming the line */
export function parseYaml(file: string, text: string): Node {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: false,
    logLevel: 'error',
  })
  const problems = new Problems(file)
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(Math.min(offset, text.length))
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  for (const { message, pos } of document.errors) {
    problems.add(at(pos[0]), `is not YAML: ${message.split('\n')[0]}`, yamlRemedy(message))
  }
  problems.throwIfSome()
  const reader = new NodeReader(
    text,
    at,
    (alias) => alias.resolve(document) as ParsedNode | undefined,
    problems,
  )
  const node = reader.read(document.contents)
  problems.throwIfSome()
  return node
}

function yamlRemedy(message: string): string {
  if (/tab/i.test(message)) return 'Indent with spaces; YAML knows no tabs.'
  if (/unique/i.test(message)) return 'Keep one of the two keys.'
  return 'Check indentation, quotes and colons around this place; texts with `: ` or `#` in them want quotes.'
}

class NodeReader {
  readonly #text: string
  readonly #at: (offset: number) => Position
  readonly #resolve: (alias: Alias) => ParsedNode | undefined
  readonly #problems: Problems
  #nNodes = 0

  constructor(
    text: string,
    at: (offset: number) => Position,
    resolve: (alias: Alias) => ParsedNode | undefined,
    problems: Problems,
  ) {
    this.#text = text
    this.#at = at
    this.#resolve = resolve
    this.#problems = problems
  }

  read(node: ParsedNode | null | undefined): Node {
    const at = this.#at(node?.range?.[0] ?? 0)
    this.#nNodes += 1
    if (this.#nNodes > mostNodes) {
      if (this.#nNodes === mostNodes + 1) {
        this.#problems.add(
          at,
          `has more than ${mostNodes} values, expected a scenario`,
          'Move data into a feed file.',
        )
      }
      return scalar(null, at, () => at)
    }
    if (isAlias(node)) return this.#alias(node, at)
    if (isMap(node))
      return { kind: 'map', entries: node.items.map((pair) => this.#entry(pair as Pair, at)), at }
    if (isSeq(node))
      return { kind: 'list', items: node.items.map((item) => this.read(item as ParsedNode)), at }
    if (isScalar(node)) return this.#scalar(node as ParsedNode & { value: unknown }, at)
    return scalar(null, at, () => at)
  }

  #alias(alias: Alias, at: Position): Node {
    const node = this.#resolve(alias)
    if (node !== undefined) return this.read(node)
    const message = `has *${alias.source}, expected an anchor &${alias.source} before it`
    this.#problems.add(at, message, 'Define the anchor before it is used, or write the value out.')
    return scalar(null, at, () => at)
  }

  #entry(pair: Pair, mapAt: Position): Entry {
    const key = pair.key as ParsedNode | null
    const keyAt = key?.range ? this.#at(key.range[0]) : mapAt
    const name = isScalar(key) ? String(key.value) : ''
    if (!isScalar(key))
      this.#problems.add(keyAt, 'has a key that is not a text', 'Write the key as a plain text.')
    const value = pair.value as ParsedNode | null
    // `key:` without a value has no place of its own.
    const missing =
      value === null || (isScalar(value) && value.value === null && value.range?.[0] === value.range?.[1])
    return { key: name, keyAt, value: missing ? scalar(null, keyAt, () => keyAt) : this.read(value) }
  }

  #scalar(node: ParsedNode & { value: unknown }, at: Position): Node {
    const { value } = node
    const [from = 0, to = 0] = node.range ?? []
    const locate = (part: string) => {
      const offset = this.#text.slice(from, to).indexOf(part)
      return offset < 0 ? at : this.#at(from + offset)
    }
    if (
      typeof value === 'string' ||
      typeof value === 'number' ||
      typeof value === 'boolean' ||
      value === null
    ) {
      return scalar(value, at, locate)
    }
    return scalar(String(value), at, locate)
  }
}

function scalar(
  value: string | number | boolean | null,
  at: Position,
  locate: (part: string) => Position,
): Node {
  return { kind: 'scalar', value, at, locate }
}
