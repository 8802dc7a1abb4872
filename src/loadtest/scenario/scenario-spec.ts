import { parseJsonPath } from './json-path.ts'
import { compilePattern } from './pattern.ts'
import type { ObjectSpec, ValueSpec } from './schema.ts'
import { reservedNames } from './template.ts'

export const methods = ['get', 'post', 'put', 'patch', 'delete', 'head', 'options'] as const

const text: ValueSpec = { kind: 'text', expected: 'a text' }
const name = {
  kind: 'text',
  expected: 'a text without line breaks, 100 characters at most',
  fits: isName,
} as const

function isName(value: string): boolean {
  return value.trim() !== '' && value.length <= 100 && !/\p{Cc}/u.test(value)
}

const identifier = {
  kind: 'text',
  expected: `a name of letters, digits, _ and -, other than ${reservedNames.join(', ')}`,
  fits: (value: string) => /^[A-Za-z_][\w-]*$/.test(value) && !reservedNames.includes(value),
} as const

const think: ValueSpec = {
  kind: 'text',
  expected: 'seconds such as 0.5 or 0.1..0.5, the first not above the second, 3600 at most',
  fits: (value) => parseThink(value) !== undefined,
}

/** Seconds `0.1..0.5` or `0.2` as milliseconds. */
export function parseThink(value: string): readonly [min: number, max: number] | undefined {
  const match = /^(\d+(?:\.\d+)?)(?:\.\.(\d+(?:\.\d+)?))?$/.exec(value)
  const [min, max] = [Number(match?.[1]) * 1000, Number(match?.[2] ?? match?.[1]) * 1000]
  return min <= max && max <= 3_600_000 ? [min, max] : undefined
}

