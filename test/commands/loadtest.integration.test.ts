import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import Loadtest from '../../commands/loadtest/index.ts'
import Promote from '../../commands/promote.ts'
import { train } from '../../src/pipeline/train.ts'
import { startHttpServer } from '../helpers/http-server.ts'
import { runCommand, spawnRecsys, temporaryDirectory } from '../helpers/run-recsys.ts'
import { sampleLake } from '../helpers/sample-lake.ts'
import { healthy, recommendationsBy } from '../loadtest/recommendation-server.ts'

async function loadtest(url: string, args: readonly string[] = []) {
  const ids = join(temporaryDirectory(), 'ids.txt')
  writeFileSync(ids, '1\n2\n')
  const defaults = { url, users: '10', 'spawn-rate': '100', 'run-time': '1s', 'user-ids': ids }
  const unnamed = Object.entries(defaults).filter(([name]) => !args.includes(`--${name}`))
  return runCommand(Loadtest, [...unnamed.flatMap(([name, value]) => [`--${name}`, value]), ...args])
}

test('a load test prints its tables and exits 0 when the goals are met', async () => {
  const { url } = await startHttpServer(healthy)
  const outcome = await loadtest(url, ['--goal', 'rps>=5', '--goal', 'p95<5s'])
  expect(outcome).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(/1 s {2}10 users/) })
  expect(outcome.stdout).toContain('recommender v3')
  expect(outcome.stdout).not.toContain('missed')
})

test('a missed goal exits 3 after the tables and the reports', async () => {
  const { url } = await startHttpServer(recommendationsBy((response) => response.writeHead(503).end()))
  const report = join(temporaryDirectory(), 'load.html')
  const outcome = await loadtest(url, ['--goal', 'rps>=5', '--report', report, '--quiet'])
  expect(outcome.exitCode).toBe(3)
  expect(outcome.stdout).toContain('status 503')
  expect(outcome.stderr).toMatch(/^RECSYS_LOAD_GOAL_MISSED {2}1 of 3 goals missed/)
  expect(readFileSync(report, 'utf8')).toContain('status 503')
})

test('with --json stdout is the report, or an error that carries it', async () => {
  const { url } = await startHttpServer(healthy)
  const met = await loadtest(url, ['--json', '--goal', 'rps>=5', '--goal', 'p95<5s'])
  const shape = {
    url,
    scenario: 'recommendations',
    users: 10,
    spawnRate: 100,
    open: null,
    waitMs: [100, 500],
    timeoutMs: 5000,
    k: 10,
    seed: 42,
    startedAt: expect.stringMatching(/^\d{4}-.*Z$/),
    elapsedMs: expect.any(Number),
    interrupted: false,
    aborted: null,
    all: {
      task: 'all',
      requests: expect.any(Number),
      successes: expect.any(Number),
      failures: 0,
      successPercent: 100,
      requestsPerSecond: expect.any(Number),
      latencyMs: Object.fromEntries(
        ['p50', 'p75', 'p90', 'p95', 'p99', 'max'].map((name) => [name, expect.any(Number)]),
      ),
    },
    tasks: [{ task: 'recommendations' }, { task: 'filtered' }, { task: 'health' }],
    failures: [],
    unfinished: 0,
    models: [{ model: 'recommender v3', responses: expect.any(Number) }],
    goals: [{ goal: 'p95 < 5000 ms', actual: expect.any(Number), met: true }, {}, {}],
    goalsMet: true,
    generator: { cpuPercent: expect.any(Number), loopDelayP99Ms: expect.any(Number) },
    timeline: [{ second: expect.any(Number), users: 10, requests: expect.any(Number) }],
    distributions: {
      recommendations: {
        histogram: expect.any(String),
        blocks: { seconds: 1, histograms: [expect.any(String)] },
      },
    },
  }
  expect(JSON.parse(met.stdout)).toMatchObject(shape)
  expect(Object.keys(JSON.parse(met.stdout)).sort()).toEqual(Object.keys(shape).sort())
  const missed = await loadtest(url, ['--json', '--goal', 'p50<0.001ms', '--goal', 'rps>=5'])
  expect(missed.exitCode).toBe(3)
  expect(JSON.parse(missed.stdout).error).toMatchObject({
    code: 'RECSYS_LOAD_GOAL_MISSED',
    exitCode: 3,
    data: { goalsMet: false, all: { failures: 0 } },
  })
})

