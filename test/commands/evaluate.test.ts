import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import Evaluate from '../../commands/evaluate.ts'
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
