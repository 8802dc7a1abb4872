import { once } from 'node:events'
import type { Server, ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { defaultGoals, resolveGoals } from '../../src/loadtest/goals.ts'
import { runLoadTest } from '../../src/loadtest/load-test.ts'
import { loadYaml } from '../../src/loadtest/scenario/load-scenario.ts'
import type { LoadProgress, LoadTestOptions } from '../../src/loadtest/types.ts'
import { startHttpServer } from '../helpers/http-server.ts'
import { healthy, recommendation, recommendationsBy } from './recommendation-server.ts'

const noTable = () => Promise.reject(new Error('no table'))
const noReaders = { parquet: noTable, lake: noTable }

function options(url: string, given: Partial<LoadTestOptions> = {}): LoadTestOptions {
  return {
    url,
    allowedHosts: [],
    users: 8,
    spawnRate: 1000,
    runTimeMs: 600,
    waitMs: [1, 10],
    timeoutMs: 2000,
    k: 10,
    seed: 1,
    goals: defaultGoals,
    ...given,
  }
}

/** The built-in scenario over users, a category and an item. */
function load(
  asked: LoadTestOptions,
  population = { userIds: ['1', '2'], categories: ['Drama'], itemIds: ['a'] },
) {
  return runLoadTest(asked, { kind: 'built-in', population, k: asked.k, ids: 'uniform' })
}

test('against a healthy server every request succeeds and all counts agree', async () => {
  let served = 0
  const { url } = await startHttpServer((request, response) => {
    served += 1
    healthy(request, response)
  })
  const report = await load(options(url))
  expect(report.all).toMatchObject({ requests: served - 1, failures: 0, successPercent: 100 })
  expect(report.tasks.map(({ task }) => task)).toEqual(['recommendations', 'filtered', 'health'])
  expect(report.tasks.reduce((sum, { requests }) => sum + requests, 0)).toBe(report.all.requests)
  const answers = report.tasks[0].requests + report.tasks[1].requests
  expect(report.models).toEqual([{ model: 'recommender v3', responses: answers }])
  expect(report.timeline.reduce((sum, { requests }) => sum + requests, 0)).toBe(report.all.requests)
  expect(report.all.requestsPerSecond).toBeCloseTo((report.all.requests * 1000) / report.elapsedMs)
  expect(report).toMatchObject({ failures: [], unfinished: 0, interrupted: false })
})

test('a user keeps one connection open and sends one request at a time', async () => {
  const { url, server } = await startHttpServer(healthy)
  let connections = 0
  server.on('connection', () => {
    connections += 1
  })
  const report = await load(options(url, { users: 4 }))
  expect(report.all.requests).toBeGreaterThan(20)
  expect(connections).toBe(4 + 1)
})

test('failures are told apart: a reset, an error status, garbage, a truncated answer, a redirect', async () => {
  const ways = [
    (response: ServerResponse) => response.destroy(),
    (response: ServerResponse) => response.writeHead(500).end('{"code":"BOOM"}'),
    (response: ServerResponse) => response.end('<h1>hello</h1>'),
    (response: ServerResponse) => {
      response.writeHead(200, { 'content-length': 1000 }).write('{"items":[')
      setImmediate(() => response.destroy())
    },
    (response: ServerResponse) => response.writeHead(302, { location: '/health' }).end(),
    (response: ServerResponse) => response.socket?.end('nonsense\r\n\r\n'),
  ]
  let turn = 0
  const { url } = await startHttpServer(
    recommendationsBy((response) => ways[turn++ % ways.length]?.(response)),
  )
  const report = await load(options(url))
  const kinds = Object.fromEntries(report.failures.map(({ kind, example }) => [kind, example]))
  expect(Object.keys(kinds).sort()).toEqual(['check', 'reset', 'status 302', 'status 500'])
  expect(kinds['status 500']).toMatch(/^\/recommendations\/.*BOOM/)
  const [recommendations, filtered, health] = report.tasks
  expect(recommendations).toMatchObject({ successes: 0, latencyMs: null })
  expect(recommendations.failures + filtered.failures).toBe(
    report.failures.reduce((sum, { count }) => sum + count, 0),
  )
  expect(health).toMatchObject({ failures: 0 })
  expect(report.goalsMet).toBe(false)
})

test('a request that stalls is a timeout, whether before the first byte or inside of the body', async () => {
  let turn = 0
  const { url } = await startHttpServer(
    recommendationsBy((response) => {
      if (turn++ % 2) response.writeHead(200).write('{"items":')
    }),
  )
  const report = await load(options(url, { timeoutMs: 50 }))
  expect(report.failures).toEqual([
    { kind: 'timeout', count: report.all.failures, example: expect.stringContaining('50 ms') },
  ])
  expect(report.tasks[2].successes).toBeGreaterThan(0)
})

test('a server that goes away in the middle makes connect failures, and users go on', async () => {
  const { url, server } = await startHttpServer(healthy)
  const report = await load(
    options(url, {
      runTimeMs: 2000,
      onSecond: () => {
        server.close()
        server.closeAllConnections()
      },
    }),
  )
  expect(report.all.successes).toBeGreaterThan(0)
  expect(report.failures.map(({ kind }) => kind)).toContain('connect')
})

test('the versions that answered are counted in the order in which they came', async () => {
  let answers = 0
  const { url } = await startHttpServer(
    recommendationsBy((response) => response.end(JSON.stringify(recommendation(answers++ < 5 ? 1 : 2)))),
  )
  const population = { userIds: ['1'], categories: [], itemIds: [] }
  const report = await load(options(url, { users: 1, waitMs: [0, 0] }), population)
  expect(report.models).toEqual([
    { model: 'recommender v1', responses: 5 },
    { model: 'recommender v2', responses: answers - 5 },
  ])
})

test('users start at the spawn rate, and the seconds add up to the whole', async () => {
  const { url } = await startHttpServer(healthy)
  const seen: LoadProgress[] = []
  await load(
    options(url, { users: 30, spawnRate: 10, runTimeMs: 2600, onSecond: (progress) => seen.push(progress) }),
  )
  // A busy machine may skip a second or be late with a user; none comes early and none is lost.
  expect(seen.length).toBeGreaterThan(0)
  for (const { second, users } of seen) expect(users).toBeLessThanOrEqual(1 + 10 * second)
  expect(seen.at(-1)?.users).toBeGreaterThan(10)
  const counted = seen.map(({ requests }) => requests)
  expect(counted.reduce((sum, requests) => sum + requests, 0)).toBe(seen.at(-1)?.all.requests)
})

test('an abort cuts requests off, reports what was done, and does not count what was cut off', async () => {
  const { url, server } = await startHttpServer(recommendationsBy(() => undefined))
  const controller = new AbortController()
  const running = load(options(url, { users: 5, runTimeMs: 60_000, signal: controller.signal }))
  await recommendationsRequested(server, 5)
  controller.abort()
  const report = await running
  expect(report).toMatchObject({ interrupted: true, unfinished: 5 })
  expect(report.tasks[0]).toMatchObject({ requests: 0, failures: 0 })
})

test('an abort while the last requests are awaited cuts these off too', async () => {
  const { url } = await startHttpServer(recommendationsBy(() => undefined))
  const controller = new AbortController()
  const running = load(
    options(url, { users: 3, runTimeMs: 100, timeoutMs: 60_000, signal: controller.signal }),
  )
  setTimeout(() => controller.abort(), 300)
  expect(await running).toMatchObject({ interrupted: true, unfinished: 3 })
})

/** Resolves when so many requests for recommendations wait for an answer. */
async function recommendationsRequested(server: Server, count: number): Promise<void> {
  for (let seen = 0; seen < count; ) {
    const [request] = await once(server, 'request')
    if (request.url !== '/health') seen += 1
  }
}

test('a scenario of steps carries values over, and its setup and teardown are no part of what is measured', async () => {
  const asked: string[] = []
  const { url } = await startHttpServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers['x-session'] ?? ''}`.trim())
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(request.url === '/login' ? { session: 's1' } : { id: 7 }))
  })
  const text = `
name: shop
setup:
  - name: login
    post: /login
    carry: { session: { json: '$.session' } }
tasks:
  - name: buy
    steps:
      - name: cart
        get: /cart
        headers: { x-session: '\${session}' }
        carry: { cart: { json: '$.id' } }
      - name: order
        post: /orders/\${cart}
teardown:
  - name: logout
    get: /logout
`
  const { source } = await loadYaml('shop.yaml', text, noReaders)
  const report = await runLoadTest(options(url, { users: 2 }), source)
  expect(report).toMatchObject({ scenario: 'shop', failures: [] })
  const counts = Object.fromEntries(report.tasks.map(({ task, requests }) => [task, requests]))
  expect(Object.keys(counts).sort()).toEqual(['cart', 'order'])
  expect(counts.cart).toBeGreaterThan(5)
  expect(Math.abs((counts.cart as number) - (counts.order as number))).toBeLessThanOrEqual(2)
  expect(asked.filter((line) => line === 'GET /cart s1')).toHaveLength(counts.cart as number)
  expect(asked.filter((line) => line === 'POST /orders/7')).toHaveLength(counts.order as number)
  expect(asked.filter((line) => /login|logout/.test(line))).toEqual(['POST /login', 'GET /logout'])
})

test('a step that fails ends its task, and a setup that fails ends the test before any load', async () => {
  const { url } = await startHttpServer((request, response) => {
    response.writeHead(request.url === '/first' ? 404 : 200).end('{}')
  })
  const tasks = 'tasks: [{ name: t, steps: [{ name: first, get: /first }, { name: second, get: /second }] }]'
  const { source } = await loadYaml('two.yaml', tasks, noReaders)
  const report = await runLoadTest(options(url), source)
  const [first, second] = report.tasks
  expect([first.successes, second.requests]).toEqual([0, 0])
  expect(report.failures[0]).toMatchObject({ kind: 'status 404' })
  const broken = await loadYaml('three.yaml', `setup: [{ name: s, get: /first }]\n${tasks}`, noReaders)
  await expect(runLoadTest(options(url), broken.source)).rejects.toMatchObject({
    code: 'RECSYS_SCENARIO_SETUP',
    message: expect.stringContaining('status 404'),
  })
})

test('every arrival of an open model is served, and its latency counts from when it was due', async () => {
  // One answer at a time: the next request is answered when the one before has been for a while.
  const { url } = await startHttpServer((request, response) => {
    if (request.url === '/health') response.end('{}')
    else setTimeout(() => healthy(request, response), 50)
  })
  const asked = { rate: 40, arrivals: 'constant', users: 1, runTimeMs: 500 } as const
  const report = await load(options(url, asked), { userIds: ['1'], categories: [], itemIds: [] })
  expect(report.open).toMatchObject({ rate: 40, arrivals: 'constant', planned: 20, begun: 20 })
  expect(report.all).toMatchObject({ requests: 20, failures: 0 })
  // One user cannot serve 40 arrivals a second that take 50 ms each: they queue, which the raw figure hides.
  const [counted, raw] = [report.all.latencyMs?.p75 ?? 0, report.open?.rawLatencyMs?.p75 ?? 0]
  expect(counted).toBeGreaterThan(2 * raw)
})

test('arrivals that are not slowed down by anybody come when they are due', async () => {
  const { url } = await startHttpServer(healthy)
  const report = await load(options(url, { rate: 100, arrivals: 'poisson', users: 20, runTimeMs: 800 }))
  const { planned, begun, latenessMs } = report.open ?? {}
  expect(begun).toBe(planned)
  expect(report.all).toMatchObject({ requests: planned, failures: 0 })
  expect(latenessMs).not.toBeNull()
})

test('with abortOnFail the test ends soon after a goal is missed, and says which one', async () => {
  const { url } = await startHttpServer((_, response) => void response.writeHead(500).end('{}'))
  const goals = resolveGoals(['health:success>50%'])
  const report = await load(options(url, { runTimeMs: 60_000, abortOnFail: true, goals }))
  expect(report.elapsedMs).toBeLessThan(30_000)
  expect(report.aborted).toContain('success > 99.5 %, got 0.00; health: success > 50 %, got 0.00')
  expect(report).toMatchObject({ interrupted: false, goalsMet: false })
})

test('a goal of a request that the scenario has not is refused before any load', async () => {
  const { url } = await startHttpServer(healthy)
  await expect(load(options(url, { goals: resolveGoals(['search:p95<1s']) }))).rejects.toMatchObject({
    code: 'RECSYS_USAGE',
    field: 'goal',
  })
})

test('a closed model whose server stalls shows what waiting users hid beside the raw latencies', async () => {
  let asked = 0
  const { url } = await startHttpServer((request, response) => {
    if (++asked !== 5) return healthy(request, response)
    setTimeout(() => healthy(request, response), 400)
  })
  const report = await load(options(url, { users: 1, runTimeMs: 1000, waitMs: [1, 1] }))
  expect(report.all.latencyMs!.p95).toBeLessThan(200)
  expect(report.all.correctedMs!.p95).toBeGreaterThan(200)
})

test('stages bring users and take them away again', async () => {
  const { url } = await startHttpServer(healthy)
  const stages = [
    { durationMs: 1200, target: 12 },
    { durationMs: 1200, target: 1 },
  ]
  const report = await load(options(url, { stages, users: 12, runTimeMs: 2400 }))
  const users = report.timeline.map((sample) => sample.users)
  expect(Math.max(...users)).toBeGreaterThan(8)
  expect(users.at(-1)).toBeLessThanOrEqual(2)
  expect(report.all.failures).toBe(0)
})

test('users in several threads are each there once, and what they record is added up', async () => {
  const users = new Set<string>()
  const { url } = await startHttpServer((request, response) => {
    const user = /recommendations\/(\w+)/.exec(request.url!)?.[1]
    if (user) users.add(user)
    healthy(request, response)
  })
  const userIds = Array.from({ length: 40 }, (_, i) => `user${i}`)
  const population = { userIds, categories: ['Drama'], itemIds: ['a'] }
  const report = await load(options(url, { threads: 2, users: 9, runTimeMs: 1500 }), population)
  expect(report.all).toMatchObject({ failures: 0, successPercent: 100 })
  expect(report.timeline.reduce((sum, { requests }) => sum + requests, 0)).toBe(report.all.requests)
  expect(Math.max(...report.timeline.map((sample) => sample.users))).toBe(9)
  expect(report.models).toHaveLength(1)
  expect(users.size).toBeGreaterThan(20)
  expect(report.generator.utilization).toBeGreaterThan(0)
})

test('arrivals are shared between threads without loss, and an interruption reaches all of them', async () => {
  const { url } = await startHttpServer(healthy)
  const report = await load(options(url, { threads: 2, rate: 100, users: 20, runTimeMs: 1500 }))
  expect(report.open).toMatchObject({ planned: 150, begun: 150 })
  expect(report.all.requests).toBe(150)
  expect(report.open!.latenessMs).not.toBeNull()
  const abort = new AbortController()
  const running = load(
    options(url, {
      threads: 2,
      users: 4,
      runTimeMs: 60_000,
      signal: abort.signal,
      onSecond: () => abort.abort(),
    }),
  )
  expect(await running).toMatchObject({ interrupted: true })
})
