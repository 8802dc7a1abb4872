import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import ModelsHistory from '../../commands/models/history.ts'
import Promote from '../../commands/promote.ts'
import { attachLoadTest } from '../../src/pipeline/attach-load-test.ts'
import { train } from '../../src/pipeline/train.ts'
import type { AuditClause } from '../../src/registry/types.ts'
import { runCommand } from '../helpers/run-recsys.ts'
import { askRegistry, sampleLake } from '../helpers/sample-lake.ts'

const cleanUps: (() => void)[] = []
let dataDir: string

/** v1 has hardly learnt and is in production; v2 has learnt; v3 is v2 with hardly another epoch. */
beforeAll(async () => {
  dataDir = await sampleLake({ users: 200, items: 80, interactions: 4000 }, (cleanUp) =>
    cleanUps.push(cleanUp),
  )
  const common = { dataDir, split: 'hash:0.2', name: 'films', k: 10, tags: {}, seed: 1 }
  await train({ ...common, algorithm: 'nmf', params: { factors: 1, epochs: 1, reg: 10 } })
  await train({ ...common, algorithm: 'svd', params: { solver: 'als', factors: 4, epochs: 8 } })
  await train({ ...common, algorithm: 'svd', params: { solver: 'als', factors: 4, epochs: 9 } })
  const change = { name: 'films', version: 1, stage: 'production', action: 'force' } as const
  askRegistry(dataDir, (registry) =>
    registry.changeStage({ ...change, expectedPrevious: null, reason: 'a test', figures: {} }),
  )
})
afterAll(() => {
  for (const cleanUp of cleanUps) cleanUp()
})

interface Decision {
  readonly outcome: string
  readonly reason: string
  readonly clauses: readonly AuditClause[]
}

/** What `promote` would do with v2, or another version. */
async function decide(...flags: string[]): Promise<Decision> {
  const version = flags.includes('--version') ? [] : ['--version', '2']
  const common = ['--data-dir', dataDir, '--name', 'films', '--json', '--quiet']
  const { stdout } = await runCommand(Promote, [...common, ...version, ...flags])
  const document = JSON.parse(stdout)
  return document.error?.data ?? document
}

const met = ({ clauses }: Decision) => clauses.map((clause) => clause.met)

test('without a policy there is one clause, the metric, with its numbers', async () => {
  const decision = await decide('--dry-run')
  expect(decision).toMatchObject({ outcome: 'promoted', clauses: [{ met: true }] })
  const [{ clause, figures }] = decision.clauses
  expect(clause).toBe('rmse better than the champion')
  expect(Number(figures.champion) - Number(figures.challenger)).toBeCloseTo(Number(figures.gain), 12)
})

test('with a confidence the interval must clear zero', async () => {
  const clear = await decide('--confidence', '0.95', '--dry-run')
  expect(clear.outcome).toBe('promoted')
  expect(clear.clauses[1].clause).toBe('95 % interval of the gain in rmse over the champion above zero')
  expect(Number(clear.clauses[1].figures.low)).toBeGreaterThan(0)
})

test('a gain that the users cannot tell from chance is refused, whoever is better on paper', async () => {
  const change = { name: 'films', stage: 'staging', action: 'force', expectedPrevious: null } as const
  const [better, worse] = askRegistry(dataDir, (registry) => {
    const rank = [2, 3].sort((a, b) => {
      const of = (version: number) => registry.version('films', version).metrics['ndcg@10']
      return of(b) - of(a)
    })
    registry.changeStage({ ...change, version: rank[1], reason: 'a test', figures: {} })
    return rank
  })
  expect(better).not.toBe(worse)
  const flags = ['--to', 'staging', '--version', String(better), '--metric', 'ndcg@10', '--dry-run']
  const decision = await decide(...flags, '--confidence', '0.999')
  expect(decision.outcome).toBe('refused')
  expect(decision.clauses.at(-1)?.met).toBe(false)
})

test('every clause is judged, also after one that is missed, and the first missed is the reason', async () => {
  const guards = ['--guard', 'rmse <= 0.01', '--guard', 'coverage >= 0', '--guard', 'p95LatencyMs <= 50']
  const decision = await decide(...guards, '--must-beat', 'bias', '--must-beat', 'popularity', '--dry-run')
  expect(decision.outcome).toBe('refused')
  expect(met(decision)).toEqual([true, true, true, false, true, false])
  expect(decision.reason).toMatch(/^rmse <= 0.01: 0\.\d+$/)
  expect(decision.clauses.at(-1)?.found).toContain('no load test attached')
})

test('a guard on the change against the champion vetoes what the metric would promote', async () => {
  const veto = await decide('--guard', 'coverage >= 1000%', '--dry-run')
  expect(veto).toMatchObject({ outcome: 'refused', clauses: [{ met: true }, { met: false }] })
  expect(veto.clauses[1].found).toMatch(/^[+−]\d+\.\d\d % \(\S+ to \S+\)$/)
})

test('a guard reads the load test that was attached to the version', async () => {
  const latencyMs = { p50: 4, p75: 6, p90: 9, p95: 12.5, p99: 30, max: 80 }
  const all = { successPercent: 99.9, requestsPerSecond: 310, latencyMs }
  const report = { users: 10, interrupted: false, all, models: [{ model: 'films v2', responses: 100 }] }
  attachLoadTest({ dataDir, name: 'films', version: 2, report })
  const bounds = [
    '--guard',
    'p95LatencyMs <= 12.5',
    '--guard',
    'p99LatencyMs < 30',
    '--guard',
    'successPercent > 99',
  ]
  const decision = await decide(...bounds, '--dry-run')
  expect(met(decision)).toEqual([true, true, false, true])
  expect(await decide('--guard', 'p95LatencyMs <= 10%', '--dry-run')).toMatchObject({
    clauses: [{}, { met: false, found: expect.stringContaining('the champion has no load test attached') }],
  })
})

test('the policy of the data directory holds without flags; its clauses are kept and told again', async () => {
  const policy = { metric: 'mae', confidence: 0.9, mustBeat: ['bias'], guards: ['ndcg@5 >= 999'] }
  writeFileSync(join(dataDir, 'promotion-policy.json'), JSON.stringify(policy))
  const decision = await decide()
  expect(decision.outcome).toBe('refused')
  expect(decision.clauses.map(({ clause }) => clause)).toEqual([
    'mae better than the champion',
    '90 % interval of the gain in mae over the champion above zero',
    'mae better than user + item bias',
    '90 % interval of the gain in mae over user + item bias above zero',
    'ndcg@5 >= 999',
  ])
  expect(askRegistry(dataDir, (registry) => registry.history('films').at(-1)?.clauses)).toEqual(
    decision.clauses,
  )
  const { stdout } = await runCommand(ModelsHistory, ['--data-dir', dataDir, '--quiet'])
  expect(stdout).toMatch(/met: mae better than the champion: \d\.\d{5} against \d\.\d{5}, gain \d\.\d{5}/)
  expect(stdout).toMatch(/missed: ndcg@5 >= 999: 0\.\d+/)
  writeFileSync(join(dataDir, 'promotion-policy.json'), '{"gaurds": []}')
  const { stderr, exitCode } = await runCommand(Promote, [
    '--data-dir',
    dataDir,
    '--name',
    'films',
    '--quiet',
  ])
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('"gaurds"') })
})
