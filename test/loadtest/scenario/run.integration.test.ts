import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { createSecureServer } from 'node:http2'
import { createServer as createTlsServer } from 'node:https'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import LoadtestExport from '../../../commands/loadtest/export.ts'
import { runLoadTest } from '../../../src/loadtest/load-test.ts'
import { compileScenario } from '../../../src/loadtest/scenario/compile.ts'
import { loadScenario, loadYaml } from '../../../src/loadtest/scenario/load-scenario.ts'
import { probeScenario } from '../../../src/loadtest/scenario/probe.ts'
import { findTarget } from '../../../src/loadtest/target.ts'
import { feedTables } from '../../../src/pipeline/feed-tables.ts'
import { listen, startHttpServer } from '../../helpers/http-server.ts'
import { runCommand, temporaryDirectory } from '../../helpers/run-recsys.ts'
import { runSteps } from './run-tasks.ts'
import { load, virtualUser, writeFiles } from './scenario-files.ts'

/** A shop whose orders are only found under the address that it has given out, for the session that it has opened. */
function shop(seen: string[]): RequestListener {
  const orders = new Map<string, string>()
  return (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      seen.push(`${request.method} ${request.url} ${body}`)
      response.setHeader('content-type', 'application/json')
      if (request.url === '/session') return response.end('{"token":"t 1"}')
      if (request.headers.authorization !== 'Bearer t 1') return response.writeHead(401).end('{}')
      if (request.url === '/orders') {
        const id = String(orders.size + 1)
        orders.set(id, JSON.parse(body).item)
        return response
          .writeHead(201, { location: `http://elsewhere/orders/${id}?full=a%20b` })
          .end(`{"id":${id}}`)
      }
      const id = /^\/orders\/(\d+)\?full=a%20b$/.exec(request.url ?? '')?.[1]
      return response
        .writeHead(id ? 200 : 404)
        .end(JSON.stringify({ id: Number(id), item: orders.get(id ?? '') }))
    })
  }
}

const shopScenario = `
feeds: { item: { file: items.csv, order: sequential } }
setup:
  - post: /session
    json: {}
    carry: { token: { json: $.token } }
tasks:
  - name: order
    steps:
      - name: create
        post: /orders
        headers: { authorization: "Bearer \${token}" }
        json: { item: "\${item.name}" }
        check: { status: 201 }
        carry: { next: { header: location }, id: { regex: '"id":(\\d+)' } }
      - name: look
        get: \${next | raw}
        headers: { authorization: "Bearer \${token}" }
        check: { json: { $.id: "\${id}", $.item: "\${item.name}" } }
`
const items = { 'items.csv': 'name\n"a ""quoted"", ü"\nplain\n' }

test('a sequence runs against a real server: what is carried and what is drawn fits together', async () => {
  const seen: string[] = []
  const { url } = await startHttpServer(shop(seen))
  const { source } = await load({ 'scenario.yaml': shopScenario, ...items })
  const scenario = await compileScenario(source)
  const user = virtualUser()
  expect(await runSteps(scenario, scenario.setup, url, user)).toEqual([
    { name: 'POST /session', wrong: undefined },
  ])
  for (let i = 0; i < 4; i += 1) {
    const done = await runSteps(scenario, scenario.tasks[0]!.steps, url, user)
    expect(done).toEqual([
      { name: 'create', wrong: undefined },
      { name: 'look', wrong: undefined },
    ])
  }
  expect(seen.filter((line) => line.startsWith('POST /orders'))).toEqual([
    'POST /orders {"item":"a \\"quoted\\", ü"}',
    'POST /orders {"item":"plain"}',
    'POST /orders {"item":"a \\"quoted\\", ü"}',
    'POST /orders {"item":"plain"}',
  ])
})

test('an answer that is wrong ends the sequence', async () => {
  const { url } = await startHttpServer(shop([]))
  const scenario = await compileScenario((await load({ 'scenario.yaml': shopScenario, ...items })).source)
  const done = await runSteps(scenario, scenario.tasks[0]!.steps, url, virtualUser({ token: 'none' }))
  expect(done).toEqual([{ name: 'create', wrong: 'status 401, expected 201' }])
})

