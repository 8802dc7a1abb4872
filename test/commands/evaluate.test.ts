import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import Evaluate from '../../commands/evaluate.ts'
import type { MetricExplanations } from '../../src/cli/explain-metrics.ts'
import type { CrossValidationReport } from '../../src/pipeline/cross-validate.ts'
import type { EvaluationReport } from '../../src/pipeline/evaluate.ts'
import { train } from '../../src/pipeline/train.ts'
import { runCommand } from '../helpers/run-recsys.ts'
import { askRegistry, sampleLake } from '../helpers/sample-lake.ts'

const quick = ['--factors', '4', '--epochs', '3'] as const

function trainQuickly(dataDir: string, algorithm: 'svd' | 'popular' = 'svd', seed = 1) {
  const params = algorithm === 'svd' ? { factors: 4, epochs: 3 } : {}
  const split = 'hash:0.2'
  return train({ dataDir, algorithm, params, seed, split, name: 'recommender', k: 10, tags: {}, nThreads: 2 })
}

async function evaluateJson<T>(dataDir: string, ...flags: string[]): Promise<T> {
  const { stdout, stderr, exitCode } = await runCommand(Evaluate, ['--data-dir', dataDir, '--json', ...flags])
  expect(exitCode, stderr).toBe(0)
  return JSON.parse(stdout) as T
}

test('the newest version, a version by number, by run and by stage are found', async () => {
  const dataDir = await sampleLake()
  const first = await trainQuickly(dataDir)
  await trainQuickly(dataDir, 'popular')
  askRegistry(dataDir, (registry) =>
    registry.changeStage({
      ...{ name: 'recommender', version: 1, stage: 'staging', action: 'promote', expectedPrevious: null },
      ...{ reason: 'a test', figures: {} },
    }),
  )
  const found = async (...flags: string[]) =>
    (await evaluateJson<EvaluationReport>(dataDir, ...flags)).version
  expect(await found()).toBe(2)
  expect(await found('--version', '1')).toBe(1)
  expect(await found('--run', first.runId)).toBe(1)
  expect(await found('--stage', 'staging')).toBe(1)
})

test('lists of another length are judged under their own names', async () => {
  const dataDir = await sampleLake()
  await trainQuickly(dataDir)
  const { metrics, baselines } = await evaluateJson<EvaluationReport>(dataDir, '-k', '3')
  for (const row of [metrics, ...Object.values(baselines)]) {
    expect(Object.keys(row)).toEqual(expect.arrayContaining(['rmse', 'mae', 'ndcg@3', 'coverage@3']))
    expect(row).not.toHaveProperty('ndcg@10')
  }
})

test('several lengths are judged in one pass, and what is beyond accuracy beside them', async () => {
  const dataDir = await sampleLake()
  await trainQuickly(dataDir)
  const report = await evaluateJson<EvaluationReport>(dataDir, '-k', '5,20,5')
  expect(report.ks).toEqual([5, 20])
  for (const k of report.ks) {
    for (const name of ['ndcg', 'recall', 'recall_min', 'novelty', 'popularity', 'diversity', 'gini'])
      expect(report.metrics).toHaveProperty([`${name}@${k}`])
  }
  expect(report.metrics['recall@20']).toBeGreaterThanOrEqual(report.metrics['recall@5'])
  expect(report.metrics.auc).toBeGreaterThan(0.4)
  // Everybody gets the same order: by chance, half of the pairs are right.
  expect(report.baselines.globalMean.auc).toBe(0.5)
})

test('users and items that nothing is known about are counted', async () => {
  const dataDir = await sampleLake()
  await trainQuickly(dataDir)
  const report = await evaluateJson<EvaluationReport>(dataDir)
  expect(report).toMatchObject({ nColdUsers: expect.any(Number), nColdItems: expect.any(Number) })
  const { stdout } = await runCommand(Evaluate, ['--data-dir', dataDir])
  expect(stdout).toMatch(/users held out; cold: \d+ users, \d+ items/)
})

test('segments come when asked for', async () => {
  const dataDir = await sampleLake()
  await trainQuickly(dataDir)
  expect((await evaluateJson<EvaluationReport>(dataDir)).segments).toEqual([])
  const { segments } = await evaluateJson<EvaluationReport>(dataDir, '--segments')
  const names = segments.map(({ name }) => name)
  for (const name of ['activity 1 of 4', 'warm users', 'head items', 'tail items'])
    expect(names).toContain(name)
  expect(names.some((name) => name.startsWith('category '))).toBe(true)
  const { stdout } = await runCommand(Evaluate, ['--data-dir', dataDir, '--segments'])
  expect(stdout).toContain('activity 4 of 4')
})

