/**
 * Does an exported script ask what recsys asks? One scenario is run by recsys, by k6 and by Locust against one local
 * server at the same arrival rate, and the server counts: the mix of tasks and the rows drawn by Zipf's law are compared
 * by a χ² test of homogeneity, the latencies that each tool reports stand side by side.
 *
 *   K6=path/to/k6 LOCUST=path/to/locust node test/bench/loadtest/exports.bench.ts [seconds] [arrivals a second]
 *
 * k6: go install go.k6.io/k6@latest. Locust: pip install locust.
 */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { parse } from 'csv-parse/sync'
import { LatencyHistogram } from '../../../src/loadtest/histogram.ts'
import { drawBetween, randomStream } from '../../../src/loadtest/random.ts'
import { compileScenario } from '../../../src/loadtest/scenario/compile.ts'
import { loadScenario } from '../../../src/loadtest/scenario/load-scenario.ts'
import { feedTables } from '../../../src/pipeline/feed-tables.ts'
import { runSteps } from '../../loadtest/scenario/run-tasks.ts'
import { homogeneity } from './chi-squared.ts'

const [seconds, rate] = [Number(process.argv[2] ?? 30), Number(process.argv[3] ?? 100)]
const directory = mkdtempSync(join(tmpdir(), 'recsys-exports-'))
const run = promisify(execFile)
const recsys = fileURLToPath(new URL('../../../bin/dev.js', import.meta.url))

interface Latencies {
  readonly p50: number
  readonly p95: number
  readonly p99: number
}

/** What one tool did: counted by the server, and timed by the tool. */
interface Outcome {
  readonly tool: string
  readonly requests: Readonly<Record<string, number>>
  readonly users: readonly number[]
  readonly latencies: Readonly<Record<string, Latencies>>
}

const names = ['list', 'create', 'follow', 'health'] as const
const nUsers = 20

/** Answers after a base time and an exponential one, by route. */
function startServer() {
  const counts = { requests: {} as Record<string, number>, users: new Array<number>(nUsers).fill(0) }
  const random = randomStream(7, 0)
  const timing = { list: [10, 10], create: [30, 5], follow: [5, 20], health: [1, 1] } as const
  const server = createServer((request, response) => {
    request.resume()
    const name = routeOf(`${request.method} ${request.url}`)
    counts.requests[name] = (counts.requests[name] ?? 0) + 1
    const user = /^\/users\/(\d+)\?/.exec(request.url ?? '')?.[1]
    if (user !== undefined) counts.users[Number(user)]! += 1
    const [base, mean] = timing[name]
    setTimeout(
      () => {
        response.setHeader('content-type', 'application/json')
        if (name === 'create') response.writeHead(201, { location: '/orders/17' })
        response.end('{"id":17,"ok":true}')
      },
      base - mean * Math.log(1 - random()),
    )
  })
  return { server, counts }
}

function routeOf(line: string): (typeof names)[number] {
  if (line.startsWith('GET /users/')) return 'list'
  if (line.startsWith('POST /orders')) return 'create'
  return line.startsWith('GET /orders/') ? 'follow' : 'health'
}

const scenarioText = (url: string) => `url: ${url}
think: 0
feeds:
  user: { file: users.csv, order: zipf, exponent: 1.1 }
tasks:
  - name: list
    weight: 5
    get: /users/\${user.id}?k=10
    check: { status: 200, json: { $.ok: true } }
  - name: order
    weight: 3
    steps:
      - name: create
        post: /orders
        json: { user: "\${user.id | number}" }
        check: { status: 201 }
        carry: { next: { header: location } }
        think: 0.05
      - name: follow
        get: \${next | raw}
        check: { json: { $.id: 17 } }
  - name: health
    weight: 2
    get: /health
`

async function main(): Promise<void> {
  const outcomes = [
    await contest('recsys', runRecsys),
    await contest('k6', runK6),
    await contest('Locust', runLocust),
  ]
  report(outcomes)
  rmSync(directory, { recursive: true })
}

type Runner = (scenario: string) => Promise<Outcome['latencies']>