test('rows come from Parquet files with their types', async () => {
  const { DuckDBInstance } = createRequire(import.meta.url)('@duckdb/node-api')
  const directory = temporaryDirectory()
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  await connection.run(
    `COPY (SELECT 7::BIGINT AS id, 'a/b' AS name, 1.5 AS price, true AS ok, [1, 2] AS list, NULL AS none) TO '${join(directory, 'p.parquet')}'`,
  )
  connection.closeSync()
  const file = join(directory, 's.yaml')
  writeFileSync(
    file,
    'feeds: { p: { file: p.parquet } }\ntasks:\n  - post: "/${p.id}/${p.name}"\n    json: { id: "${p.id}", price: "${p.price}", ok: "${p.ok}", list: "${p.list}", none: "${p.none}" }\n',
  )
  const scenario = await compileScenario((await loadScenario(file, feedTables(directory))).source)
  const { path, body } = scenario.tasks[0]!.steps[0]!.render(virtualUser())
  expect(path).toBe('/7/a%2Fb')
  expect(JSON.parse(body!)).toMatchObject({ id: 7, ok: true, none: null })
  writeFileSync(join(directory, 'p.parquet'), 'no parquet')
  await expect(loadScenario(file, feedTables(directory))).rejects.toMatchObject({
    code: 'RECSYS_SCENARIO_INVALID',
    message: expect.stringMatching(/s\.yaml:1:21 feed p file "p\.parquet": /),
  })
})

async function probed(text: string, url: string, allowedHosts: string[] = []) {
  const loaded = await load({ 'scenario.yaml': text })
  return probeScenario(loaded, { url: loaded.document.url ?? url, allowedHosts, timeoutMs: 2000 }).then(
    () => undefined,
    (error) => error,
  )
}

test('a server that answers is found, each request that changes nothing asked once, and rows are not used up', async () => {
  const seen: string[] = []
  const { url } = await startHttpServer((request, response) => {
    seen.push(`${request.method} ${request.url}`)
    response.writeHead(302, { location: '/login' }).end()
  })
  const loaded = await load({
    'scenario.yaml':
      'feeds: { u: { rows: [{ id: 1 }, { id: 2 }], order: sequential } }\ntasks:\n  - get: /a/${u.id}\n  - post: /b\n  - delete: /c\n',
  })
  await probeScenario(loaded, { url, allowedHosts: [], timeoutMs: 2000 })
  expect(seen.filter((line) => line !== 'GET /health')).toEqual(['GET /a/1'])
  const scenario = await compileScenario(loaded.source)
  expect(scenario.tasks[0]!.steps[0]!.render(virtualUser()).path).toBe('/a/1')
})

test('a redirect to another host is refused with the line of the request', async () => {
  const { url } = await startHttpServer(
    (_, response) => void response.writeHead(301, { location: 'http://other.example/x' }).end(),
  )
  const error = await probed(`url: ${url}\ntasks:\n  - name: a\n    get: /x\n`, url)
  expect(error).toMatchObject({
    code: 'RECSYS_TARGET_REDIRECTS',
    exitCode: 4,
    remedy: expect.stringContaining('url: http://other.example'),
  })
  expect(error.message).toMatch(
    /scenario\.yaml:4:10 GET \/x is answered with a redirect to http:\/\/other\.example, expected/,
  )
})

test('a server that does not listen is named with the line of its address', async () => {
  const { url, server } = await startHttpServer(() => undefined)
  server.close()
  await once(server, 'close')
  const error = await probed(`name: a\nurl: ${url}\ntasks:\n  - get: /\n`, url)
  expect(error).toMatchObject({
    code: 'RECSYS_TARGET_UNREACHABLE',
    exitCode: 6,
    remedy: expect.stringContaining('recsys serve'),
  })
  expect(error.message).toMatch(/scenario\.yaml:2:6 no HTTP server answers at/)
  expect((await probed('tasks:\n  - get: /\n', url)).message).toMatch(/^--url no HTTP server answers/)
})

