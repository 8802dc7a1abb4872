import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import Retrain from '../../commands/retrain.ts'
import { EventJournal } from '../../src/registry/event-journal.ts'
import { runCommand, runRecsys, spawnRecsys } from '../helpers/run-recsys.ts'
import { askRegistry, sampleLake } from '../helpers/sample-lake.ts'
import { startServer } from '../helpers/server.ts'

const small = ['--set', 'svd.factors=4', '--set', 'svd.epochs=40']

async function retrain(dataDir: string, ...args: string[]) {
  const { stdout, stderr, exitCode } = await runCommand(Retrain, [
    '--data-dir',
    dataDir,
    '--json',
    ...(args.includes('nmf') ? [] : small),
    ...args,
  ])
  return { exitCode, stderr, report: JSON.parse(stdout) }
}

function statesOf(report: { tasks: readonly { task: string; state: string }[] }): Record<string, string> {
  return Object.fromEntries(report.tasks.map(({ task, state }) => [task, state]))
}

test('retrain trains side by side, registers in the order of the list and promotes the better one; once more it takes what it has', async () => {
  const dataDir = await sampleLake()
  const { exitCode, report, stderr } = await retrain(dataDir)
  expect(exitCode).toBe(0)
  expect(Object.values(statesOf(report)).every((state) => state === 'succeeded')).toBe(true)
  expect(stderr).toMatch(/train-svd running\n/)
  const versions = askRegistry(dataDir, (registry) => registry.versions())
  expect(versions.map(({ version, algorithm }) => `${version} ${algorithm}`)).toEqual(['1 svd', '2 nmf'])
  const best = versions.toSorted((a, b) => a.metrics.rmse! - b.metrics.rmse!)[0]!
  expect(versions.find(({ stage }) => stage === 'production')).toEqual(best)
  const again = await retrain(dataDir)
  expect(again.exitCode).toBe(0)
  expect(statesOf(again.report)).toEqual({
    ...{ load: 'succeeded', 'train-svd': 'cached', 'train-nmf': 'cached', 'evaluate-svd': 'cached' },
    ...{ 'evaluate-nmf': 'cached', register: 'succeeded', promote: 'skipped' },
  })
  expect(askRegistry(dataDir, (registry) => registry.versions())).toHaveLength(2)
  const anew = await retrain(dataDir, '--no-cache')
  expect(statesOf(anew.report)).toMatchObject({ 'train-svd': 'succeeded' })
})

test('ratings that users have sent since are learnt from', async () => {
  const dataDir = await sampleLake()
  const journal = new EventJournal(dataDir)
  const rating = {
    type: 'rating' as const,
    weight: 1,
    timestamp: 2_000_000_000,
    sessionId: null,
    recommendationId: null,
    modelVersion: null,
  }
  journal.append([
    [
      { ...rating, id: 'a', userId: 'u1', itemId: 'i1', value: 1 },
      { ...rating, id: 'b', userId: 'u1', itemId: 'i1', value: 4, timestamp: 2_000_000_001 },
      { ...rating, id: 'c', userId: 'newcomer', itemId: 'i2', value: 5 },
      { ...rating, id: 'd', userId: 'u2', itemId: 'i2', value: 99 },
    ],
  ])
  journal.close()
  const { report } = await retrain(dataDir, '--algos', 'svd')
  expect(report.tasks[0]).toMatchObject({
    task: 'load',
    result: { events: 4, ratings: 2, interactionsVersion: 1 },
  })
  const sql =
    "SELECT user_id, item_id, rating FROM interactions WHERE user_id = 'newcomer' OR (user_id = 'u1' AND item_id = 'i1') ORDER BY 1"
  const { stdout } = await runRecsys(['lake', 'sql', sql, '--json', '--data-dir', dataDir])
  expect(JSON.parse(stdout).rows).toEqual([
    ['newcomer', 'i2', 5],
    ['u1', 'i1', 4],
  ])
  const again = await retrain(dataDir, '--algos', 'svd')
  expect(again.report.tasks[0].result).toMatchObject({ events: 0, ratings: 0, interactionsVersion: 1 })
})