test('sampled figures have names of their own and come with a warning', async () => {
  const dataDir = await sampleLake()
  await trainQuickly(dataDir)
  const report = await evaluateJson<EvaluationReport>(dataDir, '--sampled', '20')
  expect(report.sampled).toBe(20)
  expect(report.metrics['sampledNdcg@10']).toBeGreaterThan(report.metrics['ndcg@10'])
  const { stdout } = await runCommand(Evaluate, ['--data-dir', dataDir, '--sampled', '20'])
  expect(stdout).toContain('no estimates of the metrics of the whole catalogue')
  expect((await evaluateJson<EvaluationReport>(dataDir)).sampled).toBeNull()
})

test('every metric that a report names is explained', async () => {
  const dataDir = await sampleLake()
  await trainQuickly(dataDir)
  const explained = await evaluateJson<MetricExplanations>(dataDir, '--explain-metrics')
  const names = new Set(explained.metrics.map(({ name }) => name))
  const { metrics } = await evaluateJson<EvaluationReport>(dataDir)
  for (const name of Object.keys(metrics)) expect(names).toContain(name.split('@')[0])
  const { stdout } = await runCommand(Evaluate, ['--explain-metrics'])
  for (const text of ['ndcg@k', 'log2(r + 1)', 'recall_min@k', 'min(k, R)', 'sampledNdcg'])
    expect(stdout).toContain(text)
})

test.each(['temporal:0.2', 'leave-last:1', 'users:0.3'])(
  'cross-validation takes the split %s',
  async (split) => {
    const dataDir = await sampleLake()
    const flags = ['--algo', 'popular', '--split', split]
    const report = await evaluateJson<CrossValidationReport>(dataDir, ...flags)
    expect(report.heldOut[0].nHeldOutRows).toBeGreaterThan(0)
    expect(report.metrics['recall@10']).toBeGreaterThan(0)
    expect(report.metrics).not.toHaveProperty('recall@5')
  },
)

test('the table names the version and shows the baselines', async () => {
  const dataDir = await sampleLake()
  await trainQuickly(dataDir)
  const { stdout, exitCode } = await runCommand(Evaluate, ['--data-dir', dataDir])
  expect(exitCode).toBe(0)
  for (const row of ['recommender v1', 'global mean', 'user + item bias', 'popularity', 'svd v1']) {
    expect(stdout).toContain(row)
  }
})

test('cross-validation shows every fold, their mean and deviation, and registers nothing', async () => {
  const dataDir = await sampleLake()
  const flags = ['--algo', 'svd', '--split', 'kfold:4', ...quick]
  const report = await evaluateJson<CrossValidationReport>(dataDir, ...flags)
  expect(report.folds).toHaveLength(4)
  const errors = report.folds.map((fold) => fold.rmse)
  const mean = errors.reduce((sum, error) => sum + error, 0) / 4
  expect(report.metrics.rmse).toBeCloseTo(mean, 12)
  const squares = errors.reduce((sum, error) => sum + (error - mean) ** 2, 0)
  expect(report.deviations.rmse).toBeCloseTo(Math.sqrt(squares / 3), 12)
  expect(report.baselines.globalMean.rmse).toBeGreaterThan(report.baselines.bias.rmse)
  expect(existsSync(join(dataDir, 'registry.db'))).toBe(false)
  const { stdout } = await runCommand(Evaluate, ['--data-dir', dataDir, ...flags])
  for (const row of ['fold 4', 'mean', 'standard deviation', 'popularity']) expect(stdout).toContain(row)
})

test.each([
  [2, ['--version', '1', '--stage', 'production']],
  [2, ['--version', '1', '--algo', 'svd']],
  [2, ['--factors', '3']],
  [2, ['--seed', '3']],
  [2, ['--split', 'kfold:5']],
  [2, ['-k', '0']],
  [2, ['-k', '1000000000']],
  [2, ['-k', '10,']],
  [2, ['-k', 'ten']],
  [2, ['--sampled', '0']],
  [2, ['--algo', 'svd', '--split', 'temporal:1.5x']],
  [2, ['--algo', 'svd', '--split', 'leave-last:0']],
  [2, ['--algo', 'svd', '--split', 'kfold:1']],
  [4, ['--version', '7']],
  [4, ['--stage', 'production']],
  [4, ['--run', '../..']],
  [4, ['--name', 'unheard-of']],
  [4, ['--lake-version', '9']],
])('exit %i for %j', async (exitCode, flags) => {
  const dataDir = await sampleLake()
  await trainQuickly(dataDir)
  expect(await runCommand(Evaluate, ['--data-dir', dataDir, ...flags])).toMatchObject({
    exitCode,
    stdout: '',
  })
})

test('without a registry there is nothing to evaluate, and none is made', async () => {
  const dataDir = await sampleLake()
  const { exitCode, stderr } = await runCommand(Evaluate, ['--data-dir', dataDir])
  expect(exitCode).toBe(4)
  expect(stderr).toContain('RECSYS_REGISTRY_MISSING')
  expect(existsSync(join(dataDir, 'registry.db'))).toBe(false)
})
