/**
 * Texts with placeholders: `${feed.column}`, `${carried}`, `${random.uuid}`, `${random.int(1,100)}`, `${time.ms}`,
 * `${virtualUser.index}`; `$${` is a plain `${`. Placeholders are parsed, never evaluated.
 */

/** How a value is written where it stands. */
export type Encoding =
  /** Of a path segment, a query or a form: RFC 3986, all but unreserved characters and `!*'()` percent-encoded. */
  | 'component'
  /** A piece of an address that is encoded already; only what may not stand in a request line is, and no fragment is sent. */
  | 'target'
  /** RFC 9110 field value: visible ASCII; the rest percent-encoded, so that no value can start a new line. */
  | 'header'
  /** A whole JSON value. */
  | 'json-value'
  /** Part of a JSON string. */
  | 'json-string'
  | 'text'

export interface Placeholder {
  /** As it was written. */
  readonly text: string
  readonly source: PlaceholderSource
  /** `raw`: not encoded in a path. `number`: a number in JSON, where a feed has texts. */
  readonly filter?: Filter
}

export type PlaceholderSource =
  | { readonly kind: 'feed'; readonly feed: string; readonly column: string }
  | { readonly kind: 'carried'; readonly name: string }
  | { readonly kind: 'random-int'; readonly min: number; readonly max: number }
  | { readonly kind: 'random-uuid' }
  | { readonly kind: 'time-ms' }
  | { readonly kind: 'user-index' }

const filters = ['raw', 'number'] as const
export type Filter = (typeof filters)[number]

/** Names that feeds cannot have. */
export const reservedNames: readonly string[] = ['random', 'time', 'virtualUser']

export type Piece = string | { readonly placeholder: Placeholder; readonly encoding: Encoding }

export type Template = readonly Piece[]

/** What is wrong with a placeholder. */
export class TemplateError extends Error {
  /** The part of the text at fault. */
  readonly part: string
  readonly remedy: string

  constructor(part: string, message: string, remedy: string) {
    super(message)
    this.part = part
    this.remedy = remedy
  }
}

/** @throws TemplateError */
export function parseTemplate(text: string, encoding: Encoding): Template {
  const pieces: Piece[] = []
  let literal = ''
  let from = 0
  for (let open = text.indexOf('${'); open >= 0; open = text.indexOf('${', from)) {
    const escaped = text[open - 1] === '$' && open > from
    literal += text.slice(from, escaped ? open - 1 : open)
    if (escaped) {
      literal += '${'
      from = open + 2
      continue
    }
    const close = text.indexOf('}', open)
    if (close < 0) throw unclosed(text.slice(open))
    if (literal !== '') pieces.push(encodeLiteral(literal, encoding))
    literal = ''
    pieces.push(piece(text.slice(open, close + 1), encoding))
    from = close + 1
  }
  literal += text.slice(from)
  if (literal !== '') pieces.push(encodeLiteral(literal, encoding))
  return pieces
}

function unclosed(part: string): TemplateError {
  return new TemplateError(
    part,
    `has ${JSON.stringify(part.slice(0, 40))}, expected a } after it`,
    'Close the placeholder, or write $${ for a plain ${.',
  )
}

function piece(text: string, encoding: Encoding): Piece {
  const placeholder = parsePlaceholder(text)
  if (placeholder.filter !== 'raw') return { placeholder, encoding }
  if (encoding !== 'component' && encoding !== 'target') {
    throw new TemplateError(
      text,
      `has ${text}, expected raw in a path only`,
      'Leave `| raw` out: only paths are encoded.',
    )
  }
  return { placeholder, encoding: 'target' }
}

function parsePlaceholder(text: string): Placeholder {
  const [name = '', filter, ...more] = text
    .slice(2, -1)
    .split('|')
    .map((part) => part.trim())
  if (more.length > 0 || (filter !== undefined && !filters.includes(filter as Filter))) {
    throw new TemplateError(
      text,
      `has the placeholder ${text}, expected after | one of ${filters.join(', ')}`,
      'Use one filter at most.',
    )
  }
  return {
    text,
    source: parseSource(text, name),
    ...(filter === undefined ? {} : { filter: filter as Filter }),
  }
}

