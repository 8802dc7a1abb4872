import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { LineCounter } from 'yaml'
import type { Position } from './document.ts'
import type { Entry, Node } from './node.ts'
import { scenarioError } from './problems.ts'

const start: Position = { line: 1, column: 1 }
const mostDepth = 50

/**
 * The default export of a module as nodes. The module runs with all that the program may do: it is the author's own code.
 * `require` and not `import`: the single executable has no other way to a file.
 * @param text  its source
 * @throws RECSYS_SCENARIO_INVALID when it cannot be loaded, throws, or exports no scenario
 */
export function loadModule(file: string, path: string, text: string): Node {
  const loaded = requireModule(file, path)
  const scenario = isObject(loaded) && 'default' in loaded ? loaded.default : undefined
  if (!isObject(scenario) || Array.isArray(scenario)) {
    throw scenarioError(file, start, {
      message: `has ${scenario === undefined ? 'no default export' : `a default export that is ${typeof scenario}`}, expected an object with tasks`,
      remedy: 'Write `export default { tasks: […] }`; `recsys loadtest init scenario.ts` shows how.',
    })
  }
  return new NodeMaker(text).make(scenario)
}

function requireModule(file: string, path: string): unknown {
  const { href } = pathToFileURL(path)
  try {
    return createRequire(href)(path)
  } catch (cause) {
    const reason = cause instanceof Error ? `${cause.name}: ${cause.message.split('\n')[0]}` : String(cause)
    throw scenarioError(file, placeOf(cause, path, href), {
      message: `the module cannot be loaded: ${reason}, expected a module that loads`,
      remedy: loadRemedy(cause),
      cause,
    })
  }
}

function loadRemedy(cause: unknown): string {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code
  if (code === 'ERR_REQUIRE_ASYNC_MODULE')
    return 'Take the top-level await out; what must be fetched belongs in setup.'
  if (code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND')
    return 'Install what it imports, or mend the path of the import.'
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX')
    return 'Use TypeScript that is only types: no enums, namespaces and parameter properties.'
  return 'Mend the module; run it with node to see its stack.'
}

/** Line and column in the module, from the stack; syntax errors have `file:line` before it. */
function placeOf(cause: unknown, path: string, href: string): Position {
  const stack = cause instanceof Error ? String(cause.stack) : ''
  for (const name of [path, href]) {
    const from = stack.indexOf(`${name}:`)
    const match = from < 0 ? null : /^(\d+)(?::(\d+))?/.exec(stack.slice(from + name.length + 1))
    if (match) return { line: Number(match[1]), column: Number(match[2] ?? 1) }
  }
  return start
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/**
 * Values of a running module do not know their lines. Members come in the order of the source, so each is looked for
 * behind the one before it: right for literals, and near for what is put together.
 */
class NodeMaker {
  readonly #text: string
  readonly #lines = new LineCounter()
  #offset = 0

  constructor(text: string) {
    this.#text = text
    this.#lines.addNewLine(0)
    for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) this.#lines.addNewLine(i + 1)
    this.#offset = Math.max(text.indexOf('export default'), 0)
  }

  make(value: unknown, depth = 0): Node {
    const from = this.#offset
    const at = this.#at(from)
    if (typeof value === 'function')
      return { kind: 'function', value: value as (...args: never[]) => unknown, at }
    if (!isObject(value) || depth > mostDepth)
      return { kind: 'scalar', value: scalarOf(value), at, locate: (part) => this.#locate(part, from) }
    if (Array.isArray(value))
      return { kind: 'list', items: value.map((item) => this.make(item, depth + 1)), at }
    const members = Object.entries(value).filter(([, member]) => member !== undefined)
    const entries = members.map(([key, member]): Entry => {
      this.#seek(key)
      return { key, keyAt: this.#at(this.#offset), value: this.make(member, depth + 1) }
    })
    return { kind: 'map', entries, at: entries[0]?.keyAt ?? at }
  }

  #seek(key: string): void {
    const pattern = new RegExp(`(?<![\\w$.])(?:['"]?)${key.replace(/\W/g, '\\$&')}['"]?\\s*[:(,}]`, 'g')
    pattern.lastIndex = this.#offset
    const match = pattern.exec(this.#text)
    if (match) this.#offset = match.index
  }

  #locate(part: string, from: number): Position {
    const found = this.#text.indexOf(part, from)
    return this.#at(found < 0 ? from : found)
  }

  #at(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset)
    return { line, column: col }
  }
}

function scalarOf(value: unknown): string | number | boolean | null {
  const plain =
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === null
  return plain ? value : String(value)
}
