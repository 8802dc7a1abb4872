import { expect, test } from 'vitest'
import RunsList from '../../commands/runs/list.ts'
import Tune from '../../commands/tune.ts'
import type { RunList } from '../../src/pipeline/run-queries.ts'
import type { TuneReport } from '../../src/pipeline/tune/types.ts'
import { runCommand } from '../helpers/run-recsys.ts'
import { askRegistry, sampleLake } from '../helpers/sample-lake.ts'

async function tune(dataDir: string, ...flags: string[]): Promise<TuneReport> {
  const { stdout, stderr, exitCode } = await runCommand(Tune, [
    '--data-dir',
    dataDir,
    '--json',
    '--quiet',
    ...flags,
  ])
  expect(exitCode, stderr).toBe(0)
  return JSON.parse(stdout) as TuneReport
}

const quick = ['--algo', 'svd', '--solver', 'als', '--epochs', '5', '--space', 'factors=2..12'] as const

test('a study registers the best setting, and every trial is a run under it', async () => {
  const dataDir = await sampleLake()
  const report = await tune(dataDir, ...quick, '--trials', '14')
  expect(report.trials.map(({ number }) => number)).toEqual(Array.from({ length: 14 }, (_, at) => at))
  const finished = report.trials.filter(({ state }) => state === 'finished')
  expect(report.best.value).toBe(Math.min(...finished.map(({ value }) => value as number)))
  expect(report.trials.at(-1)?.bestSoFar).toBe(report.best.value)
  expect(report.importances.map(({ name }) => name).sort()).toEqual(['factors', 'reg'])
  expect(report.model).toMatchObject({
    version: 1,
    params: { solver: 'als', epochs: 5, ...report.best.params },
  })

  const runs = askRegistry(dataDir, (registry) => registry.runs({ parentRunId: report.runId }))
  expect(runs).toHaveLength(14)
  for (const run of runs) {
    expect(run.status).toBe('finished')
    expect(Object.keys(run.metrics)).not.toContain('rmse')
    expect(run.metrics.validationRmse).toBeGreaterThan(0)
  }
  const study = askRegistry(dataDir, (registry) => registry.run(report.runId))
  expect(study).toMatchObject({
    status: 'finished',
    metrics: { validationRmse: report.best.value, trials: 14 },
  })
})

test('the same flags try the same settings, whatever the threads are', async () => {
  const dataDir = await sampleLake()
  const flags = [...quick, '--trials', '13', '--seed', '5']
  const [one, three] = [
    await tune(dataDir, ...flags, '--threads', '1'),
    await tune(dataDir, ...flags, '--threads', '3'),
  ]
  const told = ({ trials }: TuneReport) =>
    trials.map(({ number, state, params, value }) => ({ number, state, params, value }))
  expect(told(three)).toEqual(told(one))
})

test('held-out rows play no part: the trials are the same whatever they say', async () => {
  const dataDir = await sampleLake()
  const report = await tune(dataDir, '--algo', 'ease', '--space', 'reg=1..1000:log', '--trials', '3')
  expect(report.metric).toBe('ndcg@10')
  const run = askRegistry(dataDir, (registry) => registry.run(report.trials[0].runId))
  const model = askRegistry(dataDir, (registry) => registry.run(report.model.runId))
  expect(run.split).toBe(model.split)
  expect(report.trials[0].value).not.toBe(report.model.metrics['ndcg@10'])
})

test('runs list leaves trials out, and shows them with --study', async () => {
  const dataDir = await sampleLake()
  const { runId, model } = await tune(dataDir, ...quick, '--trials', '2')
  const list = async (...flags: string[]) => {
    const { stdout } = await runCommand(RunsList, ['--data-dir', dataDir, '--json', ...flags])
    return (JSON.parse(stdout) as RunList).runs.map((run) => run.runId)
  }
  expect((await list()).sort()).toEqual([runId, model.runId].sort())
  expect(await list('--study', runId)).toHaveLength(2)
})

test('a timeout ends the search with what there is', async () => {
  const dataDir = await sampleLake()
  const flags = ['--algo', 'svd', '--solver', 'als', '--trials', '10000', '--timeout', '2s']
  const report = await tune(dataDir, ...flags)
  expect(report.timedOut).toBe(true)
  expect(report.trials.length).toBeLessThan(10_000)
  expect(report.model.version).toBe(1)
})

test('a setting that cannot be trained is a failed trial; when all are, the study says why', async () => {
  const dataDir = await sampleLake()
  const common = [
    '--algo',
    'svd',
    '--solver',
    'sgd',
    '--epochs',
    '3',
    '--factors',
    '4',
    '--reg',
    '0.01',
    '--trials',
    '4',
  ]
  const flags = [...common, '--space', 'learning-rate=0.01,10']
  const report = await tune(dataDir, ...flags)
  expect(report.nFailed).toBeGreaterThan(0)
  expect(report.best.params).toEqual({ learningRate: 0.01 })
  const all = [...common, '--space', 'learning-rate=9..10', '--data-dir', dataDir, '--quiet']
  const { exitCode, stderr } = await runCommand(Tune, all)
  expect({ exitCode, stderr }).toMatchObject({
    exitCode: 4,
    stderr: expect.stringContaining('RECSYS_TUNE_FAILED'),
  })
})

test('the table shows the trials, the best so far, what mattered and the model', async () => {
  const dataDir = await sampleLake()
  const { stdout } = await runCommand(Tune, ['--data-dir', dataDir, '--quiet', ...quick, '--trials', '12'])
  for (const text of ['best so far', 'importance', '12 finished', 'best: trial', 'recommender v1: svd']) {
    expect(stdout.replace(/\d+ finished, \d+ pruned/, '12 finished')).toContain(text)
  }
})

test.each([
  [2, ['--algo', 'svd', '--space', 'speed=1..2'], 'solver, factors'],
  [2, ['--algo', 'svd', '--metric', 'accuracy'], 'rmse, mae, auc'],
  [2, ['--algo', 'svd', '--strategy', 'guess'], 'tpe, random, halving'],
  [2, ['--algo', 'svd', '--validation', '1'], 'between 0 and 1'],
  [2, ['--algo', 'svd', '--timeout', 'soon'], 'a time such as'],
  [2, ['--algo', 'svd', '--split', 'odd'], 'hash:SHARE'],
  [2, ['--algo', 'svd', '--factors', '0'], 'from 1 to 1024'],
  [2, ['--trials', '3'], '--algo'],
  [4, ['--resume', 'zzzz'], 'no run id'],
])('exit %i for %j', async (exitCode, flags, message) => {
  const dataDir = await sampleLake()
  await tune(dataDir, '--algo', 'popular', '--trials', '1')
  const outcome = await runCommand(Tune, ['--data-dir', dataDir, ...flags])
  expect(outcome).toMatchObject({ exitCode, stdout: '' })
  expect(outcome.stderr.replace(/\s+›?\s*/g, ' ')).toContain(message)
})

test('a study that is finished, or a run that is none, is not resumed', async () => {
  const dataDir = await sampleLake()
  const { runId, model } = await tune(dataDir, '--algo', 'popular', '--trials', '1')
  const resume = async (run: string) =>
    JSON.parse((await runCommand(Tune, ['--data-dir', dataDir, '--json', '--resume', run])).stdout).error.code
  expect(await resume(runId)).toBe('RECSYS_REGISTRY_CONFLICT')
  expect(await resume(model.runId)).toBe('RECSYS_RUN_NO_STUDY')
})
