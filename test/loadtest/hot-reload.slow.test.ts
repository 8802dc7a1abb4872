import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { defaultGoals } from '../../src/loadtest/goals.ts'
import { runLoadTest } from '../../src/loadtest/load-test.ts'
import { readPopulation } from '../../src/pipeline/population.ts'
import { runRecsys, spawnRecsys, temporaryDirectory } from '../helpers/run-recsys.ts'

const nChanges = 20
const runTimeMs = 60_000

test('under 100 users for a minute, 20 promotes and rollbacks fail no request and mix no versions', async () => {
  const env = { RECSYS_DATA_DIR: temporaryDirectory() }
  await recsys(env, 'init-tables')
  await recsys(env, 'train', '--algo', 'svd')
  await recsys(env, 'train', '--algo', 'nmf')
  await recsys(env, 'promote', '--version', '1', '--force')
  const { url, stop } = await serve(env)
  const changes = changeOver(env)
  const report = await runLoadTest({
    url,
    allowedHosts: [],
    users: 100,
    spawnRate: 50,
    runTimeMs,
    waitMs: [100, 500],
    timeoutMs: 5000,
    k: 10,
    seed: 1,
    goals: defaultGoals,
    population: await readPopulation(env.RECSYS_DATA_DIR, 10_000),
  })
  await changes
  expect(await stop()).toBe(0)
  process.stderr.write(`${JSON.stringify({ all: report.all, models: report.models })}\n`)
  expect(report.failures).toEqual([])
  expect(report.models.map(({ model }) => model).sort()).toEqual(['recommender v1', 'recommender v2'])
  expect(report.goals).toEqual(report.goals.map((goal) => ({ ...goal, met: true })))
})

async function recsys(env: Record<string, string>, ...args: string[]): Promise<void> {
  const outcome = await runRecsys([...args, '--quiet'], env)
  expect({ args, exitCode: outcome.exitCode, stderr: outcome.stderr }).toEqual({
    args,
    exitCode: 0,
    stderr: '',
  })
}

/** A promote and a rollback by turns, spread over the load. */
async function changeOver(env: Record<string, string>): Promise<void> {
  const startedAtMs = performance.now()
  for (let change = 1; change <= nChanges; change++) {
    const dueMs = startedAtMs + (change * runTimeMs) / (nChanges + 1)
    await pause(Math.max(0, dueMs - performance.now()))
    await (change % 2 ? recsys(env, 'promote', '--version', '2', '--force') : recsys(env, 'rollback'))
  }
}

async function serve(env: Record<string, string>) {
  const child = spawnRecsys(['serve', '--port', '0', '--json', '--log-level', 'warn'], env)
  onTestFinished(() => void child.kill('SIGKILL'))
  child.stderr?.pipe(process.stderr)
  let document = ''
  for await (const line of createInterface({ input: child.stdout! })) {
    document += line
    if (line === '}') break
  }
  const stop = async () => {
    child.kill('SIGTERM')
    return (await once(child, 'exit'))[0]
  }
  return { url: (JSON.parse(document) as { url: string }).url, stop }
}