async function contest(tool: string, runner: Runner): Promise<Outcome> {
  const { server, counts } = startServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const scenario = join(directory, 'scenario.yaml')
  writeFileSync(scenario, scenarioText(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
  writeFileSync(
    join(directory, 'users.csv'),
    `id\n${Array.from({ length: nUsers }, (_, i) => i).join('\n')}\n`,
  )
  const latencies = await runner(scenario)
  console.error(`${tool} is done`)
  server.closeAllConnections()
  server.close()
  return { tool, requests: counts.requests, users: counts.users, latencies }
}

/** The compiled scenario, a task at each arrival: what the engine draws from, without its pools and threads. */
async function runRecsys(file: string): Promise<Outcome['latencies']> {
  const loaded = await loadScenario(file, feedTables('data'))
  const scenario = await compileScenario(loaded.source)
  const histograms = new Map(names.map((name) => [name as string, new LatencyHistogram()]))
  const running: Promise<unknown>[] = []
  const start = performance.now()
  const upTo = scenario.tasks.map((_, t) =>
    scenario.tasks.slice(0, t + 1).reduce((sum, { weight }) => sum + weight, 0),
  )
  const total = upTo.at(-1)!
  for (let index = 0; index < seconds * rate; index += 1) {
    await until(start + (1000 * index) / rate)
    const random = randomStream(42, index)
    const at = random() * total
    const task = scenario.tasks.find((_, t) => at < upTo[t]!)!
    running.push(runTask(task.steps, index, random))
  }
  await Promise.all(running)
  return Object.fromEntries([...histograms].map(([name, histogram]) => [name, latenciesOf(histogram)]))

  async function runTask(
    steps: (typeof scenario.tasks)[number]['steps'],
    index: number,
    random: () => number,
  ) {
    const user = { index, random, values: {} }
    for (const step of steps) {
      const begun = performance.now()
      const [done] = await runSteps(scenario, [step], loaded.document.url!, user)
      if (done!.wrong !== undefined) throw new Error(done!.wrong)
      histograms.get(done!.name)!.record(1000 * (performance.now() - begun))
      await until(performance.now() + drawBetween(step.waitMs ?? [0, 0], random))
    }
  }
}

function until(at: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, at - performance.now())))
}

function latenciesOf(histogram: LatencyHistogram): Latencies {
  return { p50: histogram.percentileMs(50), p95: histogram.percentileMs(95), p99: histogram.percentileMs(99) }
}

async function exportTo(tool: string, scenario: string, out: string): Promise<void> {
  const load = [
    '--rate',
    String(rate),
    '--run-time',
    `${seconds}s`,
    '--goal',
    'rps>=1',
    '--goal',
    'p95<60s',
    '--goal',
    'success>1%',
  ]
  await run(process.execPath, [
    recsys,
    'loadtest',
    'export',
    '--to',
    tool,
    '--scenario',
    scenario,
    '--out',
    out,
    ...load,
  ])
}

async function runK6(scenario: string): Promise<Outcome['latencies']> {
  const [script, csv] = [join(directory, 'script.js'), join(directory, 'k6.csv')]
  await exportTo('k6', scenario, script)
  await run(process.env.K6 ?? 'k6', ['run', '--quiet', '--no-usage-report', '--out', `csv=${csv}`, script])
  const rows: Record<string, string>[] = parse(readFileSync(csv), { columns: true })
  return Object.fromEntries(
    names.map((name) => {
      const histogram = new LatencyHistogram()
      for (const row of rows) {
        if (row.metric_name === 'latency' && row.name === name)
          histogram.record(1000 * Number(row.metric_value))
      }
      return [name, latenciesOf(histogram)]
    }),
  )
}

async function runLocust(scenario: string): Promise<Outcome['latencies']> {
  const [script, csv] = [join(directory, 'locustfile.py'), join(directory, 'locust')]
  await exportTo('locust', scenario, script)
  await run(process.env.LOCUST ?? 'locust', ['-f', script, '--headless', '--only-summary', '--csv', csv])
  const rows: Record<string, string>[] = parse(readFileSync(`${csv}_stats.csv`), { columns: true })
  return Object.fromEntries(
    names.map((name) => {
      const row = rows.find((candidate) => candidate.Name === name)!
      return [name, { p50: Number(row['50%']), p95: Number(row['95%']), p99: Number(row['99%']) }]
    }),
  )
}

function report(outcomes: readonly Outcome[]): void {
  const show = (cells: readonly (string | number)[]) => console.log(`| ${cells.join(' | ')} |`)
  console.log(`${seconds} s at ${rate} arrivals a second, counted by the server\n`)
  show(['tool', ...names])
  show(['---', ...names.map(() => '---:')])
  for (const { tool, requests } of outcomes) show([tool, ...names.map((name) => requests[name] ?? 0)])
  const mixes = outcomes.map(({ requests }) =>
    ['list', 'create', 'health'].map((name) => requests[name] ?? 0),
  )
  const weights = [0.5, 0.3, 0.2].map((share) => share * 1e9)
  console.log(`\nmix of tasks, all three alike: ${homogeneity(mixes)}`)
  for (const [i, { tool }] of outcomes.entries())
    console.log(`mix of ${tool} against the weights 5 : 3 : 2: ${homogeneity([mixes[i]!, weights])}`)
  console.log(
    `rows drawn by Zipf's law, all three alike: ${homogeneity(outcomes.map(({ users }) => users))}\n`,
  )
  show(['request', ...outcomes.flatMap(({ tool }) => [`${tool} p50`, 'p95', 'p99'])])
  show(['---', ...outcomes.flatMap(() => ['---:', '---:', '---:'])])
  for (const name of names) {
    show([
      name,
      ...outcomes.flatMap(({ latencies }) => Object.values(latencies[name]!).map((ms) => ms.toFixed(1))),
    ])
  }
}

await main()
