import { execFileSync, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { exportScenario } from '../../../src/loadtest/export/export-scenario.ts'
import { k6Functions } from '../../../src/loadtest/export/k6-functions.ts'
import { type LoadCurveOptions, loadCurve } from '../../../src/loadtest/export/load-curve.ts'
import { pythonFunctions } from '../../../src/loadtest/export/python-functions.ts'
import type { ExportOptions, ExportTool } from '../../../src/loadtest/export/types.ts'
import { valueAt } from '../../../src/loadtest/scenario/json-path.ts'
import { encodeValue } from '../../../src/loadtest/scenario/template.ts'
import { temporaryDirectory } from '../../helpers/run-recsys.ts'
import { load } from '../scenario/scenario-files.ts'

const shop = `
name: shop
headers: { x-app: load }
feeds:
  user: { rows: [{ id: 'a"b' }, { id: c }], order: zipf, exponent: 1.2 }
  item: { rows: [{ id: 1 }, { id: 2 }], order: sequential, hold: user }
setup:
  - post: /session
    carry: { session: { json: $.id } }
tasks:
  - name: list
    weight: 3
    get: /users/\${user.id}?s=\${session}
    check: { status: [200, 3xx], headers: { content-type: { contains: json } }, json: { $.n: 1, $.ok: true, $.none: null } }
  - name: order
    weight: 1.5
    think: 0.25..0.5
    steps:
      - name: create
        post: /orders
        json: { user: "\${user.id}", text: "for \${user.id}", n: "\${item.id}" }
        carry: { next: { header: Location }, id: { regex: 'order-(?<n>\\d+)' } }
      - get: \${next | raw}
      - put: /forms/\${id}
        form: { "a b": "\${random.uuid}", n: "\${random.int(1,6)}" }
teardown:
  - delete: /session/\${session}
`

async function exported(
  tool: ExportTool,
  text = shop,
  options: Partial<LoadCurveOptions> = {},
  out?: string,
) {
  const curve = { users: 10, spawnRate: 5, runTimeMs: 60_000, ...options }
  const goals: ExportOptions['goals'] = [
    { measure: 'p95', operator: '<', limit: 100 },
    { measure: 'success', operator: '>', limit: 99.5 },
    { measure: 'rps', operator: '>=', limit: 50 },
  ]
  const scenario = await load({ 'shop.yaml': text })
  return exportScenario(tool, {
    ...{
      scenario,
      url: 'http://127.0.0.1:8000',
      load: loadCurve(curve),
      waitMs: [100, 500],
      timeoutMs: 5000,
      goals,
    },
    ...(out === undefined ? {} : { out }),
  })
}

function optionsOf(script: string): Record<string, never> & { scenarios: { load: Record<string, unknown> } } {
  return JSON.parse(/^export const options = (\{.*?^\})$/ms.exec(script)![1]!)
}

test('a k6 script is JavaScript that has weights, requests, checks, carried values, think times and thresholds', async () => {
  const { script } = await exported('k6')
  const path = join(temporaryDirectory(), 'script.mjs')
  writeFileSync(path, script)
  execFileSync(process.execPath, ['--check', path])
  expect(optionsOf(script)).toMatchObject({
    scenarios: {
      load: {
        executor: 'ramping-vus',
        startVUs: 1,
        stages: [
          { duration: '1800ms', target: 10 },
          { duration: '58200ms', target: 10 },
        ],
      },
    },
    thresholds: { latency: ['p(95)<100'], success: ['rate>0.995'], http_reqs: ['rate>=50'] },
    maxRedirects: 0,
  })
  expect(script).toContain('[3, task_1],\n  [4.5, task_2],')
  expect(script).toContain(
    '"/users/" + component(row(me, "user")["id"]) + "?s=" + component(values["session"])',
  )
  expect(script).toContain('has_status(r, [[200,200],[300,399]])')
  expect(script).toContain('equals(at(json_of(r), ["none"]), null)')
  expect(script).toContain('values["next"] = header_of(r, "location")')
  expect(script).toContain('below_root(target(values["next"]))')
  expect(script).toContain(
    '"{\\"user\\":" + json_value(row(me, "user")["id"]) + ",\\"text\\":\\"for " + json_text(row(me, "user")["id"])',
  )
  expect(script).toContain('pause(0.25, 0.5)')
  expect(script).toMatch(/export function setup\(\) \{.*return values\n\}/s)
  expect(script).toMatch(/export function teardown\(values\) \{/)
})

const python = spawnSync('python3', ['--version']).status === 0

test('a Locust script has the same requests, in the literals of Python', async () => {
  const { script } = await exported('locust')
  expect(script).toContain('random.choices([task_1, task_2], [3, 1.5])')
  expect(script).toContain(
    '"/users/" + component(row(me, "user")["id"]) + "?s=" + component(values["session"])',
  )
  expect(script).toContain('equals(at(json_of(r), ["none"]), None)')
  expect(script).toContain('equals(at(json_of(r), ["ok"]), True)')
  expect(script).toContain('"order-(?P<n>\\\\d+)"')
  expect(script).toContain('(None, "success", ">", 99.5),')
  expect(script).toContain('stages = [(1.8, 10), (58.2, 10)]')
  expect(script).toContain('run_setup(uncounted(environment), Me(0), FROM_SETUP)')
})

test.runIf(python)('a Locust script is Python', async () => {
  for (const options of [{}, { rate: 50 }]) {
    const { script } = await exported('locust', shop, options)
    const parsed = spawnSync('python3', ['-c', 'import ast, sys; ast.parse(sys.stdin.read())'], {
      input: script,
    })
    expect(parsed).toMatchObject({ status: 0 })
  }
})

test('an open model becomes a constant or a ramping arrival rate', async () => {
  const constant = optionsOf((await exported('k6', shop, { rate: 200 })).script).scenarios.load
  expect(constant).toMatchObject({
    executor: 'constant-arrival-rate',
    rate: 200,
    timeUnit: '1s',
    duration: '60000ms',
  })
  const slow = optionsOf((await exported('k6', shop, { rate: 0.5 })).script).scenarios.load
  expect(slow).toMatchObject({ rate: 500, timeUnit: '1000s' })
  const stages = [
    { durationMs: 30_000, target: 100 },
    { durationMs: 60_000, target: 500 },
  ]
  const ramping = optionsOf((await exported('k6', shop, { rate: 1, stages })).script).scenarios.load
  expect(ramping).toMatchObject({
    executor: 'ramping-arrival-rate',
    startRate: 1,
    stages: [
      { duration: '30000ms', target: 100 },
      { duration: '60000ms', target: 500 },
    ],
  })
  const locust = (await exported('locust', shop, { rate: 200 })).script
  expect(locust).toContain('STAGES = [(60, 200)]')
})

test('rows stand in the script, or beside it when it has a place', async () => {
  const { script, files } = await exported('k6')
  expect(files).toEqual([])
  expect(script).toContain('[{"id":"a\\"b"},\n{"id":"c"}]')
  const beside = await exported('k6', shop, {}, '/tmp/load/shop.js')
  expect(beside.script).toContain('JSON.parse(open("./shop.user.json"))')
  expect(beside.files.map(({ path }) => path)).toEqual([
    '/tmp/load/shop.user.json',
    '/tmp/load/shop.item.json',
  ])
  expect(JSON.parse(beside.files[0]!.text)).toEqual([{ id: 'a"b' }, { id: 'c' }])
})

test('scripts have no function that they do not call', async () => {
  const { script } = await exported('k6', 'tasks:\n  - get: /\n')
  expect(Object.keys(k6Functions).filter((name) => script.includes(`function ${name}(`))).toEqual([])
  const locust = await exported('locust', 'tasks:\n  - get: /\n')
  expect(Object.keys(pythonFunctions).filter((name) => locust.script.includes(`def ${name}(`))).toEqual([])
})

test('a module without functions is exported, and one with functions refused with its line', async () => {
  const options = {
    url: 'http://x',
    load: loadCurve({ users: 1, spawnRate: 1, runTimeMs: 1000 }),
    waitMs: [0, 0],
    timeoutMs: 1,
    goals: [],
  } as const
  const plain = await load({ 's.mjs': 'export default { tasks: [{ get: "/a" }] }\n' })
  expect(exportScenario('k6', { scenario: plain, ...options }).script).toContain('"GET", "/a"')
  const code = await load({
    's.mjs': 'export default {\n  tasks: [\n    { request: () => ({ path: "/a" }) },\n  ],\n}\n',
  })
  expect(() => exportScenario('locust', { scenario: code, ...options })).toThrow(
    expect.objectContaining({
      code: 'RECSYS_SCENARIO_NOT_EXPORTABLE',
      message: expect.stringMatching(/s\.mjs:3:\d+ request of "request" is a function/),
    }),
  )
})

/** The functions of k6 scripts that need nothing of k6, as a module. */
function functionsOfScripts(): Record<string, (...args: unknown[]) => unknown> {
  const names = [
    'component',
    'target',
    'header_text',
    'json_value',
    'json_text',
    'at',
    'text',
    'first_group',
    'zipf',
    'random_uuid',
    'random_int',
  ]
  const path = join(temporaryDirectory(), 'functions.mjs')
  writeFileSync(
    path,
    `${names.map((name) => k6Functions[name]).join('\n')}\nexport { ${names.join(', ')} }\n`,
  )
  return createRequire(path)(path)
}

const anyText = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }))
const encodings = {
  component: 'component',
  target: 'target',
  header_text: 'header',
  json_value: 'json-value',
  json_text: 'json-string',
} as const

