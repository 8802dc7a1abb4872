import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startDashboard } from '../../src/dashboard/start-dashboard.ts'
import { type DashboardServer, serveDashboard } from '../../src/serving/dashboard-server.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'
import { askRegistry } from '../helpers/sample-lake.ts'
import { type DashboardPlace, dashboardPlace } from './dashboard-place.ts'

let place: DashboardPlace
let server: DashboardServer
const cleanUps: (() => void)[] = []

beforeAll(async () => {
  place = await dashboardPlace((cleanUp) => cleanUps.push(cleanUp))
  server = await serve(place.dataDir)
})

afterAll(async () => {
  await server.stop()
  for (const cleanUp of cleanUps) cleanUp()
})

function serve(dataDir: string, adminToken?: string): Promise<DashboardServer> {
  const data = { dataDir, modelName: 'recommender', env: process.env, directory: dataDir }
  return serveDashboard({ host: '127.0.0.1', port: 0, adminToken, start: () => startDashboard(data) })
}

// biome-ignore lint/suspicious/noExplicitAny: what the API answers is what these tests look at
type Json = any

async function ask(path: string, init?: RequestInit, from = server) {
  const response = await fetch(`${from.url}/api/v1/${path}`, init)
  return { status: response.status, body: (await response.json()) as Json }
}

function post(body: object, headers: Record<string, string> = {}): RequestInit {
  return {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  }
}

test('the overview tells what is in production and what was decided; without a server it says so', async () => {
  const { status, body } = await ask('overview')
  expect(status).toBe(200)
  expect(body.server).toBeNull()
  expect(body.registry).toMatchObject({
    name: 'recommender',
    production: { version: 1, algorithm: 'popular' },
    counts: { versions: 3, runs: 9, flowRuns: 2 },
    lastFlow: { state: 'failed' },
    history: [{ action: 'force', version: 1 }],
  })
})

test('models come newest first, each with its lineage, curves and history', async () => {
  const { body } = await ask('models')
  expect(body.versions.map(({ version }: { version: number }) => version)).toEqual([3, 2, 1])
  const { body: model } = await ask('models/recommender/2')
  expect(model).toMatchObject({
    version: { algorithm: 'svd' },
    run: { lakeVersion: 0, split: 'hash:0.2' },
    history: [],
  })
  expect(model.epochs.length).toBeGreaterThan(10)
  expect((await ask('models/recommender/9')).body.error).toMatchObject({ code: 'RECSYS_VERSION_UNKNOWN' })
  expect((await ask('models/recommender/0')).status).toBe(400)
})

test('two versions are compared with intervals, and the second time at once', async () => {
  const query = 'compare?name=recommender&first=2&second=3'
  const [first, again] = await Promise.all([ask(query), ask(query)])
  expect(first.body).toEqual(again.body)
  const [rmse] = first.body.comparison.results
  expect(rmse).toMatchObject({ metric: 'rmse' })
  expect(rmse.interval[0]).toBeLessThanOrEqual(rmse.gain)
  expect(rmse.interval[1]).toBeGreaterThanOrEqual(rmse.gain)
  expect(first.body.challenger.run.params).toMatchObject({ factors: 4 })
})

test('runs are filtered, ordered and paged by the registry', async () => {
  const ids = async (query: string) =>
    (await ask(`runs?${query}`)).body.runs.map(({ algorithm }: { algorithm: string }) => algorithm)
  expect(await ids('sort=rmse&order=ascending')).toEqual(['svd', 'nmf', 'popular', 'svd'])
  expect(await ids('sort=rmse&order=descending&limit=2')).toEqual(['popular', 'nmf'])
  expect(await ids('sort=algorithm&order=ascending&limit=2&offset=1')).toEqual(['popular', 'svd'])
  expect(await ids('algorithm=nmf&status=finished')).toEqual(['nmf'])
  const { body } = await ask('runs?limit=1')
  expect(body).toMatchObject({ total: 4, algorithms: ['nmf', 'popular', 'svd'] })
  expect(await ids(`sort=${encodeURIComponent("x') DESC; DROP TABLE runs; --")}`)).toHaveLength(4)
  for (const sort of ['__proto__', 'constructor', 'a"b', '$[0', "'", 'rmse"]']) {
    expect({ sort, status: (await ask(`runs?sort=${encodeURIComponent(sort)}`)).status }).toEqual({
      sort,
      status: 200,
    })
  }
})

