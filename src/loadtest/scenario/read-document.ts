import { basename, extname } from 'node:path'
import type {
  BodyDocument,
  CarryDocument,
  CheckDocument,
  FeedDocument,
  FeedOrder,
  FeedSource,
  FeedValue,
  Json,
  JudgeFunction,
  LakeFeed,
  RequestFunction,
  ScenarioDocument,
  StatusRange,
  StepDocument,
  TaskDocument,
  Texts,
  ValueCheck,
} from './document.ts'
import { child, entriesOf, itemsOf, type Node, plainOf, scalarOf, textOf } from './node.ts'
import { Problems } from './problems.ts'
import { methods, parseThink, scenarioSpec } from './scenario-spec.ts'
import { validate } from './schema.ts'

/** @throws RECSYS_SCENARIO_INVALID naming everything that does not fit the schema */
export function readDocument(file: string, node: Node): ScenarioDocument {
  const problems = new Problems(file)
  validate(node, scenarioSpec, problems, 'the scenario')
  problems.throwIfSome()
  return {
    name: textOf(child(node, 'name')) ?? basename(file, extname(file)),
    ...optional('url', textOf(child(node, 'url'))),
    ...optional('urlAt', child(node, 'url')?.at),
    ...thinkOf(node),
    headers: lowerCased(textsOf(child(node, 'headers'))),
    feeds: Object.fromEntries(entriesOf(child(node, 'feeds')).map(({ key, value }) => [key, feedOf(value)])),
    setup: itemsOf(child(node, 'setup')).map((step) => stepOf(step)),
    tasks: itemsOf(child(node, 'tasks')).map(taskOf),
    teardown: itemsOf(child(node, 'teardown')).map((step) => stepOf(step)),
  }
}

function optional<K extends string, V>(key: K, value: V | undefined): { [key in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [key in K]?: V }
}

function thinkOf(node: Node): { waitMs?: readonly [min: number, max: number] } {
  return optional('waitMs', parseThink(textOf(child(node, 'think')) ?? ''))
}

function textsOf(node: Node | undefined): Texts {
  return Object.fromEntries(entriesOf(node).map(({ key, value }) => [key, textOf(value) ?? '']))
}

function lowerCased(texts: Texts): Texts {
  return Object.fromEntries(Object.entries(texts).map(([key, value]) => [key.toLowerCase(), value]))
}

function feedOf(node: Node): FeedDocument {
  return {
    order: (textOf(child(node, 'order')) ?? 'random') as FeedOrder,
    exponent: (scalarOf(child(node, 'exponent')) ?? 1) as number,
    cursor: (textOf(child(node, 'cursor')) ?? 'shared') as FeedDocument['cursor'],
    hold: (textOf(child(node, 'hold')) ?? 'task') as FeedDocument['hold'],
    source: sourceOf(node),
  }
}

function sourceOf(node: Node): FeedSource {
  const path = textOf(child(node, 'file'))
  if (path !== undefined) return { kind: 'file', path, format: /\.parquet$/i.test(path) ? 'parquet' : 'csv' }
  const table = textOf(child(node, 'lake'))
  if (table !== undefined) return { kind: 'lake', table: table as LakeFeed }
  return { kind: 'rows', rows: plainOf(child(node, 'rows')!) as Readonly<Record<string, FeedValue>>[] }
}

function taskOf(node: Node): TaskDocument {
  const steps = child(node, 'steps')
  const weight = (scalarOf(child(node, 'weight')) ?? 1) as number
  if (steps === undefined) {
    const step = stepOf(node)
    return { name: step.name, weight, steps: [step] }
  }
  const read = itemsOf(steps).map((step) => stepOf(step, thinkOf(node)))
  return { name: textOf(child(node, 'name')) ?? read[0]!.name, weight, steps: read }
}

function stepOf(node: Node, taskThink: { waitMs?: readonly [min: number, max: number] } = {}): StepDocument {
  const method = methods.find((candidate) => child(node, candidate) !== undefined) ?? 'get'
  const path = textOf(child(node, method)) ?? '/'
  const request = functionOf<RequestFunction>(child(node, 'request'))
  const checkNode = child(node, 'check')
  return {
    name:
      textOf(child(node, 'name')) ?? (request ? 'request' : `${method.toUpperCase()} ${path}`.slice(0, 100)),
    method: method.toUpperCase(),
    path,
    query: textsOf(child(node, 'query')),
    headers: lowerCased(textsOf(child(node, 'headers'))),
    ...bodyOf(node),
    check: checkOf(checkNode),
    carry: Object.fromEntries(entriesOf(child(node, 'carry')).map(({ key, value }) => [key, carryOf(value)])),
    ...taskThink,
    ...thinkOf(node),
    at: (child(node, method) ?? node).at,
    ...optional('request', request),
    ...optional('judge', functionOf<JudgeFunction>(checkNode)),
  }
}

function functionOf<F>(node: Node | undefined): F | undefined {
  return node?.kind === 'function' ? (node.value as F) : undefined
}

function bodyOf(node: Node): { body?: BodyDocument } {
  const json = child(node, 'json')
  if (json) return { body: { kind: 'json', value: plainOf(json) as Json } }
  const form = child(node, 'form')
  if (form) return { body: { kind: 'form', fields: textsOf(form) } }
  const text = textOf(child(node, 'body'))
  return text === undefined ? {} : { body: { kind: 'text', text } }
}

function checkOf(node: Node | undefined): CheckDocument {
  const statuses = itemsOf(child(node, 'status')).map((status) => statusRange(textOf(status)!))
  return {
    ...(statuses.length > 0 ? { status: statuses } : {}),
    contains: itemsOf(child(node, 'contains')).map((text) => textOf(text)!),
    regex: itemsOf(child(node, 'regex')).map((pattern) => textOf(pattern)!),
    json: valueChecks(child(node, 'json')),
    headers: Object.fromEntries(
      Object.entries(valueChecks(child(node, 'headers'))).map(([key, value]) => [key.toLowerCase(), value]),
    ),
  }
}

function statusRange(text: string): StatusRange {
  const hundreds = Number(text[0]) * 100
  return text.endsWith('xx') ? [hundreds, hundreds + 99] : [Number(text), Number(text)]
}

function valueChecks(node: Node | undefined): Readonly<Record<string, ValueCheck>> {
  return Object.fromEntries(entriesOf(node).map(({ key, value }) => [key, valueCheckOf(value)]))
}

/** A plain value stands for `equals`. */
function valueCheckOf(node: Node): ValueCheck {
  return node.kind === 'map' ? (plainOf(node) as ValueCheck) : { equals: scalarOf(node) ?? null }
}

function carryOf(node: Node): CarryDocument {
  const path = textOf(child(node, 'json'))
  if (path !== undefined) return { from: 'json', path }
  const regex = textOf(child(node, 'regex'))
  const header = textOf(child(node, 'header'))?.toLowerCase()
  if (header !== undefined) return { from: 'header', header, ...optional('regex', regex) }
  return { from: 'body', regex: regex ?? '' }
}