test('functions of k6 scripts encode as recsys does', () => {
  const functions = functionsOfScripts()
  fc.assert(
    fc.property(fc.oneof(anyText, fc.integer(), fc.boolean(), fc.constant(null)), (value) => {
      for (const [name, encoding] of Object.entries(encodings))
        expect(functions[name]!(value)).toBe(encodeValue(value, encoding))
    }),
  )
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.array(fc.oneof(fc.string(), fc.integer({ min: -3, max: 3 })), { maxLength: 3 }),
      (root, path) => {
        expect(functions.at!(root, path)).toEqual(valueAt(path, root))
      },
    ),
  )
  expect(functions.random_uuid!()).toMatch(
    /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  )
  expect(functions.first_group!('order-17', 'order-(\\d+)')).toBe('17')
})

test.runIf(python)('functions of Locust scripts encode as recsys does', () => {
  const values = [
    ...fc.sample(anyText, { numRuns: 300, seed: 7 }),
    'a#b',
    'ü/ä?%',
    '"\\\u2028\n',
    17,
    -0.5,
    1e21,
    true,
    null,
  ]
  const names = Object.keys(encodings)
  const script = [
    'import json, re, sys\nfrom urllib.parse import quote\nMISSING = object()',
    ...['text', ...names].map((name) => pythonFunctions[name]),
    `print(json.dumps([[f(v) for f in (${names.join(', ')})] for v in json.load(sys.stdin)]))`,
  ].join('\n\n')
  const ours = values.map((value) => Object.values(encodings).map((encoding) => encodeValue(value, encoding)))
  const theirs = JSON.parse(
    execFileSync('python3', ['-c', script], { input: JSON.stringify(values), encoding: 'utf8' }),
  )
  const decoded = (rows: string[][]) =>
    rows.map(([component, target, header, value, text]) => [
      component,
      target,
      header,
      JSON.parse(value!),
      JSON.parse(`"${text}"`),
    ])
  const comparable = values.map((_, i) => i).filter((i) => values[i] !== 1e21)
  expect(decoded(comparable.map((i) => theirs[i]))).toEqual(decoded(comparable.map((i) => ours[i]!)))
})
