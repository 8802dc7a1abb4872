import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import History from '../../commands/models/history.ts'
import List from '../../commands/models/list.ts'
import Show from '../../commands/models/show.ts'
import { writeArtifact } from '../../src/artifacts/artifact.ts'
import { openRegistry } from '../../src/registry/registry.ts'
import type { Registry } from '../../src/registry/types.ts'
import { sampleArtifact } from '../artifacts/sample-artifact.ts'
import { runCommand, temporaryDirectory } from '../helpers/run-recsys.ts'
import { registerVersion, sampleRun, stageChange } from '../registry/sample-registry.ts'

/** A data directory whose registry was written by `write`. */
function registryOf(write: (registry: Registry) => void): string {
  const dataDir = temporaryDirectory()
  const registry = openRegistry(dataDir)
  try {
    write(registry)
  } finally {
    registry.close()
  }
  return dataDir
}

/** v1 promoted, v2 refused, then forced, then rolled back; v3 in staging. */
function story(registry: Registry): void {
  for (const rmse of [0.91, 0.95, 0.9]) registerVersion(registry, { name: 'recommender', rmse })
  const change = (version: number) => stageChange({ name: 'recommender', version })
  registry.changeStage({ ...change(1), reason: 'rmse 0.04 better than popularity' })
  registry.recordRefusal({
    ...{ name: 'recommender', version: 2, stage: 'production', previous: 1, reason: 'rmse 0.04 worse' },
    figures: {
      metric: 'rmse',
      challenger: 0.95,
      champion: 0.91,
      gain: -0.040000001,
      note: 'it may have peeked',
    },
  })
  registry.changeStage({ ...change(2), action: 'force', expectedPrevious: 1, reason: 'the boss said so' })
  registry.changeStage({
    ...change(1),
    action: 'rollback',
    expectedPrevious: 2,
    reason: 'clicks\u001b[2J fell',
    figures: {},
  })
  registry.changeStage({ ...change(3), stage: 'staging' })
}

async function run(command: unknown, dataDir: string, ...args: string[]) {
  const outcome = await runCommand(command, [...args, '--data-dir', dataDir])
  return { ...outcome, json: () => JSON.parse(outcome.stdout) }
}

test('models list shows versions newest first with stage and metrics, and filters', async () => {
  const dataDir = registryOf((registry) => {
    story(registry)
    registerVersion(registry, { name: 'books' })
  })
  const { stdout, exitCode } = await run(List, dataDir)
  expect(exitCode).toBe(0)
  const rows = stdout.split('\n').filter((line) => line.includes('svd'))
  expect(
    rows.map((row) =>
      row
        .split('│')
        .slice(1, 4)
        .map((cell) => cell.trim()),
    ),
  ).toEqual([
    ['books', 'v1', '-'],
    ['recommender', 'v3', 'staging'],
    ['recommender', 'v2', 'archived'],
    ['recommender', 'v1', 'production'],
  ])
  expect(stdout).toContain('0.9500')
  const { json } = await run(List, dataDir, '--json', '--name', 'recommender', '--stage', 'production')
  expect(json()).toEqual({
    versions: [expect.objectContaining({ name: 'recommender', version: 1, stage: 'production' })],
  })
  expect((await run(List, dataDir, '--name', 'films')).stdout).toContain('No versions.')
})

test('models show tells where a version came from, what happened to it and that its files are sound', async () => {
  const dataDir = temporaryDirectory()
  const artifact = await writeArtifact(join(dataDir, 'artifacts', 'one'), sampleArtifact())
  const registry = openRegistry(dataDir)
  const runId = registry.createRun(sampleRun())
  const finished = { splitFingerprint: 'f'.repeat(64), metrics: { rmse: 0.91 }, durationsMs: {} }
  const { manifestSha256, sizeBytes } = artifact
  registry.finishRun(runId, finished, { name: 'recommender', artifactPath: 'artifacts/one', manifestSha256 })
  registry.changeStage(stageChange({ name: 'recommender', version: 1, reason: 'better than popularity' }))
  registry.close()

  for (const args of [[], ['1'], ['v1'], ['--stage', 'production']]) {
    const { json, exitCode } = await run(Show, dataDir, '--json', ...args)
    expect(exitCode).toBe(0)
    expect(json()).toMatchObject({
      version: { version: 1, runId, stage: 'production' },
      run: { runId, params: { factors: 8 } },
      artifact: { state: 'sound', sizeBytes, problem: null },
      history: [{ action: 'promote', version: 1 }],
    })
  }
  const { stdout } = await run(Show, dataDir)
  expect(stdout).toMatch(/artifact.*checksums right/)
  expect(stdout).toContain('better than popularity')

  writeFileSync(join(dataDir, 'artifacts', 'one', 'model.arrow'), 'rubbish')
  const damaged = await run(Show, dataDir, '--json')
  expect(damaged).toMatchObject({ exitCode: 0 })
  expect(damaged.json().artifact).toMatchObject({
    state: 'damaged',
    problem: { code: 'RECSYS_ARTIFACT_CORRUPT' },
  })
  expect((await run(Show, dataDir)).stdout).toContain('damaged: RECSYS_ARTIFACT_CORRUPT')
})

