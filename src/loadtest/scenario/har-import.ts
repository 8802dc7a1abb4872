import { readFile } from 'node:fs/promises'
import { Document, isScalar, visit } from 'yaml'
import { RecsysError } from '../../errors.ts'

/** HTTP Archive 1.2, as browsers save it: what a scenario can be made of. */
interface HarEntry {
  readonly startedMs: number
  readonly timeMs: number
  readonly method: string
  readonly url: URL
  readonly headers: readonly NameValue[]
  readonly body:
    | { readonly mimeType: string; readonly text: string; readonly params: readonly NameValue[] }
    | undefined
  readonly status: number
}

interface NameValue {
  readonly name: string
  readonly value: string
}

export interface HarImport {
  /** The scenario as a commented YAML text. */
  readonly text: string
  readonly origin: string
  readonly steps: number
  /** Requests to other hosts, by origin, that were left out. */
  readonly otherHosts: Readonly<Record<string, number>>
  /** Names of headers with credentials that were left out. */
  readonly droppedCredentials: readonly string[]
  /** Names of headers with credentials that were kept. */
  readonly keptCredentials: readonly string[]
  /** Names of query parameters that look like credentials; they stay in the paths. */
  readonly suspectParameters: readonly string[]
}

const mostBytes = 256 * 2 ** 20

/**
 * A recording of a browser as a scenario: one task with the requests to one host, in their order.
 * @throws RECSYS_HAR_UNREADABLE
 */
export async function importHar(
  path: string,
  options: { readonly keepCredentials: boolean },
): Promise<HarImport> {
  const entries = readEntries(path, await readText(path))
  const origin = mostFrequent(entries.map(({ url }) => url.origin))
  const kept = entries.filter(({ url }) => url.origin === origin)
  const others = entries.filter(({ url }) => url.origin !== origin)
  const credentials = distinct(
    kept.flatMap(({ headers }) => headers.map(({ name }) => name.toLowerCase()).filter(isCredential)),
  )
  const steps = kept.map((entry, i) => stepOf(entry, kept[i + 1], options.keepCredentials))
  return {
    text: textOf(path, origin, steps),
    origin,
    steps: steps.length,
    otherHosts: Object.fromEntries(
      distinct(others.map(({ url }) => url.origin)).map((other) => [
        other,
        others.filter(({ url }) => url.origin === other).length,
      ]),
    ),
    droppedCredentials: options.keepCredentials ? [] : credentials,
    keptCredentials: options.keepCredentials ? credentials : [],
    suspectParameters: distinct(kept.flatMap(({ url }) => [...url.searchParams.keys()].filter(isCredential))),
  }
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)]
}

function mostFrequent(origins: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const origin of origins) counts.set(origin, (counts.get(origin) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1])[0]![0]
}

async function readText(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw unreadable(path, `cannot be read: ${cause instanceof Error ? cause.message : cause}`, cause)
  })
  if (text.length <= mostBytes) return text
  throw unreadable(path, `has ${text.length} characters, expected ${mostBytes} at most`)
}

function readEntries(path: string, text: string): HarEntry[] {
  const entries = at(parse(path, text), 'log', 'entries')
  if (!Array.isArray(entries)) throw unreadable(path, 'has no list log.entries, expected an HTTP Archive')
  const read = entries.flatMap((entry) => entryOf(entry) ?? [])
  if (read.length === 0)
    throw unreadable(path, `has ${entries.length} entries, expected at least one request over http or https`)
  return read.sort((a, b) => a.startedMs - b.startedMs)
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''))
  } catch (cause) {
    throw unreadable(path, `is not JSON: ${(cause as Error).message}`, cause)
  }
}

function unreadable(path: string, what: string, cause?: unknown): RecsysError {
  return new RecsysError('RECSYS_HAR_UNREADABLE', { message: `${path} ${what}`, field: 'from-har', cause })
}

/** undefined for what is no request over HTTP: data:, blob:, web sockets, and entries that are none. */
function entryOf(entry: unknown): HarEntry | undefined {
  const url = URL.parse(String(at(entry, 'request', 'url')))
  const method = String(at(entry, 'request', 'method')).toUpperCase()
  if (!url || !/^https?:$/.test(url.protocol) || !methods.includes(method)) return undefined
  const post = at(entry, 'request', 'postData')
  return {
    startedMs: Date.parse(String(at(entry, 'startedDateTime'))) || 0,
    timeMs: Number(at(entry, 'time')) || 0,
    method,
    url,
    headers: pairs(at(entry, 'request', 'headers')),
    body:
      post === undefined || post === null
        ? undefined
        : {
            mimeType: String(at(post, 'mimeType') ?? ''),
            text: String(at(post, 'text') ?? ''),
            params: pairs(at(post, 'params')),
          },
    status: Number(at(entry, 'response', 'status')) || 0,
  }
}

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']