test('a run shows its files, a study its trials', async () => {
  const { body: page } = await ask('runs?algorithm=svd&sort=rmse&limit=1&order=ascending')
  const { body: run } = await ask(`runs/${page.runs[0].runId}`)
  expect(run.files.map(({ name }: { name: string }) => name)).toContain('manifest.json')
  expect(run.version).toMatchObject({ version: 2 })
  const { body: studies } = await ask('studies')
  const { body: study } = await ask(`studies/${studies.studies[0].runId}`)
  expect(study.trials).toHaveLength(5)
})

test('flows show tasks, attempts and log lines; schedules no secrets', async () => {
  const { body: list } = await ask('flows')
  expect(list.runs[0]).toMatchObject({
    flow: 'checked',
    state: 'failed',
    tasks: [
      { task: 'load', state: 'succeeded' },
      { task: 'check', state: 'failed' },
    ],
  })
  const { body: flow } = await ask(`flows/${place.failedFlow}`)
  expect(flow.run.attempts).toMatchObject([
    { task: 'load', state: 'succeeded' },
    { task: 'check', state: 'failed', exitCode: 1 },
  ])
  const { body: logs } = await ask(`flows/${place.failedFlow}/logs?task=load`)
  expect(logs.lines.map(({ line }: { line: string }) => line)).toEqual(['loaded'])
  expect(
    (await ask(`flows/${place.failedFlow}/logs?after=${logs.lines[0].id}&task=load`)).body.lines,
  ).toEqual([])
  const { body: schedules } = await ask('schedules')
  expect(schedules).toMatchObject({ schedules: [{ name: 'nightly' }], webhooks: [{ events: ['failure'] }] })
  expect(JSON.stringify(schedules)).not.toContain('whsec_')
})

test('the data page counts rows of every version, and what was set aside and why', async () => {
  const { body } = await ask('data')
  const interactions = body.tables.find(({ table }: { table: string }) => table === 'interactions')
  expect(interactions.versions.map(({ version }: { version: number }) => version)).toEqual([1, 0])
  expect(interactions.versions[1].rows).toBe(2500)
  expect(body.shapes).toMatchObject({ version: 1, users: 120 })
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0)
  expect(sum(body.shapes.ratings.map(({ rows }: { rows: number }) => rows))).toBe(body.shapes.rows)
  expect(sum(body.shapes.popularity)).toBeCloseTo(1, 9)
  expect(body.rejects[0].reasons[0]).toMatchObject({ rows: 1, reason: expect.stringMatching(/rating/) })
})

test('a user is tried out on any version, with titles, sources and reasons', async () => {
  const { body: users } = await ask('users?prefix=u1')
  expect(users.users.every((id: string) => id.startsWith('u1'))).toBe(true)
  const { body: popular } = await ask('try/u1')
  expect(popular).toMatchObject({
    version: { version: 1 },
    recommendation: { items: expect.arrayContaining([expect.objectContaining({ source: 'popular' })]) },
  })
  const { body } = await ask('try/u1?version=2&k=5')
  expect(body.recommendation.items).toHaveLength(5)
  expect(body.recommendation.items[0]).toMatchObject({
    title: expect.any(String),
    score: expect.any(Number),
    reasons: expect.any(Array),
  })
  expect(body.history.items).toHaveLength(body.history.total)
  const seen = new Set(body.history.items.map(({ itemId }: { itemId: string }) => itemId))
  expect(body.recommendation.items.some(({ itemId }: { itemId: string }) => seen.has(itemId))).toBe(false)
  const { body: similar } = await ask(`similar/${body.recommendation.items[0].itemId}?version=2&k=3`)
  expect(similar.items).toHaveLength(3)
  expect((await ask('similar/nothing')).status).toBe(404)
})

test('load tests come with their goals and seconds', async () => {
  const { body } = await ask('load-tests')
  expect(body.tests).toMatchObject([
    { goals: [{ met: true }], seconds: [{ second: 1 }, {}, {}] },
    { goals: [{ met: false }] },
  ])
})

