import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import FlowList from '../../commands/flow/list.ts'
import Add from '../../commands/schedule/add.ts'
import List from '../../commands/schedule/list.ts'
import Pause from '../../commands/schedule/pause.ts'
import Remove from '../../commands/schedule/remove.ts'
import Resume from '../../commands/schedule/resume.ts'
import WebhooksList from '../../commands/webhooks/list.ts'
import { runCommand, temporaryDirectory } from '../helpers/run-recsys.ts'

function place() {
  const directory = temporaryDirectory()
  const data = ['--data-dir', join(directory, 'data')]
  return {
    directory,
    run: async (command: unknown, ...args: string[]) => runCommand(command, [...args, ...data]),
    json: async (command: unknown, ...args: string[]) => {
      const { stdout, exitCode } = await runCommand(command, [...args, ...data, '--json'])
      return { exitCode, document: JSON.parse(stdout) }
    },
  }
}

test('flags before the command are of the schedule, flags behind it of the command', async () => {
  const { json } = place()
  const { document } = await json(
    Add,
    ...[
      '0 3 * * *',
      '--tz',
      'Europe/Berlin',
      '--name',
      'nightly',
      '--missed',
      'skip',
      '--when',
      'interactions grew by 5%',
    ],
    ...['retrain', '--algos', 'svd,als', '--name', 'films'],
  )
  expect(document).toMatchObject({
    ...{
      name: 'nightly',
      cron: '0 3 * * *',
      timeZone: 'Europe/Berlin',
      condition: 'interactions grew by 5%',
    },
    ...{
      command: ['retrain', '--algos', 'svd,als', '--name', 'films'],
      missed: 'skip',
      overlap: 'skip',
      pausedAt: null,
    },
  })
  expect(new Date(document.nextDueAt).toLocaleTimeString('sv-SE', { timeZone: 'Europe/Berlin' })).toBe(
    '03:00:00',
  )
})

test('a schedule is listed, paused, gone on with and removed', async () => {
  const { run, json } = place()
  await run(Add, '*/10 * * * *', '--name', 'often', 'gc', '--dry-run')
  expect((await run(List)).stdout).toMatch(
    /often .*\*\/10 \* \* \* \* .*gc --dry-run .*once \/ skip .*next at/,
  )
  expect((await json(Pause, 'often')).document).toMatchObject({
    nextDueAt: null,
    pausedAt: expect.any(String),
  })
  expect((await run(List)).stdout).toContain('paused')
  expect((await json(Resume, 'often')).document).toMatchObject({
    nextDueAt: expect.any(String),
    pausedAt: null,
  })
  expect((await json(Add, '@daily', '--name', 'often', 'gc')).document.error.code).toBe(
    'RECSYS_SCHEDULE_EXISTS',
  )
  expect((await run(Remove, 'often')).stdout).toContain('often was removed')
  expect((await json(Remove, 'often')).document.error.code).toBe('RECSYS_SCHEDULE_UNKNOWN')
})

test('the file of a flow is found wherever the scheduler is started', async () => {
  const { directory, json } = place()
  const file = join(directory, 'flow.yaml')
  writeFileSync(file, 'tasks: { a: { shell: "true" } }')
  expect((await json(Add, '@daily', 'flow', 'run', file)).document).toMatchObject({
    name: 'flow',
    command: ['flow', 'run', file],
  })
  expect((await json(Add, '@daily', 'retrain', '--algos', 'svd')).document.name).toBe('retrain')
  expect((await json(Add, '@daily', 'lake', 'optimize')).document.name).toBe('lake-optimize')
  expect(
    (await json(Add, '@daily', '--name', 'x', 'flow', 'run', 'nowhere.yaml')).document.error.message,
  ).toContain('expected flow run FILE with a file that is there')
})

test.each([
  [['61 * * * *', 'retrain'], 'the times are "61 * * * *"'],
  [['0 0 30 2 *', 'retrain'], 'which are never'],
  [['0 3 * * *', '--tz', 'Mars', 'retrain'], '--tz is "Mars"'],
  [['0 3 * * *', '--when', 'the moon is full', 'retrain'], '--when is "the moon is full"'],
  [['0 3 * * *'], 'expected one that begins with retrain'],
  [['0 3 * * *', '--', 'rm', '-rf', '/'], 'expected one that begins with retrain'],
])('what cannot be is refused: %j', async (args, message) => {
  const { directory, json } = place()
  const { exitCode, document } = await json(Add, ...args)
  expect({ exitCode, message: document.error.message }).toEqual({
    exitCode: 2,
    message: expect.stringContaining(message),
  })
  expect(readdirSync(directory)).toEqual([])
})

test('looking where nothing was ever written shows nothing and writes nothing', async () => {
  const { directory, run } = place()
  expect((await run(List)).stdout).toContain('No schedules.')
  expect((await run(WebhooksList)).stdout).toContain('No webhooks.')
  expect((await run(FlowList)).stdout).toContain('No flow runs.')
  expect(readdirSync(directory)).toEqual([])
})
