import { expect, test } from 'vitest'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { RecsysError } from '../../src/errors.ts'
import { runCommand } from '../helpers/run-recsys.ts'

class Refusing extends BaseCommand {
  async run(): Promise<void> {
    await this.parse(Refusing)
    throw new RecsysError('RECSYS_LAKE_MISSING', {
      message: 'no tables in ./data/lake',
      field: 'data-dir',
      data: { tables: 0 },
    })
  }
}

class Broken extends BaseCommand {
  async run(): Promise<void> {
    await this.parse(Broken)
    throw new TypeError('undefined is not a model')
  }
}

class Counting extends BaseCommand {
  async run(): Promise<{ rows: number }> {
    await this.parse(Counting)
    this.progress('counting').succeed('counted')
    this.print('three rows')
    return { rows: 3 }
  }
}

test('an expected error shows code, message and remedy on stderr and sets its exit code', async () => {
  const { stdout, stderr, exitCode } = await runCommand(Refusing, [])
  expect(stderr).toBe(
    'RECSYS_LAKE_MISSING  no tables in ./data/lake\n  Create the tables with `recsys init-tables`.\n',
  )
  expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 4 })
})

test('with --json an expected error is one document on stdout with the same exit code', async () => {
  const { stdout, exitCode } = await runCommand(Refusing, ['--json'])
  expect(JSON.parse(stdout)).toEqual({
    error: {
      code: 'RECSYS_LAKE_MISSING',
      message: 'no tables in ./data/lake',
      remedy: 'Create the tables with `recsys init-tables`.',
      field: 'data-dir',
      exitCode: 4,
      data: { tables: 0 },
    },
  })
  expect(exitCode).toBe(4)
})

test('an unexpected error keeps its stack and exits 1', async () => {
  const { stderr, exitCode } = await runCommand(Broken, [])
  expect(stderr).toMatch(/TypeError: undefined is not a model\n {4}at .*base-command\.test\.ts/)
  expect(stderr).toContain('This is a bug in recsys')
  expect(exitCode).toBe(1)
  const json = await runCommand(Broken, ['--json'])
  expect(json.exitCode).toBe(1)
  expect(JSON.parse(json.stdout).error).toMatchObject({
    code: 'RECSYS_BUG',
    message: 'undefined is not a model',
    stack: expect.stringContaining('base-command.test.ts'),
  })
})

test('an unknown flag is a usage error with exit code 2, as text and as JSON', async () => {
  expect((await runCommand(Counting, ['--nope'])).exitCode).toBe(2)
  const json = await runCommand(Counting, ['--nope', '--json'])
  expect(json.exitCode).toBe(2)
  expect(JSON.parse(json.stdout)).toEqual({
    error: {
      code: 'RECSYS_USAGE',
      message: expect.stringContaining('Nonexistent flag: --nope'),
      remedy: 'Run the command with --help to see what it accepts.',
      exitCode: 2,
    },
  })
})

test('the result goes to stdout and progress to stderr, which --quiet silences', async () => {
  expect(await runCommand(Counting, [])).toEqual({
    stdout: 'three rows\n',
    stderr: 'counting\ncounted\n',
    exitCode: 0,
  })
  expect(await runCommand(Counting, ['--quiet'])).toMatchObject({ stderr: '', exitCode: 0 })
  const json = await runCommand(Counting, ['--json'])
  expect(JSON.parse(json.stdout)).toEqual({ rows: 3 })
})
