import { closest, didYouMean } from './closest.ts'
import { describeNode, type MapNode, type Node } from './node.ts'
import type { Problems } from './problems.ts'

/** What may stand at a place of a scenario: what `validate` checks and what its messages say was expected. */
export type ValueSpec =
  | TextSpec
  | NumberSpec
  | ChoiceSpec
  | ListSpec
  | NamesSpec
  | ObjectSpec
  | EitherSpec
  | PlainSpec

interface TextSpec {
  readonly kind: 'text'
  readonly expected: string
  readonly fits?: (text: string) => boolean
  readonly remedy?: string
}

interface NumberSpec {
  readonly kind: 'number'
  /** Not included. */
  readonly above: number
  readonly most: number
}

interface ChoiceSpec {
  readonly kind: 'choice'
  readonly options: readonly string[]
}

interface ListSpec {
  readonly kind: 'list'
  readonly of: ValueSpec
  readonly what: string
}

/** A map whose keys the author chooses. */
interface NamesSpec {
  readonly kind: 'names'
  readonly of: ValueSpec
  readonly what: string
  readonly name: TextSpec
}

/** A map of fixed keys. */
export interface ObjectSpec {
  readonly kind: 'object'
  readonly what: string
  readonly keys: Readonly<Record<string, ValueSpec>>
  /** Of each group exactly one. */
  readonly oneOf?: readonly (readonly string[])[]
  readonly atLeastOneOf?: readonly string[]
  /** Of each group one at most. */
  readonly atMostOneOf?: readonly (readonly string[])[]
  readonly remedy: string
}

/** By the kind of the node: at most one of them a map, at most one a list. */
interface EitherSpec {
  readonly kind: 'either'
  readonly of: readonly ValueSpec[]
}

interface PlainSpec {
  /** `scalar`: text, number, true, false or null. `json`: whatever JSON can say. */
  readonly kind: 'scalar' | 'boolean' | 'json' | 'function'
}

/** Adds what does not fit to the problems. */
export function validate(node: Node, spec: ValueSpec, problems: Problems, name: string): void {
  if (spec.kind === 'either') {
    validate(node, spec.of.find((one) => suits(node, one)) ?? spec.of[0]!, problems, name)
  } else if (spec.kind === 'json') {
    validateJson(node, problems, name)
  } else if (spec.kind === 'object' && node.kind === 'map') {
    validateObject(node, spec, problems)
  } else if (spec.kind === 'names' && node.kind === 'map') {
    validateNames(node, spec, problems)
  } else if (spec.kind === 'list' && node.kind === 'list' && node.items.length > 0) {
    for (const item of node.items) validate(item, spec.of, problems, name)
  } else if (spec.kind === 'list' || !suits(node, spec)) {
    wrong(node, spec, problems, name)
  }
}

/** Whether a spec is meant for this kind of node; of scalars, whether it fits. */
function suits(node: Node, spec: ValueSpec): boolean {
  switch (spec.kind) {
    case 'object':
    case 'names':
      return node.kind === 'map'
    case 'list':
      return node.kind === 'list'
    case 'either':
      return spec.of.some((one) => suits(node, one))
    case 'json':
      return node.kind !== 'function'
    case 'function':
      return node.kind === 'function'
    default:
      return node.kind === 'scalar' && scalarFits(node.value, spec)
  }
}

function scalarFits(value: string | number | boolean | null, spec: ValueSpec): boolean {
  switch (spec.kind) {
    case 'text':
      return value !== null && (spec.fits?.(String(value)) ?? true)
    case 'number':
      return typeof value === 'number' && value > spec.above && value <= spec.most
    case 'choice':
      return typeof value === 'string' && spec.options.includes(value)
    case 'boolean':
      return typeof value === 'boolean'
    default:
      return spec.kind === 'scalar'
  }
}

function wrong(node: Node, spec: ValueSpec, problems: Problems, name: string): void {
  problems.add(
    node.at,
    `${name} is ${describeNode(node)}, expected ${expectation(spec)}`,
    remedyOf(node, spec, name),
  )
}

