import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { runRecsys } from '../helpers/run-recsys.ts'

const root = new URL('../../', import.meta.url)
const commands = readdirSync(fileURLToPath(new URL('commands', root)), { recursive: true })
  .map(String)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.replace(/([\\/]index)?\.ts$/, '').split(/[\\/]/))

test('--version names the version of package.json', async () => {
  const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))
  const { stdout, exitCode } = await runRecsys(['--version'])
  expect(stdout).toContain(`recsys/${version} `)
  expect(exitCode).toBe(0)
})

test('an unknown command is a usage error', async () => {
  const { stderr, exitCode } = await runRecsys(['trian'])
  expect(stderr).toContain('trian')
  expect(exitCode).toBe(2)
})

describe.each(commands.map((command) => [command.join(' ')]))('%s', (command) => {
  test('--help shows a summary, the usage and at least one example', async () => {
    const { stdout, stderr, exitCode } = await runRecsys([...command.split(' '), '--help'])
    expect(stdout).toContain('USAGE')
    expect(stdout).toContain('EXAMPLES')
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
  })
})
