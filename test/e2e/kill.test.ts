import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { readArtifact } from '../../src/artifacts/artifact.ts'
import { openLake } from '../../src/lake/lake.ts'
import { openRegistry } from '../../src/registry/registry.ts'
import { runRecsys, spawnRecsys, temporaryDirectory } from '../helpers/run-recsys.ts'

/** RECSYS_E2E_ROUNDS=100 is the full loop. */
const nRounds = Number(process.env.RECSYS_E2E_ROUNDS ?? 9)

test('kill -9 at any moment of init-tables, train and promote leaves no half state', {
  timeout: 1_800_000,
}, async () => {
  const dataDir = temporaryDirectory()
  const recsys = (args: string[]) => runRecsys([...args, '--data-dir', dataDir, '--quiet'])
  const size = ['--users', '300', '--items', '100', '--interactions', '5000']
  const steps = [
    (round: number) => ['init-tables', '--overwrite', ...size, '--seed', String(round)],
    () => ['train', '--algo', 'svd', '--factors', '8', '--epochs', '5'],
    () => ['promote', '--force'],
  ]
  for (const args of [
    ['init-tables', ...size],
    ['train', '--algo', 'popular'],
    ['promote', '--force'],
  ]) {
    expect(await recsys(args)).toMatchObject({ exitCode: 0 })
  }
  const durationsMs: number[] = []
  for (const step of steps) durationsMs.push(await timed(() => recsys(step(0))))

  const tally = { killed: 0, finished: 0 }
  for (let round = 0; round < nRounds; round++) {
    const step = round % steps.length
    const killed = await killDuring(
      [...steps[step](round), '--data-dir', dataDir, '--quiet'],
      // Spread over the run by a golden-ratio sequence, so that no moment is left out.
      durationsMs[step] * ((0.11 + round * 0.618034) % 1),
    )
    tally[killed ? 'killed' : 'finished']++
    await expectWholeState(dataDir)
  }
  console.log(`kill -9: ${nRounds} rounds, ${tally.killed} killed before the end, no half state`)

  for (const step of steps) expect(await recsys(step(nRounds + 1))).toMatchObject({ exitCode: 0 })
  expect(tally.killed).toBeGreaterThan(0)
})

async function timed(work: () => Promise<{ exitCode: number }>): Promise<number> {
  const start = performance.now()
  expect(await work()).toMatchObject({ exitCode: 0 })
  return performance.now() - start
}

/** @returns true when the kill came before the end */
async function killDuring(args: readonly string[], delayMs: number): Promise<boolean> {
  const child = spawnRecsys(args)
  const exit = once(child, 'exit')
  await Promise.race([exit, after(delayMs)])
  child.kill('SIGKILL')
  const [, signal] = await exit
  return signal === 'SIGKILL'
}

/** Everything that is visible is whole: tables that belong together, artifacts that verify, one production. */
async function expectWholeState(dataDir: string): Promise<void> {
  const lake = await openLake(dataDir)
  const interactions = await lake.readInteractions()
  const itemIds = new Set((await lake.readItems()).map((item) => item.itemId))
  lake.close()
  expect(interactions.rating.length).toBeGreaterThan(4000)
  expect(interactions.itemIds.filter((itemId) => !itemIds.has(itemId))).toEqual([])

  const registry = openRegistry(dataDir, { readOnly: true })
  const versions = registry.versions()
  const running = registry.runs().filter((run) => run.status === 'running')
  registry.close()
  expect(running).toEqual([])
  expect(versions.filter(({ stage }) => stage === 'production')).toHaveLength(1)
  for (const { artifactPath, manifestSha256 } of versions) {
    await readArtifact(join(dataDir, artifactPath), { manifestSha256 })
  }
}