function remedyOf(node: Node, spec: ValueSpec, name: string): string {
  if (spec.kind === 'text' && spec.remedy !== undefined) return spec.remedy
  if (spec.kind === 'number') return `Give ${name} ${expectation(spec)}, or take ${name} out.`
  if (spec.kind === 'choice')
    return `Write one of ${spec.options.join(', ')}${didYouMean(describeNode(node), spec.options)}`
  if (spec.kind === 'list') return `Write ${spec.what}, each on a line of its own that begins with "- ".`
  if (spec.kind === 'object') return spec.remedy
  return `Write ${expectation(spec)} for ${name}.`
}

export function expectation(spec: ValueSpec): string {
  switch (spec.kind) {
    case 'text':
      return spec.expected
    case 'number':
      return `a number above ${spec.above}${spec.most < Infinity ? `, ${spec.most} at most` : ''}`
    case 'choice':
      return `one of ${spec.options.join(', ')}`
    case 'list':
      return `a list of ${spec.what}`
    case 'names':
      return `a map of ${spec.what}`
    case 'object':
      return `${spec.what} with ${Object.keys(spec.keys).join(', ')}`
    case 'either':
      return spec.of
        .filter((one) => one.kind !== 'function')
        .map(expectation)
        .join(' or ')
    case 'boolean':
      return 'true or false'
    case 'json':
      return 'JSON'
    case 'function':
      return 'a function'
    default:
      return 'a text or a number'
  }
}

function validateObject(node: MapNode, spec: ObjectSpec, problems: Problems): void {
  const known = Object.keys(spec.keys)
  for (const { key, keyAt, value } of node.entries) {
    const valueSpec = Object.hasOwn(spec.keys, key) ? spec.keys[key] : undefined
    if (valueSpec) validate(value, valueSpec, problems, key)
    else {
      const message = `unknown key ${JSON.stringify(key.slice(0, 60))} in ${spec.what}, expected ${known.join(', ')}${didYouMean(key, known)}`
      const near = closest(key, known)
      problems.add(
        keyAt,
        message,
        near ? `Write ${near} in place of ${key.slice(0, 60)}.` : 'Take the key out.',
      )
    }
  }
  const has = (key: string) => node.entries.some((entry) => entry.key === key)
  for (const group of spec.oneOf ?? []) {
    if (group.filter(has).length !== 1) {
      const found = group.filter(has).join(' and ') || 'none'
      problems.add(node.at, `${spec.what} has ${found}, expected ${exactlyOne(group)}`, spec.remedy)
    }
  }
  if (spec.atLeastOneOf && !spec.atLeastOneOf.some(has)) {
    problems.add(
      node.at,
      `${spec.what} has none of ${spec.atLeastOneOf.join(', ')}, expected one`,
      spec.remedy,
    )
  }
  for (const group of spec.atMostOneOf ?? []) {
    if (group.filter(has).length > 1) {
      const found = group.filter(has).join(' and ')
      problems.add(
        node.at,
        `${spec.what} has ${found}, expected one of them at most`,
        'Take all but one out.',
      )
    }
  }
}

function exactlyOne(group: readonly string[]): string {
  return group.length === 1 ? `${group[0]}` : `exactly one of ${group.join(', ')}`
}

function validateNames(node: MapNode, spec: NamesSpec, problems: Problems): void {
  for (const { key, keyAt, value } of node.entries) {
    if (!(spec.name.fits?.(key) ?? true)) {
      const message = `${JSON.stringify(key.slice(0, 60))} is no name in ${spec.what}, expected ${spec.name.expected}`
      problems.add(keyAt, message, spec.name.remedy ?? `Write ${spec.name.expected}.`)
    }
    validate(value, spec.of, problems, key)
  }
}

function validateJson(node: Node, problems: Problems, name: string): void {
  if (node.kind === 'function') wrong(node, { kind: 'json' }, problems, name)
  if (node.kind === 'list') for (const item of node.items) validateJson(item, problems, name)
  if (node.kind === 'map') for (const { key, value } of node.entries) validateJson(value, problems, key)
}
