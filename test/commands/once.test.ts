import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import Evaluate from '../../commands/evaluate.ts'
import Register from '../../commands/models/register.ts'
import Promote from '../../commands/promote.ts'
import Rollback from '../../commands/rollback.ts'
import Train from '../../commands/train.ts'
import { runCommand } from '../helpers/run-recsys.ts'
import { askRegistry, sampleLake } from '../helpers/sample-lake.ts'
import { interruptedTraining } from './interrupted-training.ts'

/** Commands in one data directory, with what they print. */
async function place() {
  const dataDir = await sampleLake()
  const run = async (command: unknown, ...args: string[]) => {
    const { stdout, exitCode } = await runCommand(command, [
      ...args,
      '--data-dir',
      dataDir,
      '--json',
      '--quiet',
    ])
    return { exitCode, document: JSON.parse(stdout) }
  }
  const train = (...args: string[]) =>
    run(
      Train,
      ...['--algo', 'svd', '--factors', '4', '--epochs', '30', '--burn-in', '5', '--threads', '1'],
      ...args,
    )
  return { dataDir, run, train }
}

test('a training that was asked for once is reported and not repeated', async () => {
  const { dataDir, train } = await place()
  const first = await train('--once', 'ci-7')
  const again = await train('--once', 'ci-7', '--seed', '9')
  expect(again).toEqual(first)
  expect(first.document).toMatchObject({ version: 1, artifactPath: expect.any(String) })
  expect((await train('--once', 'ci-8')).document.version).toBe(2)
  expect(askRegistry(dataDir, (registry) => registry.runs())).toHaveLength(2)
})

test('an interrupted training goes on from its checkpoint when it is asked for again, and anew where that is broken', async () => {
  const { dataDir, train } = await place()
  const whole = await train('--seed', '3')
  const killed = await interruptedTraining(dataDir, 'key-a', 3)
  const resumed = await train('--seed', '3', '--once', 'key-a')
  expect(resumed.document.runId).toBe(killed)
  expect(resumed.document.metrics).toEqual(whole.document.metrics)
  const broken = await interruptedTraining(dataDir, 'key-b', 3)
  const directory = join(dataDir, 'checkpoints', broken)
  for (const epoch of readdirSync(directory)) {
    for (const file of readdirSync(join(directory, epoch))) writeFileSync(join(directory, epoch, file), 'x')
  }
  const anew = await train('--seed', '3', '--once', 'key-b')
  expect(anew.document.runId).not.toBe(broken)
  expect(anew.document.metrics).toEqual(whole.document.metrics)
})

test('a model that is not registered is evaluated by its run, and registered later in the order that is named', async () => {
  const { dataDir, run, train } = await place()
  const [first, second] = [
    (await train('--no-register')).document,
    (await train('--no-register', '--seed', '2')).document,
  ]
  expect(first.version).toBeNull()
  expect(askRegistry(dataDir, (registry) => registry.versions())).toEqual([])
  const { document: evaluation } = await run(Evaluate, '--run', first.runId)
  expect(evaluation).toMatchObject({ version: null, runId: first.runId, stage: 'none' })
  expect(evaluation.metrics.rmse).toBeCloseTo(first.metrics.rmse, 9)
  const { document } = await run(Register, second.runId, first.runId)
  expect(
    document.versions.map(({ version, runId }: { version: number; runId: string }) => [version, runId]),
  ).toEqual([
    [1, second.runId],
    [2, first.runId],
  ])
  expect((await run(Register, first.runId)).document.versions).toMatchObject([{ version: 2 }])
  expect((await run(Register, first.runId, '--name', 'films')).document.error.code).toBe(
    'RECSYS_REGISTRY_CONFLICT',
  )
  const failed = askRegistry(dataDir, (registry) => {
    const id = registry.createRun({
      ...{ algorithm: 'svd', params: {}, seed: 1, split: 'hash:0.2', lakeVersion: 0, tags: {} },
      ...{ programVersion: '0', nodeVersion: '0' },
    })
    registry.endRun(id, 'failed', 'a test')
    return id
  })
  expect((await run(Register, failed)).document.error).toMatchObject({
    code: 'RECSYS_REGISTRY_CONFLICT',
    exitCode: 5,
  })
})

test('a decision that was asked for once is reported and not made anew, a refusal too', async () => {
  const { dataDir, run, train } = await place()
  await train()
  const first = await run(Promote, '--once', 'p1')
  expect(first.document.outcome).toBe('promoted')
  expect(await run(Promote, '--once', 'p1')).toEqual(first)
  await train()
  const refused = await run(Promote, '--once', 'p2')
  expect(refused.exitCode).toBe(3)
  expect(await run(Promote, '--once', 'p2')).toEqual(refused)
  expect(askRegistry(dataDir, (registry) => registry.history())).toHaveLength(2)
})

test('one promotion is taken back, once, and only while it stands', async () => {
  const { dataDir, run, train } = await place()
  await train()
  await run(Promote, '--once', 'p1', '--force')
  await train('--seed', '2')
  await run(Promote, '--once', 'p2', '--force')
  const inProduction = () =>
    askRegistry(dataDir, (registry) => registry.inStage('recommender', 'production')?.version)
  expect((await run(Rollback, '--of', 'nobody')).document).toMatchObject({ undone: null })
  expect((await run(Rollback, '--of', 'p1')).document.reason).toBe('v1 is not in production any more')
  expect((await run(Rollback, '--of', 'p2')).document.undone).toMatchObject({ version: 1, replaced: 2 })
  expect((await run(Rollback, '--of', 'p2')).document.undone).toBeNull()
  expect((await run(Rollback, '--of', 'p1')).document.reason).toContain(
    'first version in production and stays',
  )
  expect(inProduction()).toBe(1)
  expect(existsSync(join(dataDir, 'production.json'))).toBe(true)
})
