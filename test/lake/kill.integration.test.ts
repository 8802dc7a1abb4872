import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { runRecsys, spawnRecsys, temporaryDirectory } from '../helpers/run-recsys.ts'
import { wholeLake } from './whole-lake.ts'

/** What `init-tables` says on its way; a round is killed right after one of these. */
const phases = [
  'opening',
  'making up',
  'checking',
  'removing',
  'sorting',
  'writing items',
  'committing',
  'committing',
  'committing',
  'the lake is ready',
]

const initTables = (dataDir: string, round: number) => [
  'init-tables',
  '--data-dir',
  dataDir,
  '--overwrite',
  '--users',
  '40',
  '--items',
  `${20 + round}`,
  '--interactions',
  `${400 + round}`,
]

/** Ends the process as soon as its standard error says something that starts so. */
async function killAt(child: ChildProcess, text: string, signal: NodeJS.Signals): Promise<number | null> {
  const closed = once(child, 'close')
  for await (const line of createInterface({ input: child.stderr! }))
    if (line.startsWith(text)) child.kill(signal)
  return (await closed)[0] as number | null
}

test('a killed init-tables leaves the lake as it was or as it was to be, and the next one works', async () => {
  const dataDir = temporaryDirectory()
  let before: number | undefined
  for (const [round, phase] of phases.entries()) {
    await killAt(spawnRecsys(initTables(dataDir, round)), phase, 'SIGKILL')
    const state = await wholeLake(dataDir)
    const now = state === undefined ? undefined : state.nInteractions - 400
    expect([before, round]).toContain(now)
    if (state) expect(state).toMatchObject({ nUsers: 40, nItems: 20 + now! })
    before = now
  }
  const { exitCode } = await runRecsys(initTables(dataDir, phases.length))
  expect([exitCode, (await wholeLake(dataDir))!.nInteractions]).toEqual([0, 400 + phases.length])
  expect(readdirSync(join(dataDir, 'lake/.staging'))).toEqual([])
})

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s ends init-tables with 130, no table and nothing left over',
  async (signal) => {
    const dataDir = temporaryDirectory()
    const child = spawnRecsys(['init-tables', '--data-dir', dataDir, '--interactions', '300000'])
    expect(await killAt(child, 'making up', signal)).toBe(130)
    expect(await wholeLake(dataDir)).toBe(undefined)
    expect(readdirSync(join(dataDir, 'lake'))).toEqual(['.staging'])
    expect(readdirSync(join(dataDir, 'lake/.staging'))).toEqual([])
  },
)

test('two init-tables at once: one makes the lake, the other is told', async () => {
  const dataDir = temporaryDirectory()
  const outcomes = await Promise.all(
    [0, 1].map((n) =>
      runRecsys([
        'init-tables',
        '--data-dir',
        dataDir,
        '--users',
        '40',
        '--items',
        `${20 + n}`,
        '--interactions',
        '400',
      ]),
    ),
  )
  const codes = outcomes.map(({ exitCode }) => exitCode).sort()
  expect(codes).toEqual([0, 5])
  const winner = outcomes.findIndex(({ exitCode }) => exitCode === 0)
  expect(await wholeLake(dataDir)).toMatchObject({ nItems: 20 + winner })
})
