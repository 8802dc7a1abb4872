import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import InitTables from '../../commands/init-tables.ts'
import { runCommand, temporaryDirectory } from '../helpers/run-recsys.ts'

const small = ['--users', '30', '--items', '20', '--interactions', '200']

test('init-tables makes a sample and shows what is in it and what to do next', async () => {
  const dataDir = temporaryDirectory()
  const { stdout, stderr, exitCode } = await runCommand(InitTables, ['--data-dir', dataDir, ...small])
  expect(exitCode).toBe(0)
  expect(stdout).toMatch(/rows kept +│ +200 /)
  expect(stdout).toMatch(/density +│ +33\.33 % /)
  expect(stdout).toMatch(/Next: recsys train --algo svd\n$/)
  expect(stderr).toMatch(/making up films/)
})

test('--json prints one document with the numbers, and --quiet nothing on standard error', async () => {
  const dataDir = temporaryDirectory()
  const from = join(dataDir, 'r.csv')
  writeFileSync(from, 'user,item,rating\nu,i,1\nu,i,2\nv,i,9\nv,j,x\n')
  const args = [
    '--data-dir',
    dataDir,
    '--from',
    from,
    '--max-rejects',
    '50%',
    '--rating-range',
    '1..5',
    '--json',
    '--quiet',
  ]
  const { stdout, stderr, exitCode } = await runCommand(InitTables, args)
  expect([exitCode, stderr]).toEqual([0, ''])
  expect(JSON.parse(stdout)).toEqual({
    source: from,
    layout: 'files',
    mode: 'create',
    rowsRead: 4,
    rowsKept: 1,
    rowsDuplicate: 1,
    rowsRejected: 2,
    rowsReplaced: 0,
    rejectsFile: expect.stringContaining(join(dataDir, 'lake/rejects/')),
    rejectReasons: [
      { reason: 'the rating is not a number', count: 1, example: 'v,j,x' },
      { reason: 'the rating is outside 1..5', count: 1, example: 'v,i,9' },
    ],
    interactions: 1,
    users: 1,
    items: 1,
    density: 1,
    versions: { interactions: 0, items: 0, users: 0 },
    durationMs: expect.any(Number),
  })
})

test('existing tables are touched only with --append or --overwrite', async () => {
  const dataDir = temporaryDirectory()
  const run = (...args: string[]) => runCommand(InitTables, ['--data-dir', dataDir, ...small, ...args])
  await run()
  const refused = await run()
  expect(refused.exitCode).toBe(5)
  expect(refused.stderr).toMatch(/RECSYS_LAKE_EXISTS .*interactions version 0\)\n +Add rows with --append/)
  expect((await run('--append', '--seed', '1')).stdout).toMatch(/rows replaced/)
  const { stdout } = await run('--overwrite')
  expect(stdout).toMatch(/version of interactions +│ +2 /)
})

test('rows that are set aside are shown with their reasons', async () => {
  const dataDir = temporaryDirectory()
  const from = join(dataDir, 'r.csv')
  writeFileSync(from, 'user,item,rating\nu,i,1\nv,j,x\n')
  const { stdout } = await runCommand(InitTables, [
    '--data-dir',
    dataDir,
    '--from',
    from,
    '--max-rejects',
    '0.5',
  ])
  expect(stdout).toMatch(/the rating is not a number +│ +1 │ v,j,x/)
  expect(stdout).toMatch(/All of them: .*\.jsonl\n/)
})

describe('flags that cannot be', () => {
  const cases: [args: string[], message: RegExp][] = [
    [['--append', '--overwrite'], /exclude each other/],
    [['--columns', 'user=a'], /--columns needs --from/],
    [['--from', 'x.csv', '--seed', '1'], /--seed is about the sample/],
    [['--from', 'x.csv', '--max-rejects', '5'], /got '5', expected a share/],
    [['--from', 'x.csv', '--max-rejects', '%'], /expected a share/],
    [['--from', 'x.csv', '--rating-range', '5..1'], /got '5..1'/],
    [['--from', 'x.csv', '--rating-range', '1'], /got '1'/],
    [['--from', 'x.csv', '--columns', 'nonsense'], /got 'nonsense'/],
    [['--from', 'x.csv', '--delimiter', '"'], /--delimiter/],
    [['--users', '10', '--items', '10', '--interactions', '101'], /too few for 101/],
    [['--users', '0'], /users/],
  ]
  for (const [args, message] of cases) {
    test(`${args.join(' ')} is a usage error`, async () => {
      const { stderr, exitCode } = await runCommand(InitTables, ['--data-dir', temporaryDirectory(), ...args])
      expect(stderr).toMatch(message)
      expect(exitCode).toBe(2)
    })
  }
})

test('a delimiter may be written as \\t or tab, and a smaller sample keeps the density of the default one', async () => {
  const dataDir = temporaryDirectory()
  const from = join(dataDir, 'r.txt')
  writeFileSync(from, 'a b\tc d\t3\n')
  for (const tab of ['\\t', 'tab']) {
    const { exitCode } = await runCommand(InitTables, [
      '--data-dir',
      dataDir,
      '--overwrite',
      '--from',
      from,
      '--delimiter',
      tab,
    ])
    expect(exitCode).toBe(0)
  }
  const { stdout } = await runCommand(InitTables, [
    '--data-dir',
    dataDir,
    '--overwrite',
    '--users',
    '50',
    '--items',
    '40',
    '--json',
  ])
  expect(JSON.parse(stdout)).toMatchObject({ interactions: 200, users: 50 })
})