test('every route is in the description, and all that it names are there', async () => {
  const { paths } = (await (await fetch(`${server.url}/openapi.json`)).json()) as Json
  expect(Object.keys(paths).sort()).toEqual(
    [
      ...[
        'compare',
        'data',
        'events',
        'flows',
        'flows/{flowRunId}',
        'flows/{flowRunId}/cancel',
        'flows/{flowRunId}/logs',
      ],
      ...[
        'flows/{flowRunId}/retry',
        'load-tests',
        'models',
        'models/{name}/rollback',
        'models/{name}/{version}',
      ],
      ...[
        'models/{name}/{version}/promote',
        'overview',
        'runs',
        'runs/{runId}',
        'schedules',
        'similar/{itemId}',
        'studies',
      ],
      ...['studies/{runId}', 'try/{userId}', 'users'],
    ].map((path) => `/api/v1/${path}`),
  )
})

test('pages of other sites, other names of this machine and proxies are refused; changes need the token where there is one', async () => {
  const closed = await serve(place.dataDir, 'secret')
  try {
    const refused = async (headers: Record<string, string>) =>
      (await ask('models', { headers }, closed)).status
    expect(await refused({})).toBe(200)
    expect(await refused({ origin: 'http://evil.example' })).toBe(401)
    expect(await refused({ 'sec-fetch-site': 'cross-site' })).toBe(401)
    expect(await refused({ 'x-forwarded-for': '10.0.0.1' })).toBe(401)
    expect(await refused({ origin: 'http://evil.example', authorization: 'Bearer secret' })).toBe(200)
    const rollback = 'models/recommender/rollback'
    expect((await ask(rollback, post({ reason: 'x' }), closed)).status).toBe(401)
    expect(
      (await ask(rollback, post({ reason: 'x' }, { authorization: 'Bearer wrong' }), closed)).status,
    ).toBe(401)
    expect(
      (await ask(rollback, post({ reason: 'x' }, { authorization: 'Bearer secret' }), closed)).body.error
        .code,
    ).toBe('RECSYS_NOTHING_TO_ROLL_BACK_TO')
    expect(
      (await ask(rollback, { ...post({ reason: 'x' }), headers: { 'content-type': 'text/plain' } })).status,
    ).toBe(415)
  } finally {
    await closed.stop()
  }
})

test('a flow that failed goes on when its page asks for it, in a process of its own', async () => {
  expect((await ask(`flows/${place.failedFlow}/retry`, post({ from: 'nothing' }))).body.error.code).toBe(
    'RECSYS_FLOW_INVALID',
  )
  writeFileSync(join(place.dataDir, 'well'), '')
  expect(await ask(`flows/${place.failedFlow}/retry`, post({}))).toMatchObject({
    status: 200,
    body: { asked: true },
  })
  const state = () => askRegistry(place.dataDir, (registry) => registry.flowRun(place.failedFlow).state)
  await vi.waitFor(() => expect(state()).toBe('succeeded'), { timeout: 15_000, interval: 100 })
  expect((await ask(`flows/${place.failedFlow}/retry`, post({}))).status).toBe(409)
  expect((await ask(`flows/${place.failedFlow}/cancel`, post({}))).body).toEqual({ asked: false })
})

test('what changes is told to whoever follows', async () => {
  const response = await fetch(`${server.url}/api/v1/events`)
  expect(response.headers.get('content-type')).toContain('text/event-stream')
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  const until = async (what: RegExp) => {
    while (!what.test(text)) text += (await reader.read()).value ?? ''
  }
  await until(/event: changed\ndata: \["live"\]/)
  text = ''
  askRegistry(place.dataDir, (registry) => registry.archive('recommender', 3, 'a test'))
  await until(/event: changed\ndata: \["live","registry"\]/)
  await reader.cancel()
})

test('a directory without anything is told of in words, and nothing breaks', async () => {
  const empty = await serve(temporaryDirectory())
  try {
    expect((await ask('overview', undefined, empty)).body.registry).toMatchObject({
      production: null,
      history: [],
    })
    for (const path of ['models', 'runs', 'flows', 'studies', 'schedules', 'data', 'load-tests']) {
      expect({ path, status: (await ask(path, undefined, empty)).status }).toEqual({ path, status: 200 })
    }
    expect((await ask('try/u1', undefined, empty)).body.error.message).toContain(
      'recommender has no versions',
    )
  } finally {
    await empty.stop()
  }
})