test('when an algorithm fails nothing is promoted, unless a part is allowed to do', async () => {
  const dataDir = await sampleLake()
  const bad = ['--set', 'nmf.factors=4000000', '--attempts', '1']
  const strict = await retrain(dataDir, ...bad)
  expect(strict.exitCode).toBe(4)
  expect(strict.report.error).toMatchObject({ code: 'RECSYS_FLOW_FAILED', data: { state: 'failed' } })
  expect(statesOf(strict.report.error.data)).toMatchObject({
    'train-nmf': 'failed',
    register: 'skipped',
    promote: 'skipped',
  })
  expect(askRegistry(dataDir, (registry) => registry.versions())).toEqual([])
  const lenient = await retrain(dataDir, ...bad, '--allow-partial')
  expect(lenient.exitCode).toBe(0)
  expect(statesOf(lenient.report)).toMatchObject({
    'train-nmf': 'failed',
    'evaluate-nmf': 'skipped',
    promote: 'succeeded',
  })
  expect(askRegistry(dataDir, (registry) => registry.inStage('recommender', 'production')?.algorithm)).toBe(
    'svd',
  )
})

test('a promotion whose load test misses its goals is taken back, and the registry says so', async () => {
  const dataDir = await sampleLake()
  expect((await retrain(dataDir, '--algos', 'nmf')).exitCode).toBe(0)
  const server = await startServer(dataDir)
  const { exitCode, report } = await retrain(
    dataDir,
    ...[
      '--algos',
      'svd',
      '--loadtest',
      server.url,
      '--goal',
      'max<0.01ms',
      '--load-time',
      '3s',
      '--attempts',
      '1',
    ],
  )
  expect(exitCode).toBe(4)
  expect(statesOf(report.error.data)).toMatchObject({
    promote: 'cancelled',
    loadtest: 'failed',
    'undo promote': 'succeeded',
  })
  const { production, history } = askRegistry(dataDir, (registry) => ({
    production: registry.inStage('recommender', 'production'),
    history: registry.history('recommender'),
  }))
  expect(production?.algorithm).toBe('nmf')
  expect(history.map(({ action, version }) => `${action} ${version}`)).toEqual([
    'promote 1',
    'promote 2',
    'rollback 1',
  ])
})

test('a retraining that is killed goes on where it was: what succeeded is not done again, versions are as if nothing had happened', async () => {
  const dataDir = await sampleLake()
  const child = spawnRecsys(['retrain', '--data-dir', dataDir, ...small, '--set', 'nmf.epochs=1000'])
  const statesNow = () => {
    if (!existsSync(join(dataDir, 'registry.db'))) return {}
    return askRegistry(dataDir, (registry) => {
      const [run] = registry.flowRuns()
      return run ? statesOf(registry.flowRun(run.flowRunId)) : {}
    })
  }
  await vi.waitFor(
    () => expect(statesNow()).toMatchObject({ 'train-svd': 'succeeded', 'train-nmf': 'running' }),
    {
      timeout: 30_000,
      interval: 50,
    },
  )
  child.kill('SIGKILL')
  await once(child, 'close')
  const crashed = askRegistry(dataDir, (registry) => registry.flowRuns()[0]!)
  expect(crashed.state).toBe('crashed')
  const { exitCode, stdout } = await runRecsys([
    'flow',
    'resume',
    crashed.flowRunId,
    '--json',
    '--data-dir',
    dataDir,
  ])
  expect(exitCode).toBe(0)
  const report = JSON.parse(stdout)
  expect(Object.values(statesOf(report)).every((state) => state === 'succeeded')).toBe(true)
  expect(report.tasks.find(({ task }: { task: string }) => task === 'train-svd').attempts).toBe(1)
  const versions = askRegistry(dataDir, (registry) => registry.versions())
  expect(versions.map(({ version, algorithm }) => `${version} ${algorithm}`)).toEqual(['1 svd', '2 nmf'])
  expect(askRegistry(dataDir, (registry) => registry.runs({ status: 'finished' }))).toHaveLength(2)
})

test.each([
  [['--algos', 'svd,magic'], '--algos has "magic"'],
  [['--set', 'als.factors=9'], '--set is "als.factors=9"'],
  [['--set', 'svd.magic=9'], '--set is "svd.magic=9"'],
  [['--goal', 'p95<50ms'], '--goal is given without --loadtest'],
  [['--from', 'nowhere'], 'retrain has not run yet'],
])('what cannot be is refused before anything runs: %j', async (flags, message) => {
  const dataDir = await sampleLake({ users: 20, items: 10, interactions: 60 })
  writeFileSync(join(dataDir, 'note'), '')
  askRegistry(dataDir, () => undefined)
  const { exitCode, report } = await retrain(dataDir, ...flags)
  expect([2, 4]).toContain(exitCode)
  expect(report.error.message).toContain(message)
  expect(askRegistry(dataDir, (registry) => registry.flowRuns())).toEqual([])
})
