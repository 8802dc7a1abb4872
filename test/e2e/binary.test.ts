import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { temporaryDirectory } from '../helpers/run-recsys.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const binary = join(root, 'dist', 'recsys')

beforeAll(() => {
  if (!existsSync(binary))
    execFileSync(process.execPath, [join(root, 'bin/build-binary.js')], { stdio: 'inherit' })
})

/** Runs the executable in an empty folder of its own, without PATH, HOME or any other variable. */
function run(args: readonly string[]) {
  const cwd = temporaryDirectory()
  const { status, stdout, stderr } = spawnSync(binary, args, { cwd, env: {}, encoding: 'utf8' })
  return { status, stdout, stderr, leftBehind: readdirSync(cwd) }
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
    const words = file.replace(/\.ts$/, '').split('/')
    expect(run([...words, '--help'])).toMatchObject({ status: 0, stdout: expect.stringContaining('USAGE') })
  }
})

test('errors and exit codes are those of the program', () => {
  expect(run(['loadtest', '--run-time', 'long'])).toMatchObject({ status: 2 })
  expect(run(['no-such-command'])).toMatchObject({ status: 2, leftBehind: [] })
})
