import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { renderTable } from '../../../src/cli/table.ts'

/**
 * Requests a second of one core that sends: recsys loadtest beside autocannon, k6 and Locust, a hundred users without pauses, in
 * turns, against a bare Node server; sender and server each on a core of their own (`taskset`). Peers are named by their paths
 * and left out where they are not; `--smoke` only shows that it runs.
 */
const { values: flags } = parseArgs({
  options: {
    smoke: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '8' },
    autocannon: { type: 'string', default: 'autocannon' },
    k6: { type: 'string', default: 'k6' },
    locust: { type: 'string', default: 'locust' },
    serve: { type: 'boolean', default: false },
  },
})
const users = 100
const seconds = flags.smoke ? 1 : Number(flags.seconds)
const rounds = flags.smoke ? 1 : Number(flags.rounds)

if (flags.serve) serve()
else await compare()

function serve(): void {
  const body = JSON.stringify({
    items: Array.from({ length: 10 }, (_, i) => ({ itemId: `i${i}`, score: i })),
  })
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body)
  })
  server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port))
}

interface Peer {
  readonly name: string
  /** @returns requests a second */
  run(url: string, directory: string): number
}

async function compare(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'recsys-engine-'))
  const own = fileURLToPath(import.meta.url)
  const server = spawn('taskset', ['-c', '1', process.execPath, own, '--serve'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const [line] = (await once(server.stdout!.setEncoding('utf8'), 'data')) as [string]
    const url = `http://127.0.0.1:${Number(line)}/`
    const peers = presentPeers()
    const figures = new Map<string, number[]>(peers.map(({ name }) => [name, []]))
    for (let round = 0; round < rounds; round++) {
      for (const peer of peers) figures.get(peer.name)!.push(peer.run(url, directory))
    }
    const rate = (name: string) => figures.get(name)!.toSorted((a, b) => a - b)[rounds >> 1]!
    const rows = peers.map(({ name }) => [
      name,
      Math.round(rate(name)),
      `${(rate('recsys') / rate(name)).toFixed(2)}×`,
    ])
    console.log(`${users} users without pauses, ${rounds} rounds of ${seconds} s`)
    console.log(renderTable(['sender', 'requests/s of a core', 'recsys is'], rows))
  } finally {
    server.kill()
    rmSync(directory, { recursive: true, force: true })
  }
}

function presentPeers(): Peer[] {
  const optional = (path: string, peer: Peer) => (existsSync(path) ? [peer] : [])
  return [
    { name: 'recsys', run: runRecsys },
    ...optional(flags.autocannon, { name: 'autocannon', run: runAutocannon }),
    ...optional(flags.k6, { name: 'k6', run: runK6 }),
    ...optional(flags.locust, {
      name: 'Locust, FastHttpUser',
      run: (url, at) => runLocust(url, at, 'FastHttpUser'),
    }),
    ...optional(flags.locust, { name: 'Locust, HttpUser', run: (url, at) => runLocust(url, at, 'HttpUser') }),
  ]
}

function pinned(command: string, args: readonly string[], env: Record<string, string> = {}): string {
  return execFileSync('taskset', ['-c', '0', command, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    maxBuffer: 2 ** 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
}

function runRecsys(url: string, directory: string): number {
  const [scenario, report] = [join(directory, 'scenario.yaml'), join(directory, 'report.json')]
  writeFileSync(scenario, 'tasks:\n  - name: get\n    get: /\n')
  const program = fileURLToPath(new URL('../../../bin/run.js', import.meta.url))
  const load = ['--url', url, '--users', String(users), '--spawn-rate', '10000', '--run-time', `${seconds}s`]
  const goals = ['--goal', 'rps>=1', '--goal', 'p95<10s', '--wait', '0..0', '--report', report, '--quiet']
  try {
    pinned(process.execPath, [program, 'loadtest', '--scenario', scenario, ...load, ...goals])
  } catch {
    // A sender that gives all it has is its own bottleneck, and says so.
  }
  return (JSON.parse(readFileSync(report, 'utf8')) as { all: { requestsPerSecond: number } }).all
    .requestsPerSecond
}

function runAutocannon(url: string): number {
  const text = pinned(process.execPath, [
    flags.autocannon,
    '-c',
    String(users),
    '-d',
    String(seconds),
    '--json',
    url,
  ])
  return (JSON.parse(text) as { requests: { average: number } }).requests.average
}

function runK6(url: string, directory: string): number {
  const [script, summary] = [join(directory, 'script.js'), join(directory, 'k6.json')]
  writeFileSync(
    script,
    `import http from 'k6/http'\nexport const options = { vus: ${users}, duration: '${seconds}s', discardResponseBodies: true }\nexport default () => { http.get('${url}') }\n`,
  )
  pinned(flags.k6, ['run', '--quiet', '--summary-export', summary, script], {
    GOMAXPROCS: '1',
    K6_NO_USAGE_REPORT: 'true',
  })
  return (JSON.parse(readFileSync(summary, 'utf8')) as { metrics: { http_reqs: { rate: number } } }).metrics
    .http_reqs.rate
}

function runLocust(url: string, directory: string, kind: 'FastHttpUser' | 'HttpUser'): number {
  const file = join(directory, 'locustfile.py')
  writeFileSync(
    file,
    `from locust import ${kind}, task\n\n\nclass User(${kind}):\n    @task\n    def get(self):\n        self.client.get("/")\n`,
  )
  const load = ['-u', String(users), '-r', '1000', '-t', `${seconds}s`, '--host', url.replace(/\/$/, '')]
  const text = pinned(flags.locust, ['-f', file, '--headless', '--only-summary', '--json', ...load])
  const [total] = JSON.parse(text) as {
    num_requests: number
    start_time: number
    last_request_timestamp: number
  }[]
  return total!.num_requests / (total!.last_request_timestamp - total!.start_time)
}