test('a host that is not this machine is refused with the line of its address', async () => {
  const error = await probed('url: http://192.0.2.1:9\ntasks:\n  - get: /\n', '')
  expect(error).toMatchObject({
    code: 'RECSYS_USAGE',
    exitCode: 2,
    remedy: expect.stringContaining('--allow-host 192.0.2.1'),
  })
  expect(error.message).toContain('scenario.yaml:1:6 ')
})

const openssl = spawnSync('openssl', ['version']).status === 0

test.runIf(openssl)(
  'TLS that this machine does not trust, or that is none, is refused with what to do',
  async () => {
    const plain = await startHttpServer((_, response) => void response.end())
    const none = await probed(`url: ${plain.url.replace('http', 'https')}\ntasks:\n  - get: /\n`, '')
    expect(none).toMatchObject({
      code: 'RECSYS_TARGET_TLS',
      exitCode: 6,
      remedy: expect.stringContaining('http:// in place of https://'),
    })
    const files = selfSigned()
    const url = (await listen(createTlsServer(files, (_, response) => void response.end()))).replace(
      'http',
      'https',
    )
    const untrusted = await probed(`url: ${url}\ntasks:\n  - get: /\n`, '')
    expect(untrusted).toMatchObject({
      code: 'RECSYS_TARGET_TLS',
      exitCode: 6,
      remedy: expect.stringContaining('--ca FILE'),
    })
    expect(untrusted.message).toContain('scenario.yaml:1:6 ')
    const trusts = [
      { insecure: true, ca: undefined },
      { insecure: false, ca: files.cert.toString() },
    ]
    for (const tls of trusts) {
      const asked = findTarget({ url, allowedHosts: [], timeoutMs: 2000, tls })
      await expect(asked).resolves.toMatchObject({ origin: url, tls })
    }
  },
)

const noTable = () => Promise.reject(new Error('no table'))

test.runIf(openssl)('HTTP/2 is spoken when it is asked for and offered, and HTTP/1.1 otherwise', async () => {
  const versions: string[] = []
  const server = createSecureServer({ ...selfSigned(), allowHTTP1: true }, (request, response) => {
    versions.push(request.httpVersion)
    response.end('{}')
  })
  const url = (await listen(server)).replace('http', 'https')
  const { source } = await loadYaml('scenario.yaml', 'tasks:\n  - get: /\n', {
    parquet: noTable,
    lake: noTable,
  })
  const options = { url, allowedHosts: [], users: 3, spawnRate: 100, runTimeMs: 400, waitMs: [1, 5] as const }
  const more = { timeoutMs: 2000, k: 10, seed: 1, goals: [], tls: { insecure: true, ca: undefined } }
  for (const http2 of [true, false]) {
    versions.length = 0
    const report = await runLoadTest({ ...options, ...more, http2 }, source)
    expect(report.all.requests).toBeGreaterThan(10)
    expect(report.failures).toEqual([])
    expect(new Set(versions)).toEqual(new Set([http2 ? '2.0' : '1.1']))
  }
})

/** A key and a certificate that nobody vouches for. */
function selfSigned(): { key: Buffer; cert: Buffer } {
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => join(temporaryDirectory(), name)) as [
    string,
    string,
  ]
  const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  execFileSync('openssl', ['req', '-x509', ...kind, ...names, '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  })
  return { key: readFileSync(key), cert: readFileSync(cert) }
}

test('commands refuse a bad scenario with its place and exit code, and write nothing', async () => {
  const file = writeFiles({ 's.yaml': 'tasks:\n  - get: /\n    weight: 0\n' })
  const out = `${file}.js`
  const outcome = await runCommand(LoadtestExport, ['--to', 'k6', '--scenario', file, '--out', out])
  expect(outcome).toMatchObject({ exitCode: 4, stdout: '' })
  expect(outcome.stderr).toMatch(
    /^RECSYS_SCENARIO_INVALID {2}.*s\.yaml:3:13 weight is 0, expected a number above 0.*\n {2}\S/,
  )
  expect(existsSync(out)).toBe(false)
  const json = await runCommand(LoadtestExport, ['--to', 'k6', '--scenario', file, '--json'])
  expect(JSON.parse(json.stdout).error).toMatchObject({
    code: 'RECSYS_SCENARIO_INVALID',
    data: { problems: [{ line: 3, column: 13 }] },
  })
})
