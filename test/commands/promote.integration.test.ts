import { expect, test } from 'vitest'
import { runRecsys } from '../helpers/run-recsys.ts'
import { askRegistry, sampleLake } from '../helpers/sample-lake.ts'

test('of two promotes at once one wins, the other is told, and one version is in production', async () => {
  const dataDir = await sampleLake()
  const recsys = (...args: string[]) => runRecsys([...args, '--data-dir', dataDir, '--json', '--quiet'])
  await recsys('train', '--algo', 'svd', '--factors', '8', '--epochs', '4')
  await recsys('train', '--algo', 'nmf', '--factors', '8', '--epochs', '4')
  const outcomes = await Promise.all([
    recsys('promote', '--version', '1', '--force'),
    recsys('promote', '--version', '2', '--force'),
  ])
  const [first, second] = outcomes.map(({ exitCode }) => exitCode).sort()
  expect(first).toBe(0)
  // Started a moment later, the other may also have seen the new champion and replaced it in turn.
  expect([0, 5]).toContain(second)
  const versions = askRegistry(dataDir, (registry) => registry.versions())
  expect(versions.filter(({ stage }) => stage === 'production')).toHaveLength(1)
  const promotions = askRegistry(dataDir, (registry) => registry.history())
  expect(promotions).toHaveLength(outcomes.filter(({ exitCode }) => exitCode === 0).length)
})