function parseSource(text: string, name: string): PlaceholderSource {
  const range = /^random\.int\(\s*(-?\d+)\s*,\s*(-?\d+)\s*\)$/.exec(name)
  if (range) return { kind: 'random-int', ...orderedRange(text, Number(range[1]), Number(range[2])) }
  if (name === 'random.uuid') return { kind: 'random-uuid' }
  if (name === 'time.ms') return { kind: 'time-ms' }
  if (name === 'virtualUser.index') return { kind: 'user-index' }
  const [, head, column] = /^([A-Za-z_][\w-]*)(?:\.([^{}|]+))?$/.exec(name) ?? []
  if (head === undefined || reservedNames.includes(head)) {
    throw new TemplateError(
      text,
      `has the placeholder ${text}, expected such as \${feed.column}, \${carried}, \${random.int(1,9)}, \${random.uuid}, \${time.ms} or \${virtualUser.index}`,
      'Name a column of a feed or a value that an earlier step carries; placeholders are no code.',
    )
  }
  return column === undefined ? { kind: 'carried', name: head } : { kind: 'feed', feed: head, column }
}

function orderedRange(text: string, min: number, max: number) {
  if (min <= max && Number.isSafeInteger(max - min) && max - min < 2 ** 32) return { min, max }
  throw new TemplateError(
    text,
    `has ${text}, expected the first number not above the second, 2^32 apart at most`,
    'Write ${random.int(LEAST,MOST)}.',
  )
}

/** What was written stands for itself, apart from what cannot be sent. @throws TemplateError for a stray percent sign */
function encodeLiteral(text: string, encoding: Encoding): string {
  if (encoding === 'header') return encodeValue(text, 'header')
  if (encoding !== 'component' && encoding !== 'target')
    return encoding === 'json-string' ? encodeValue(text, encoding) : text
  const stray = /%(?![0-9A-Fa-f]{2})/.exec(text)
  if (stray)
    throw new TemplateError(
      text.slice(stray.index, stray.index + 3),
      'has a % without two hexadecimal digits after it',
      'Write %25 for a percent sign.',
    )
  return encodeValue(text, 'target')
}

/** A value as the text that stands for it. Texts that are no well-formed Unicode have U+FFFD where they are not. */
export function encodeValue(value: unknown, encoding: Encoding): string {
  if (encoding === 'json-value') return JSON.stringify(value ?? null)
  const text = plainText(value)
  switch (encoding) {
    case 'component':
      return encodeURIComponent(text.toWellFormed())
    case 'target':
      return text.replace(/#.*$/s, '').toWellFormed().replace(notInTarget, encodeURIComponent)
    case 'header':
      return text.toWellFormed().replace(notInHeader, encodeURIComponent)
    case 'json-string':
      return JSON.stringify(text).slice(1, -1)
    case 'text':
      return text.toWellFormed()
  }
}

/** Runs, so that the halves of a surrogate pair stay together. */
const notInTarget = /[^!$%&'()*+,./0-9:;=?@A-Z[\]_a-z~-]+/g
const notInHeader = /[^\t\x20-\x7e]+/g

export function plainText(value: unknown): string {
  if (typeof value === 'string') return value
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

export function placeholdersOf(template: Template): Placeholder[] {
  return template.flatMap((piece) => (typeof piece === 'string' ? [] : [piece.placeholder]))
}

/** Neighbouring literals joined. */
export function joinPieces(pieces: readonly Piece[]): Template {
  const joined: Piece[] = []
  for (const piece of pieces) {
    const last = joined.at(-1)
    if (typeof piece === 'string' && typeof last === 'string') joined[joined.length - 1] = last + piece
    else joined.push(piece)
  }
  return joined
}
