import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import LoadtestExport from '../../commands/loadtest/export.ts'
import LoadtestInit from '../../commands/loadtest/init.ts'
import { runCommand, temporaryDirectory } from '../helpers/run-recsys.ts'

test('init writes an example, says how to run it, and overwrites nothing', async () => {
  const file = join(temporaryDirectory(), 'load.yaml')
  const written = await runCommand(LoadtestInit, [file])
  expect(written).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining(`recsys loadtest --scenario ${file}`),
  })
  writeFileSync(file, 'mine')
  const refused = await runCommand(LoadtestInit, [file])
  expect(refused).toMatchObject({
    exitCode: 5,
    stderr: expect.stringMatching(/^RECSYS_FILE_EXISTS .*is there already/),
  })
  expect(readFileSync(file, 'utf8')).toBe('mine')
})

test('init refuses endings that are no scenario and directories that are not there', async () => {
  const directory = temporaryDirectory()
  expect(await runCommand(LoadtestInit, [join(directory, 'a.txt')])).toMatchObject({ exitCode: 2 })
  expect(await runCommand(LoadtestInit, [join(directory, 'no/a.yaml')])).toMatchObject({ exitCode: 6 })
  expect(await runCommand(LoadtestInit, ['--keep-credentials'])).toMatchObject({ exitCode: 2 })
})

test('init makes a scenario of a recording and says what it left out', async () => {
  const directory = temporaryDirectory()
  const entry = (url: string) => ({
    startedDateTime: '2026-01-01T00:00:00Z',
    time: 1,
    request: { method: 'GET', url, headers: [{ name: 'Cookie', value: 'secret=1' }] },
    response: { status: 200 },
  })
  const entries = ['http://127.0.0.1:1/a', 'http://127.0.0.1:1/b', 'http://cdn.example/x.js'].map(entry)
  writeFileSync(join(directory, 'v.har'), JSON.stringify({ log: { entries } }))
  const file = join(directory, 'v.yaml')
  const outcome = await runCommand(LoadtestInit, ['--from-har', join(directory, 'v.har'), '--to', file])
  expect(outcome.exitCode).toBe(0)
  expect(outcome.stdout).toMatch(/2 requests to http:\/\/127\.0\.0\.1:1\..*cdn\.example \(1\).*cookie/s)
  expect(readFileSync(file, 'utf8')).not.toContain('secret')
  const json = await runCommand(LoadtestInit, [
    '--from-har',
    join(directory, 'v.har'),
    '--to',
    `${file}.yaml`,
    '--json',
  ])
  expect(JSON.parse(json.stdout)).toMatchObject({ steps: 2, droppedCredentials: ['cookie'] })
})

test('export writes a script and its rows, or prints it', async () => {
  const directory = temporaryDirectory()
  const scenario = join(directory, 's.yaml')
  writeFileSync(scenario, 'feeds: { user: { rows: [{ id: a }] } }\ntasks:\n  - get: /${user.id}\n')
  const out = join(directory, 's.js')
  const written = await runCommand(LoadtestExport, [
    '--to',
    'k6',
    '--scenario',
    scenario,
    '--out',
    out,
    '--rate',
    '20',
  ])
  expect(written).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(`k6 run ${out}`) })
  expect(existsSync(join(directory, 's.user.json'))).toBe(true)
  const printed = await runCommand(LoadtestExport, ['--to', 'locust', '--scenario', scenario])
  expect(printed.stdout).toMatch(
    /^# s \(s\.yaml\), written by recsys loadtest export\..*class Load\(FastHttpUser\)/s,
  )
})

test.each([
  [['--rate', '0'], '--rate is "0"'],
  [['--stages', '30s'], '--stages has "30s"'],
  [['--goal', 'fast'], '--goal is "fast"'],
  [['--wait', '5..1'], '--wait is "5..1"'],
])('export %j exits 2 and names the flag', async (args, message) => {
  const scenario = join(temporaryDirectory(), 's.yaml')
  writeFileSync(scenario, 'tasks:\n  - get: /\n')
  const outcome = await runCommand(LoadtestExport, ['--to', 'k6', '--scenario', scenario, ...args])
  expect(outcome).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining(message) })
})
