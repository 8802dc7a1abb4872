import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { temporaryDirectory } from '../helpers/run-recsys.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const binary = join(root, 'dist', 'recsys')

beforeAll(() => {
  if (!existsSync(binary))
    execFileSync(process.execPath, [join(root, 'bin/build-binary.js')], { stdio: 'inherit' })
})

/** Runs the executable in a folder, without PATH, HOME or any other variable. */
function run(args: readonly string[], cwd = temporaryDirectory()) {
  const { status, stdout, stderr } = spawnSync(binary, args, { cwd, env: {}, encoding: 'utf8' })
  return { status, stdout, stderr, leftBehind: readdirSync(cwd) }
}

/** The `--json` document of a command that worked. */
function result(cwd: string, ...args: string[]) {
  const { status, stdout, stderr } = run([...args, '--json', '--quiet'], cwd)
  expect({ args, status, stderr }).toEqual({ args, status: 0, stderr: '' })
  return JSON.parse(stdout)
}

test('the executable tells its version and lists every command', () => {
  expect(run(['--version'])).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^recsys\/\d.* node-v26/),
  })
  const { stdout } = run(['--help'])
  const topics = readdirSync(join(root, 'commands')).map((name) => name.replace(/\.ts$/, ''))
  for (const topic of topics) expect(stdout).toMatch(new RegExp(`^ +${topic} `, 'm'))
})

test('every command explains itself', () => {
  const files = readdirSync(join(root, 'commands'), { recursive: true, encoding: 'utf8' })
  for (const file of files.filter((name) => name.endsWith('.ts'))) {
    const words = file.replace(/(\/index)?\.ts$/, '').split('/')
    expect(run([...words, '--help'])).toMatchObject({ status: 0, stdout: expect.stringContaining('USAGE') })
  }
})

test('errors and exit codes are those of the program', () => {
  expect(run(['loadtest', '--run-time', 'long'])).toMatchObject({ status: 2 })
  expect(run(['no-such-command'])).toMatchObject({ status: 2, leftBehind: [] })
  expect(run(['train', '--algo', 'svd'])).toMatchObject({
    status: 4,
    stderr: expect.stringContaining('init-tables'),
  })
})

test('the whole loop runs in an empty folder with an empty environment', async () => {
  const cwd = temporaryDirectory()
  const sample = ['--users', '200', '--items', '60', '--interactions', '6000']
  expect(result(cwd, 'init-tables', ...sample)).toMatchObject({ rowsKept: 6000 })
  const { version } = result(cwd, 'train', '--algo', 'svd', '--threads', '2')
  expect(result(cwd, 'evaluate', '--version', `${version}`)).toBeTypeOf('object')
  result(cwd, 'promote', '--version', `${version}`, '--force')
  const { url, stop } = await serve(cwd)
  const goals = ['--goal', 'p95<5s', '--goal', 'success>=100%', '--goal', 'rps>=5']
  const load = ['--users', '20', '--spawn-rate', '100', '--run-time', '2s', ...goals]
  const { all, models } = result(cwd, 'loadtest', '--url', url, ...load)
  expect(all).toMatchObject({ failures: 0 })
  expect(models).toMatchObject([{ model: `recommender v${version}` }])
  expect(await stop()).toBe(0)
  expect(readdirSync(cwd)).toEqual(['data'])
})

test('a retraining and the dashboard work from the one file', async () => {
  const cwd = temporaryDirectory()
  result(cwd, 'init-tables', '--users', '200', '--items', '60', '--interactions', '6000')
  const report = result(cwd, 'retrain', '--algos', 'svd,nmf')
  expect(report.tasks.map(({ state }: { state: string }) => state)).toEqual(new Array(7).fill('succeeded'))
  const { url, stop } = await serve(cwd)
  const texts = await Promise.all(
    ['/', '/dashboard/app.js', '/dashboard/app.css'].map(async (path) => (await fetch(url + path)).text()),
  )
  expect(texts[0]).toContain('/dashboard/app.js')
  expect(texts[1]!.length).toBeGreaterThan(50_000)
  expect(texts[2]).toContain('prefers-color-scheme')
  const overview = (await (await fetch(`${url}/api/v1/overview`)).json()) as { registry: object }
  expect(overview.registry).toMatchObject({ counts: { versions: 2, flowRuns: 1 } })
  const tried = (await (await fetch(`${url}/api/v1/try/u1`)).json()) as {
    recommendation: { items: object[] }
  }
  expect(tried.recommendation.items).toHaveLength(10)
  expect(await stop()).toBe(0)
})

/** The served address, and how to end the server, which gives its exit code. */
async function serve(cwd: string) {
  const child = spawn(binary, ['serve', '--port', '0', '--json'], {
    cwd,
    env: {},
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let document = ''
  for await (const line of createInterface({ input: child.stdout })) {
    document += line
    if (line === '}') break
  }
  const stop = async () => {
    child.kill('SIGTERM')
    const [exitCode] = await once(child, 'exit')
    return exitCode
  }
  return { url: (JSON.parse(document) as { url: string }).url, stop }
}