test.each([
  [['v9'], 'RECSYS_VERSION_UNKNOWN', 4],
  [['abc'], 'RECSYS_USAGE', 2],
  [['0'], 'RECSYS_USAGE', 2],
  [['--stage', 'staging', '--name', 'films'], 'RECSYS_VERSION_UNKNOWN', 4],
  [['--name', '../x'], 'RECSYS_USAGE', 2],
  [['--name', '__proto__'], 'RECSYS_USAGE', 2],
  [['--name', 'x'.repeat(10_000)], 'RECSYS_USAGE', 2],
])('models show %j gives %s and exit code %i', async (args, code, expected) => {
  const { stderr, exitCode } = await run(Show, registryOf(story), ...args)
  expect(stderr).toContain(code)
  expect(stderr.length).toBeLessThan(500)
  expect(exitCode).toBe(expected)
})

test('models history tells who was in production when, every refusal with its numbers, every force and rollback', async () => {
  const dataDir = registryOf(story)
  const { stdout } = await run(History, dataDir)
  const lines = stdout.split('\n')
  const at = (text: string) => lines.findIndex((line) => line.includes(text))
  const events = [
    'recommender v1 went to production',
    'recommender v2 was refused for production; v1 stayed',
    'metric=rmse challenger=0.95 champion=0.91 gain=-0.04',
    'Note: it may have peeked',
    'recommender v2 was forced to production in place of v1',
    'the boss said so',
    'recommender v1 came back to production in place of v2',
    'recommender v3 went to staging',
  ].map(at)
  expect(events.every((line) => line >= 0)).toBe(true)
  expect(events).toEqual([...events].sort((a, b) => a - b))
  expect(stdout).toContain('in production')
  expect(stdout).not.toContain('\u001b[2J')

  const { entries, production } = (await run(History, dataDir, '--json')).json()
  expect(entries.map(({ action }: { action: string }) => action)).toEqual([
    'promote',
    'refuse',
    'force',
    'rollback',
    'promote',
  ])
  expect(entries[1].figures).toEqual({
    metric: 'rmse',
    challenger: 0.95,
    champion: 0.91,
    gain: -0.040000001,
    note: 'it may have peeked',
  })
  expect(production).toMatchObject([
    { version: 1, cameBy: 'promote', to: entries[2].at },
    { version: 2, cameBy: 'force', from: entries[2].at, to: entries[3].at },
    { version: 1, cameBy: 'rollback', to: null },
  ])
})

test('models history of a registry without promotions says so', async () => {
  const dataDir = registryOf((registry) => void registerVersion(registry))
  expect((await run(History, dataDir)).stdout).toContain('Nothing has been promoted')
  expect((await run(History, dataDir, '--json')).json()).toEqual({ entries: [], production: [] })
  const refusedOnly = registryOf((registry) => {
    registerVersion(registry)
    const { reason, figures } = stageChange({ version: 1 })
    registry.recordRefusal({
      name: 'films',
      version: 1,
      stage: 'production',
      previous: null,
      reason,
      figures,
    })
    registry.archive('films', 1, 'too old')
  })
  const { stdout } = await run(History, refusedOnly)
  expect(stdout).toContain('Nothing has been in production yet')
  expect(stdout).toContain('films v1 was archived')
})

test.each([List, Show, History])(
  'without a registry the command says to train first, exit code 4, and makes nothing',
  async (command) => {
    const dataDir = join(temporaryDirectory(), 'nowhere')
    const { stderr, exitCode } = await run(command, dataDir)
    expect(stderr).toMatch(/RECSYS_REGISTRY_MISSING.*\n.*recsys train/)
    expect(exitCode).toBe(4)
  },
)