function at(value: unknown, ...keys: string[]): unknown {
  let found = value
  for (const key of keys) {
    if (typeof found !== 'object' || found === null) return undefined
    found = (found as Record<string, unknown>)[key]
  }
  return found
}

function pairs(list: unknown): NameValue[] {
  if (!Array.isArray(list)) return []
  return list.map((pair) => ({
    name: String(at(pair, 'name') ?? ''),
    value: String(at(pair, 'value') ?? ''),
  }))
}

function isCredential(name: string): boolean {
  return /auth|cookie|token|secret|session|passw|api-?_?key|csrf|xsrf|signature/i.test(name)
}

/** Of the browser, the connection and its cache: they say nothing of what is asked. */
const idleHeader =
  /^(:.*|host|connection|content-length|accept-encoding|user-agent|sec-.*|cache-control|pragma|priority|dnt|te|upgrade.*|if-.*|origin|referer|keep-alive|transfer-encoding|expect|purpose)$/

function stepOf(
  entry: HarEntry,
  next: HarEntry | undefined,
  keepCredentials: boolean,
): Record<string, unknown> {
  const { method, url, status } = entry
  const headers = entry.headers
    .map(({ name, value }) => [name.toLowerCase(), value] as const)
    .filter(([name]) => /^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name) && !idleHeader.test(name))
    .filter(([name]) => keepCredentials || !isCredential(name))
    .map(([name, value]) => [name, plain(value)])
  const think = next ? (next.startedMs - entry.startedMs - entry.timeMs) / 1000 : 0
  return {
    name: `${method} ${url.pathname}`.slice(0, 100),
    [method.toLowerCase()]: plain((url.pathname + url.search).replace(/%(?![0-9a-f]{2})/gi, '%25')),
    ...(headers.length > 0 ? { headers: Object.fromEntries(headers) } : {}),
    ...bodyOf(entry.body),
    // A new user has nothing in the cache that may be said to be unchanged.
    ...(status >= 100 && status < 400 ? { check: { status: status === 304 ? 200 : status } } : {}),
    ...(think >= 0.05 ? { think: Math.min(Number(think.toFixed(2)), 3600) } : {}),
  }
}

/** A text that has no placeholders, whatever is in it. */
function plain(text: string): string {
  return text.replaceAll('${', () => '$${')
}

function bodyOf(body: HarEntry['body']): Record<string, unknown> {
  if (body === undefined) return {}
  if (/\bjson\b/i.test(body.mimeType)) {
    try {
      return { json: plainJson(JSON.parse(body.text)) }
    } catch {
      return { body: plain(body.text) }
    }
  }
  const isForm = /^application\/x-www-form-urlencoded/i.test(body.mimeType)
  const fields = [...new URLSearchParams(body.text)].map(([name, value]) => ({ name, value }))
  const names = new Set(fields.map(({ name }) => name))
  if (isForm && fields.length > 0 && names.size === fields.length) {
    return { form: Object.fromEntries(fields.map(({ name, value }) => [name, plain(value)])) }
  }
  if (body.text === '' && body.params.length === 0) return {}
  return { body: plain(body.text) }
}

function plainJson(value: unknown): unknown {
  if (typeof value === 'string') return plain(value)
  if (Array.isArray(value)) return value.map(plainJson)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plainJson(member)]))
}

function textOf(path: string, origin: string, steps: readonly Record<string, unknown>[]): string {
  const document = new Document({
    name: 'recording',
    url: origin,
    think: 0,
    tasks: [{ name: 'recording', weight: 1, steps }],
  })
  document.commentBefore = ` Made of ${path.replace(/\s/g, ' ')} by: recsys loadtest init --from-har
 Requests of one visit, in their order. Replace what differs from user to user by placeholders:
 \${feed.column} from a feed, or a value that an earlier step carries.`
  // A text that YAML would read as something else, such as "1e3", must stay one.
  visit(document, {
    Scalar: (_, node) => {
      if (isScalar(node) && typeof node.value === 'string' && node.value.includes('\n'))
        node.type = 'QUOTE_DOUBLE'
    },
  })
  return document.toString({ lineWidth: 120 })
}
