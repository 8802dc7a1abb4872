import type { Json, ScenarioDocument, StatusRange, StepDocument, ValueCheck } from './document.ts'
import { type JsonPath, parseJsonPath } from './json-path.ts'
import { type Encoding, joinPieces, type Piece, parseTemplate, type Template } from './template.ts'

/** A step with its templates and paths parsed: what runs and exports have in common. */
export interface StepPlan {
  readonly name: string
  readonly method: string
  readonly path: Template
  readonly headers: Readonly<Record<string, Template>>
  readonly body?: Template
  readonly status: readonly StatusRange[]
  readonly tests: readonly TestPlan[]
  readonly carry: readonly CarryPlan[]
  readonly waitMs?: readonly [min: number, max: number]
}

/** One thing that must hold for an answer. */
export type TestPlan =
  | { readonly subject: 'body'; readonly test: ValueTest }
  | { readonly subject: 'json'; readonly path: JsonPath; readonly label: string; readonly test: ValueTest }
  | { readonly subject: 'header'; readonly header: string; readonly test: ValueTest }

export type ValueTest =
  | { readonly kind: 'exists'; readonly expected: boolean }
  | { readonly kind: 'equals'; readonly expected: string | number | boolean | null }
  /** Compared as texts. */
  | { readonly kind: 'equals-text'; readonly expected: Template }
  | { readonly kind: 'contains'; readonly expected: Template }
  | { readonly kind: 'regex'; readonly pattern: string }

export type CarryPlan =
  | { readonly name: string; readonly from: 'json'; readonly path: JsonPath; readonly label: string }
  | { readonly name: string; readonly from: 'header'; readonly header: string; readonly regex?: string }
  | { readonly name: string; readonly from: 'body'; readonly regex: string }

const whenNothingIsSaid: readonly StatusRange[] = [[100, 399]]

/** @throws TemplateError */
export function planStep(step: StepDocument, scenario: Pick<ScenarioDocument, 'headers'>): StepPlan {
  const body = bodyTemplate(step.body)
  return {
    name: step.name,
    method: step.method,
    path: pathTemplate(step),
    headers: headerTemplates({ ...contentType(step), ...scenario.headers, ...step.headers }),
    ...(body === undefined ? {} : { body }),
    status: step.check.status ?? whenNothingIsSaid,
    tests: testsOf(step),
    carry: Object.entries(step.carry).map(([name, source]) =>
      source.from === 'json'
        ? { name, from: 'json', path: parseJsonPath(source.path)!, label: source.path }
        : { name, ...source },
    ),
    ...(step.waitMs === undefined ? {} : { waitMs: step.waitMs }),
  }
}

function pathTemplate({ path, query }: StepDocument): Template {
  const pieces: Piece[] = [...parseTemplate(path, 'component')]
  let separator = path.includes('?') ? '&' : '?'
  for (const [name, value] of Object.entries(query)) {
    pieces.push(
      `${separator}${encodeURIComponent(name.toWellFormed())}=`,
      ...parseTemplate(value, 'text').map(asComponent),
    )
    separator = '&'
  }
  return joinPieces(pieces)
}

/** A value of a query or a form: what was written is encoded too. */
function asComponent(piece: Piece): Piece {
  if (typeof piece === 'string') return encodeURIComponent(piece.toWellFormed())
  return { ...piece, encoding: 'component' }
}

function contentType({ body }: StepDocument): Record<string, string> {
  if (body === undefined) return {}
  const types = {
    json: 'application/json',
    form: 'application/x-www-form-urlencoded',
    text: 'text/plain; charset=utf-8',
  }
  return { 'content-type': types[body.kind] }
}

function headerTemplates(headers: Readonly<Record<string, string>>): Record<string, Template> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, parseTemplate(value, 'header')]),
  )
}

function bodyTemplate(body: StepDocument['body']): Template | undefined {
  if (body === undefined) return undefined
  if (body.kind === 'text') return parseTemplate(body.text, 'text')
  if (body.kind === 'json') return joinPieces(jsonPieces(body.value))
  const fields = Object.entries(body.fields).flatMap(([name, value], i): Piece[] => [
    `${i > 0 ? '&' : ''}${encodeURIComponent(name.toWellFormed())}=`,
    ...parseTemplate(value, 'text').map(asComponent),
  ])
  return joinPieces(fields)
}

function jsonPieces(value: Json): Piece[] {
  if (typeof value === 'string') return jsonText(value)
  if (typeof value !== 'object' || value === null) return [JSON.stringify(value)]
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  const members = Array.isArray(value)
    ? (value as readonly Json[]).map(jsonPieces)
    : Object.entries(value).map(([key, member]): Piece[] => [
        `${JSON.stringify(key)}:`,
        ...jsonPieces(member),
      ])
  return [open!, ...members.flatMap((pieces, i): Piece[] => (i > 0 ? [',', ...pieces] : pieces)), close!]
}

/** A text that is one placeholder stands for the value itself, a number for a number. */
function jsonText(text: string): Piece[] {
  const template = parseTemplate(text, 'json-string')
  const [only] = template
  if (template.length === 1 && typeof only === 'object')
    return [{ ...only, encoding: 'json-value' as Encoding }]
  return ['"', ...template, '"']
}

function testsOf({ check }: StepDocument): TestPlan[] {
  return [
    ...Object.entries(check.headers).flatMap(([header, value]) =>
      valueTests(value).map((test): TestPlan => ({ subject: 'header', header, test })),
    ),
    ...check.contains.map(
      (text): TestPlan => ({
        subject: 'body',
        test: { kind: 'contains', expected: parseTemplate(text, 'text') },
      }),
    ),
    ...check.regex.map((pattern): TestPlan => ({ subject: 'body', test: { kind: 'regex', pattern } })),
    ...Object.entries(check.json).flatMap(([label, value]) =>
      valueTests(value).map(
        (test): TestPlan => ({ subject: 'json', path: parseJsonPath(label)!, label, test }),
      ),
    ),
  ]
}

function valueTests({ exists, equals, contains, regex }: ValueCheck): ValueTest[] {
  const tests: ValueTest[] = []
  if (exists !== undefined) tests.push({ kind: 'exists', expected: exists })
  if (equals !== undefined) tests.push(equalsTest(equals))
  if (contains !== undefined)
    tests.push({ kind: 'contains', expected: parseTemplate(String(contains), 'text') })
  if (regex !== undefined) tests.push({ kind: 'regex', pattern: String(regex) })
  return tests
}

function equalsTest(expected: string | number | boolean | null): ValueTest {
  if (typeof expected !== 'string') return { kind: 'equals', expected }
  const template = parseTemplate(expected, 'text')
  if (template.some((piece) => typeof piece !== 'string')) return { kind: 'equals-text', expected: template }
  return { kind: 'equals', expected: template.join('') }
}
