import type { Position } from './document.ts'

/** A value of a scenario and where it stands: the common form of YAML files and of modules. */
export type Node = MapNode | ListNode | ScalarNode | FunctionNode

export interface MapNode {
  readonly kind: 'map'
  readonly entries: readonly Entry[]
  readonly at: Position
}

export interface Entry {
  readonly key: string
  readonly keyAt: Position
  readonly value: Node
}

export interface ListNode {
  readonly kind: 'list'
  readonly items: readonly Node[]
  readonly at: Position
}

export interface ScalarNode {
  readonly kind: 'scalar'
  readonly value: string | number | boolean | null
  readonly at: Position
  /** Where a part of the text stands. */
  readonly locate: (part: string) => Position
}

export interface FunctionNode {
  readonly kind: 'function'
  readonly value: (...args: never[]) => unknown
  readonly at: Position
}

export function child(node: Node | undefined, key: string): Node | undefined {
  return node?.kind === 'map' ? node.entries.find((entry) => entry.key === key)?.value : undefined
}

export function entriesOf(node: Node | undefined): readonly Entry[] {
  return node?.kind === 'map' ? node.entries : []
}

/** A list, or the one value that stands for a list of one. */
export function itemsOf(node: Node | undefined): readonly Node[] {
  if (node === undefined) return []
  return node.kind === 'list' ? node.items : [node]
}

export function textOf(node: Node | undefined): string | undefined {
  return node?.kind === 'scalar' ? String(node.value) : undefined
}

export function scalarOf(node: Node | undefined): ScalarNode['value'] | undefined {
  return node?.kind === 'scalar' ? node.value : undefined
}

/** The node as plain data; functions become undefined. */
export function plainOf(node: Node): unknown {
  if (node.kind === 'scalar') return node.value
  if (node.kind === 'list') return node.items.map(plainOf)
  if (node.kind === 'function') return undefined
  return Object.fromEntries(node.entries.map(({ key, value }) => [key, plainOf(value)]))
}

/** `a list`, `the text "x"`: how messages call what they found. */
export function describeNode(node: Node): string {
  if (node.kind === 'map') return 'a map'
  if (node.kind === 'list') return node.items.length === 0 ? 'an empty list' : 'a list'
  if (node.kind === 'function') return 'a function'
  if (node.value === null) return 'nothing'
  return typeof node.value === 'string' ? JSON.stringify(node.value.slice(0, 60)) : String(node.value)
}