test.each([
  [['--users', '0'], 2],
  [['--users', '1e9'], 2],
  [['--spawn-rate', '-1'], 2],
  [['--run-time', 'long'], 2],
  [['--wait', '5..1'], 2],
  [['--goal', 'fast'], 2],
  [['--report', 'load.pdf'], 2],
  [['--url', 'http://192.0.2.1:8000'], 2],
  [['--k', '0'], 2],
  [['--user-ids', '/does/not/exist'], 4],
])('%j exits %d without any load', async (args, exitCode) => {
  let requests = 0
  const { url } = await startHttpServer(() => {
    requests += 1
  })
  expect(await loadtest(url, args)).toMatchObject({ exitCode, stdout: '' })
  expect(requests).toBe(0)
})

test('without a server the command fails at once with exit 6 and says how to start one', async () => {
  const { url, server } = await startHttpServer(healthy)
  server.close()
  const outcome = await loadtest(url)
  expect(outcome).toMatchObject({ exitCode: 6, stderr: expect.stringContaining('recsys serve') })
})

test('Ctrl-C ends the test early: tables and report of what was done, exit 130', async () => {
  const { url } = await startHttpServer(healthy)
  const directory = temporaryDirectory()
  writeFileSync(join(directory, 'ids.txt'), '1\n')
  const report = join(directory, 'load.json')
  const args = ['loadtest', '--url', url, '--user-ids', join(directory, 'ids.txt'), '--report', report]
  const child = spawnRecsys([...args, '--run-time', '10m'])
  let stdout = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr?.once('data', () => child.kill('SIGINT'))
  expect(await once(child, 'close')).toEqual([130, null])
  expect(stdout).toContain('recommendations')
  expect(existsSync(report)).toBe(true)
  expect(JSON.parse(readFileSync(report, 'utf8'))).toMatchObject({ interrupted: true })
})

test('a scenario file says what is asked, where and with which pauses; flags win', async () => {
  const { url } = await startHttpServer((_request, response) => response.end('{"ok":true}'))
  const file = join(temporaryDirectory(), 'ping.yaml')
  writeFileSync(file, `url: ${url}\ntasks: [{ name: ping, get: /ping, check: { status: 200 } }]\n`)
  const common = ['--users', '4', '--run-time', '1s', '--goal', 'rps>=1', '--goal', 'p95<5s', '--json']
  const outcome = await runCommand(Loadtest, ['--scenario', file, '--wait', '0.01', ...common])
  expect(outcome.exitCode).toBe(0)
  const report = JSON.parse(outcome.stdout)
  expect(report).toMatchObject({ url, waitMs: [10, 10], tasks: [{ task: 'ping', failures: 0 }] })
  expect(report.tasks[0].requests).toBeGreaterThan(10)
})

test('a scenario that is wrong is refused with its line before any load', async () => {
  let asked = 0
  const { url } = await startHttpServer((_request, response) => {
    asked += 1
    response.end('{}')
  })
  const file = join(temporaryDirectory(), 'wrong.yaml')
  writeFileSync(file, `url: ${url}\ntasks:\n  - name: ping\n    get: /ping\n    wieght: 2\n`)
  const outcome = await runCommand(Loadtest, ['--scenario', file, '--json', '--run-time', '1s'])
  expect(outcome.exitCode).toBe(4)
  const { error } = JSON.parse(outcome.stdout)
  expect(error).toMatchObject({ code: 'RECSYS_SCENARIO_INVALID' })
  expect(error.message).toMatch(/wrong\.yaml:5:5 .*wieght/)
  expect(asked).toBe(0)
})

test('an attached result is what a guard of promote judges by', async () => {
  const dataDir = await sampleLake()
  const common = { dataDir, split: 'hash:0.2', name: 'recommender', k: 10, tags: {}, seed: 1 }
  for (let version = 1; version <= 3; version++) {
    await train({ ...common, algorithm: 'svd', params: { solver: 'als', factors: 4, epochs: 4 } })
  }
  const { url } = await startHttpServer(healthy)
  const data = ['--data-dir', dataDir]
  const easy = ['--goal', 'rps>=1', '--goal', 'p95<60s', '--quiet']
  expect((await loadtest(url, [...data, ...easy, '--attach', 'v3'])).exitCode).toBe(0)
  const promote = (most: number) =>
    runCommand(Promote, [
      ...data,
      '--version',
      '3',
      '--guard',
      `p95LatencyMs <= ${most}`,
      '--quiet',
      '--json',
    ])
  expect(JSON.parse((await promote(0.0001)).stdout).error.code).toBe('RECSYS_PROMOTION_REFUSED')
  expect((await promote(60_000)).exitCode).toBe(0)
  // v3 has answered, so that nothing is known of v2.
  const other = await loadtest(url, [...data, ...easy, '--attach', '2', '--json'])
  expect(JSON.parse(other.stdout).error.code).toBe('RECSYS_LOAD_TEST_MISMATCH')
})
