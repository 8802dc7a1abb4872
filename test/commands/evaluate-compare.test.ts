import { afterAll, beforeAll, expect, test } from 'vitest'
import Evaluate from '../../commands/evaluate.ts'
import type { ComparisonReport } from '../../src/pipeline/compare-versions.ts'
import { train } from '../../src/pipeline/train.ts'
import { runCommand } from '../helpers/run-recsys.ts'
import { askRegistry, sampleLake } from '../helpers/sample-lake.ts'

const cleanUps: (() => void)[] = []
let dataDir: string

/** v1 has learnt, v2 is the same with another seed, v3 has hardly learnt; v1 is in production. */
beforeAll(async () => {
  dataDir = await sampleLake({ users: 300, items: 80, interactions: 6000 }, (cleanUp) =>
    cleanUps.push(cleanUp),
  )
  const common = { dataDir, split: 'hash:0.2', name: 'films', k: 10, tags: {} }
  const als = { solver: 'als', factors: 2, epochs: 30 }
  await train({ ...common, algorithm: 'svd', params: als, seed: 3 })
  await train({ ...common, algorithm: 'svd', params: als, seed: 4 })
  await train({ ...common, algorithm: 'nmf', params: { factors: 1, epochs: 1, reg: 10 }, seed: 1 })
  const change = { name: 'films', version: 1, stage: 'production', action: 'force' } as const
  askRegistry(dataDir, (registry) =>
    registry.changeStage({ ...change, expectedPrevious: null, reason: 'a test', figures: {} }),
  )
})
afterAll(() => {
  for (const cleanUp of cleanUps) cleanUp()
})

const evaluate = (...flags: string[]) =>
  runCommand(Evaluate, ['--data-dir', dataDir, '--name', 'films', '--quiet', ...flags])

async function compare(...flags: string[]): Promise<ComparisonReport> {
  const { stdout, stderr, exitCode } = await evaluate('--json', ...flags)
  expect(exitCode, stderr).toBe(0)
  return JSON.parse(stdout) as ComparisonReport
}

test('a version that has hardly learnt is worse than production, and the last line says by how much', async () => {
  const { stdout, exitCode } = await evaluate('--version', '3', '--compare', 'production')
  expect(exitCode).toBe(0)
  expect(stdout.trim().split('\n').at(-1)).toMatch(
    /^films v3 is worse than v1 in rmse: gain −\d\.\d{5} \(−\d+\.\d\d %\), 95 % interval −\d\.\d{5} to −\d\.\d{5}, p < 0\.001, \d+ users$/,
  )
  expect(stdout).toMatch(/activity 1 of 4/)
})

test('another seed is not distinguishable, whichever way the two are named', async () => {
  const { runId } = askRegistry(dataDir, (registry) => registry.version('films', 1))
  const reports = [
    await compare('--version', '2', '--compare', 'v1'),
    await compare('--version', '2', '--compare', runId),
  ]
  expect(reports[1]).toEqual(reports[0])
  expect(reports[0]).toMatchObject({
    challenger: { version: 2 },
    champion: { version: 1, stage: 'production' },
  })
  const [{ interval, gain, verdict, champion, challenger }] = reports[0].results
  expect(verdict).toBe('not distinguishable')
  expect(interval[0]).toBeLessThan(gain)
  expect(interval[1]).toBeGreaterThan(gain)
  expect(gain).toBeCloseTo(champion - challenger, 12)
})

test('the figures are those of the models themselves, the gain of an error turned', async () => {
  const report = await compare('--version', '3', '--compare', '1', '--metric', 'rmse', '--metric', 'ndcg@5')
  expect(report.results.map(({ metric }) => metric)).toEqual(['rmse', 'ndcg@5'])
  for (const { metric, champion, challenger, users } of report.results) {
    expect(champion).toBeCloseTo(report.champion.metrics[metric], 12)
    expect(challenger).toBeCloseTo(report.challenger.metrics[metric], 12)
    expect(users.wins + users.ties + users.losses).toBe(report.nHeldOutUsers)
  }
})

test('the quartiles of activity add up to all users', async () => {
  const { segments, nHeldOutUsers } = await compare('--version', '2', '--compare', '1', '--metric', 'rmse')
  const quartiles = segments.filter(({ segment }) => segment.startsWith('activity'))
  expect(quartiles).toHaveLength(4)
  expect(quartiles.reduce((sum, { nUsers }) => sum + nUsers, 0)).toBe(nHeldOutUsers)
})

test.each([
  [2, ['--compare', 'v3'], 'compared with itself'],
  [2, ['--compare', '../x'], 'expected production, staging, a version such as v3, or a run id'],
  [2, ['--compare', '1', '--metric', 'coverage@10'], 'rmse, mae, auc, ndcg@k'],
  [2, ['--compare', '1', '--metric', 'accuracy'], 'rmse, mae, auc, ndcg@k'],
  [2, ['--compare', '1', '--confidence', '1'], 'from 0.5 to below 1'],
  [2, ['--metric', 'rmse'], '--compare'],
  [2, ['--seed', '1'], '--compare'],
  [4, ['--compare', 'staging'], 'no version in staging'],
  [4, ['--compare', 'v9'], 'no version 9'],
  [4, ['--compare', 'zzzz'], 'no run id'],
])('exit %i for %j', async (exitCode, flags, message) => {
  const outcome = await evaluate(...flags)
  expect(outcome).toMatchObject({ exitCode, stdout: '' })
  expect(outcome.stderr.replace(/\s+›?\s*/g, ' ')).toContain(message)
})