const path: ValueSpec = {
  kind: 'text',
  expected: 'a path that begins with /, without host and fragment',
  fits: (value) => /^(\/(?!\/)|\$\{)/.test(value) && !/[\r\n#]/.test(value),
  remedy: 'Write the path alone; the host stands once, in url or --url.',
}

const url: ValueSpec = {
  kind: 'text',
  expected: 'such as http://127.0.0.1:8000, http or https, without user, query and fragment',
  fits: isPlainUrl,
  remedy: 'Write scheme, host and port; paths stand in the steps.',
}

function isPlainUrl(value: string): boolean {
  const parsed = URL.parse(value)
  if (!parsed || !/^https?:$/.test(parsed.protocol)) return false
  return !(parsed.username || parsed.password || parsed.search || parsed.hash)
}

const headers: ValueSpec = {
  kind: 'names',
  what: 'headers',
  name: {
    kind: 'text',
    expected: 'a header name other than host, content-length, connection and transfer-encoding',
    fits: isFreeHeader,
    remedy: 'Take the header out: the load test sets those that belong to the connection.',
  },
  of: text,
}

function isFreeHeader(value: string): boolean {
  const taken = [
    'host',
    'content-length',
    'connection',
    'transfer-encoding',
    'keep-alive',
    'upgrade',
    'expect',
    'te',
  ]
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(value) && !taken.includes(value.toLowerCase())
}

const pattern: ValueSpec = {
  kind: 'text',
  expected: 'a regular expression that runs in linear time: no look-ahead, no back-reference, no flags',
  fits: isPattern,
  remedy: 'Write a plainer pattern; \\d, \\w, groups, +, * and {1,9} are all right.',
}

function isPattern(value: string): boolean {
  try {
    return value.length <= 1000 && Boolean(compilePattern(value))
  } catch {
    return false
  }
}

const jsonPath = {
  kind: 'text',
  expected: "a JSON path to one value, such as $.items[0].id or $['a b']",
  fits: (value: string) => parseJsonPath(value) !== undefined,
} as const

const texts: ValueSpec = { kind: 'either', of: [text, { kind: 'list', of: text, what: 'texts' }] }
const patterns: ValueSpec = { kind: 'either', of: [pattern, { kind: 'list', of: pattern, what: 'patterns' }] }

const valueCheck: ValueSpec = {
  kind: 'either',
  of: [
    { kind: 'scalar' },
    {
      kind: 'object',
      what: 'a check of a value',
      keys: { equals: { kind: 'scalar' }, exists: { kind: 'boolean' }, contains: text, regex: pattern },
      remedy: 'Write equals, exists, contains or regex.',
    },
  ],
}

const status: ValueSpec = {
  kind: 'text',
  expected: 'a status such as 200, or a class such as 2xx',
  fits: (value) => /^[1-5](\d\d|xx)$/.test(value),
}

const check: ValueSpec = {
  kind: 'either',
  of: [
    {
      kind: 'object',
      what: 'check',
      keys: {
        status: { kind: 'either', of: [status, { kind: 'list', of: status, what: 'statuses' }] },
        contains: texts,
        regex: patterns,
        json: { kind: 'names', what: 'checks by JSON path', name: jsonPath, of: valueCheck },
        headers: {
          kind: 'names',
          what: 'checks by header',
          name: { kind: 'text', expected: 'a header name' },
          of: valueCheck,
        },
      },
      remedy: 'Write what the answer must have: status, contains, regex, json or headers.',
    },
    { kind: 'function' },
  ],
}

const carried: ObjectSpec = {
  kind: 'object',
  what: 'a carried value',
  keys: { json: jsonPath, header: { kind: 'text', expected: 'a header name' }, regex: pattern },
  atLeastOneOf: ['json', 'header', 'regex'],
  atMostOneOf: [
    ['json', 'header'],
    ['json', 'regex'],
  ],
  remedy: 'Say where the value comes from: json: $.path, header: NAME or regex: PATTERN.',
}

const step: ObjectSpec = {
  kind: 'object',
  what: 'a step',
  keys: {
    name,
    ...Object.fromEntries(methods.map((method) => [method, path])),
    request: { kind: 'function' },
    query: { kind: 'names', what: 'query parameters', name: { kind: 'text', expected: 'a name' }, of: text },
    headers,
    json: { kind: 'json' },
    form: { kind: 'names', what: 'form fields', name: { kind: 'text', expected: 'a name' }, of: text },
    body: text,
    check,
    carry: { kind: 'names', what: 'carried values', name: identifier, of: carried },
    think,
  },
  oneOf: [[...methods, 'request']],
  atMostOneOf: [['json', 'form', 'body']],
  remedy: 'Write the method and the path, such as get: /health.',
}

const steps: ValueSpec = { kind: 'list', of: step, what: 'steps' }

const feed: ObjectSpec = {
  kind: 'object',
  what: 'a feed',
  keys: {
    file: {
      kind: 'text',
      expected: 'a path that ends in .csv or .parquet',
      fits: (v) => /\.(csv|parquet)$/i.test(v),
    },
    lake: { kind: 'choice', options: ['users', 'items', 'categories'] },
    rows: {
      kind: 'list',
      what: 'rows',
      of: {
        kind: 'names',
        what: 'columns',
        name: { kind: 'text', expected: 'a column' },
        of: { kind: 'scalar' },
      },
    },
    order: { kind: 'choice', options: ['sequential', 'random', 'zipf'] },
    exponent: { kind: 'number', above: 0, most: 10 },
    cursor: { kind: 'choice', options: ['shared', 'user'] },
    hold: { kind: 'choice', options: ['task', 'user'] },
  },
  oneOf: [['file', 'lake', 'rows']],
  remedy: 'Say where the rows come from: file: users.csv, lake: users or rows: with the rows themselves.',
}

/** `step` keys stand beside `name` and `weight` where a task has one step. */
const task: ObjectSpec = {
  kind: 'object',
  what: 'a task',
  keys: { name, weight: { kind: 'number', above: 0, most: 1e6 }, steps, ...step.keys },
  oneOf: [[...methods, 'request', 'steps']],
  atMostOneOf: [
    ['json', 'form', 'body'],
    ...Object.keys(step.keys)
      .filter((key) => ![...methods, 'request', 'name', 'think'].includes(key))
      .map((key) => [key, 'steps']),
  ],
  remedy: 'Give the task steps, or the method and the path of its one request, such as get: /health.',
}

export const scenarioSpec: ObjectSpec = {
  kind: 'object',
  what: 'a scenario',
  keys: {
    name,
    url,
    think,
    headers,
    feeds: { kind: 'names', what: 'feeds', name: identifier, of: feed },
    setup: steps,
    tasks: { kind: 'list', of: task, what: 'tasks' },
    teardown: steps,
  },
  oneOf: [['tasks']],
  remedy: 'Write at least one task; `recsys loadtest init` shows how.',
}
