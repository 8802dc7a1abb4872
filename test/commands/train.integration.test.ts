import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runRecsys, spawnRecsys } from '../helpers/run-recsys.ts'
import { askRegistry, sampleLake } from '../helpers/sample-lake.ts'

const long = ['--algo', 'svd', '--factors', '32', '--epochs', '1000']

/** A training that would go on for long, stopped as soon as its first epoch is over. */
async function stopAtFirstEpoch(dataDir: string, signal: NodeJS.Signals) {
  const child = spawnRecsys(['train', '--data-dir', dataDir, ...long])
  let log = ''
  let sent = false
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log += text
    if (!sent && /epoch 1\//.test(log)) sent = child.kill(signal)
  })
  const [exitCode, killedBy] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  expect(sent, log).toBe(true)
  return { exitCode, killedBy, log }
}

function artifactsIn(dataDir: string): string[] {
  const directory = join(dataDir, 'artifacts')
  return existsSync(directory) ? readdirSync(directory) : []
}

test.each(['SIGINT', 'SIGTERM'] as const)('%s ends a training with 130, its run killed', async (signal) => {
  const dataDir = await sampleLake()
  const { exitCode, log } = await stopAtFirstEpoch(dataDir, signal)
  expect(exitCode, log).toBe(130)
  expect(log).toContain('RECSYS_INTERRUPTED')
  const [run] = askRegistry(dataDir, (registry) => registry.runs())
  expect(run).toMatchObject({ status: 'killed', finishedAt: expect.any(String) })
  expect(askRegistry(dataDir, (registry) => registry.versions())).toEqual([])
  expect(artifactsIn(dataDir)).toEqual([])
})

test('a training killed at once registers nothing, and the next one goes through', async () => {
  const dataDir = await sampleLake()
  expect((await stopAtFirstEpoch(dataDir, 'SIGKILL')).killedBy).toBe('SIGKILL')
  expect(askRegistry(dataDir, (registry) => registry.versions())).toEqual([])
  const next = await runRecsys(['train', '--data-dir', dataDir, '--algo', 'popular', '--json'])
  expect(next.exitCode, next.stderr).toBe(0)
  const { version, runId } = JSON.parse(next.stdout) as { version: number; runId: string }
  expect(version).toBe(1)
  expect(artifactsIn(dataDir)).toEqual([runId])
})

test('two trainings at once both register, under different versions', async () => {
  const dataDir = await sampleLake()
  const flags = ['train', '--data-dir', dataDir, '--algo', 'popular', '--json']
  const outcomes = await Promise.all([runRecsys(flags), runRecsys(flags)])
  const versions = outcomes.map(({ stdout, stderr }) => {
    expect(stderr).not.toContain('RECSYS_')
    return (JSON.parse(stdout) as { version: number }).version
  })
  expect(versions.sort()).toEqual([1, 2])
})
