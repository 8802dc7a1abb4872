import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { expect, test } from 'vitest'
import Gc from '../../commands/gc.ts'
import { openLake } from '../../src/lake/lake.ts'
import { initTables } from '../../src/pipeline/init-tables.ts'
import { train } from '../../src/pipeline/train.ts'
import { startTrial } from '../../src/pipeline/trials.ts'
import { openRegistry } from '../../src/registry/registry.ts'
import type { ModelVersion } from '../../src/registry/types.ts'
import { runCommand, temporaryDirectory } from '../helpers/run-recsys.ts'
import { askRegistry, sampleLake } from '../helpers/sample-lake.ts'
import { promote, register } from '../serving/registered.ts'

/** Ten versions, of which 2, 4 and 6 were in production one after the other, and 3 is on trial. */
async function tenVersions() {
  const dataDir = temporaryDirectory()
  const versions: ModelVersion[] = []
  for (let i = 0; i < 10; i++) versions.push(await register(dataDir, { nUsers: 3, nItems: 12, width: 2 }))
  for (const number of [2, 4, 6]) promote(dataDir, versions[number - 1]!)
  await startTrial({ dataDir, name: 'recommender', version: 3, mode: 'canary', share: 0.1, reason: 'test' })
  const files = () =>
    versions
      .filter(({ artifactPath }) => existsSync(join(dataDir, artifactPath)))
      .map(({ version }) => version)
  const gc = async (...args: string[]) => {
    const { stdout, exitCode } = await runCommand(Gc, ['--data-dir', dataDir, '--json', ...args])
    expect(exitCode).toBe(0)
    return JSON.parse(stdout) as {
      versions: { version: number }[]
      leftovers: { path: string }[]
      bytes: number
      deleted: boolean
    }
  }
  return { dataDir, files, gc }
}

test('keeps what production, staging, trials and rollbacks need, and the newest versions', async () => {
  const { dataDir, files, gc } = await tenVersions()
  const flags = ['--older-than', '0s', '--keep-newest', '2', '--keep-former', '1']
  const looked = await gc(...flags, '--dry-run')
  expect(looked).toMatchObject({ deleted: false })
  expect(looked.versions.map(({ version }) => version)).toEqual([1, 2, 5, 7, 8])
  expect(files()).toHaveLength(10)
  const deleted = await gc(...flags)
  expect(deleted.bytes).toBe(looked.bytes)
  expect(deleted.bytes).toBeGreaterThan(0)
  expect(files()).toEqual([3, 4, 6, 9, 10])
  const registry = openRegistry(dataDir)
  expect(registry.version('recommender', 5).stage).toBe('archived')
  expect(registry.inStage('recommender', 'production')?.version).toBe(6)
  registry.close()
  expect(await gc(...flags)).toMatchObject({ versions: [], leftovers: [] })
  expect(readdirSync(join(dataDir, 'artifacts')).filter((name) => name.startsWith('.'))).toEqual([])
})

test('deletes nothing that is young', async () => {
  const { files, gc } = await tenVersions()
  expect(await gc('--keep-newest', '0')).toMatchObject({ versions: [], leftovers: [], bytes: 0 })
  expect(files()).toHaveLength(10)
})

test('old artifacts and checkpoints of no version go, those of a running training stay', async () => {
  const { dataDir, gc } = await tenVersions()
  const registry = openRegistry(dataDir)
  const running = registry.createRun({
    ...{ algorithm: 'svd', params: {}, seed: 1, split: 'hash:0.2', lakeVersion: 0 },
    ...{ programVersion: '0.0.0', nodeVersion: process.version, tags: {} },
  })
  registry.close()
  const long = new Date(Date.now() - 90 * 86_400_000)
  for (const folder of [
    'artifacts/nobody',
    'checkpoints/nobody',
    `checkpoints/${running}`,
    'artifacts/young',
  ]) {
    mkdirSync(join(dataDir, folder), { recursive: true })
    writeFileSync(join(dataDir, folder, 'file'), 'x'.repeat(100))
    if (!folder.endsWith('young')) utimesSync(join(dataDir, folder), long, long)
  }
  const { leftovers } = await gc()
  expect(leftovers.map(({ path }) => path)).toEqual(
    ['artifacts/nobody', 'checkpoints/nobody'].map((folder) => join(dataDir, folder)),
  )
  expect(existsSync(join(dataDir, 'artifacts/nobody'))).toBe(false)
  expect(existsSync(join(dataDir, `checkpoints/${running}`))).toBe(true)
  expect(existsSync(join(dataDir, 'artifacts/young'))).toBe(true)
})

test('lake versions that a kept model was trained on stay readable, others lose their files', async () => {
  const dataDir = await sampleLake({ users: 40, items: 20, interactions: 300 })
  const job = {
    dataDir,
    algorithm: 'popular' as const,
    params: {},
    seed: 1,
    split: 'hash:0.2',
    name: 'recommender',
    k: 5,
    tags: {},
    nThreads: 1,
  }
  await train(job)
  await promote(
    dataDir,
    askRegistry(dataDir, (registry) => registry.version('recommender', 1)),
  )
  for (let seed = 2; seed <= 4; seed++) {
    await initTables({ dataDir, mode: 'overwrite', seed, users: 40, items: 20, interactions: 300 })
  }
  const long = new Date(Date.now() - 90 * 86_400_000)
  const files = () =>
    readdirSync(join(dataDir, 'lake/interactions')).filter((name) => name.endsWith('.parquet'))
  for (const name of files()) utimesSync(join(dataDir, 'lake/interactions', name), long, long)
  ageTombstones(dataDir)
  const before = files().length
  const { stdout } = await runCommand(Gc, ['--data-dir', dataDir, '--json', '--older-than', '24h'])
  const { lake } = JSON.parse(stdout) as { lake: { table: string; files: number }[] }
  expect(lake.find(({ table }) => table === 'interactions')).toMatchObject({ files: 2 })
  expect(files()).toHaveLength(before - 2)
  const opened = await openLake(dataDir)
  expect((await opened.readInteractions(0)).rating.length).toBe(300)
  expect((await opened.readInteractions(3)).rating.length).toBe(300)
  await expect(opened.readInteractions(1)).rejects.toMatchObject({ code: 'RECSYS_LAKE_CORRUPT' })
  opened.close()
})

/** As if the commits had been made three months ago. */
function ageTombstones(dataDir: string): void {
  const log = join(dataDir, 'lake/interactions/_delta_log')
  for (const name of readdirSync(log).filter((each) => each.endsWith('.json'))) {
    const text = readFileSync(join(log, name), 'utf8')
    writeFileSync(
      join(log, name),
      text.replaceAll(/"deletionTimestamp":\d+/g, `"deletionTimestamp":${Date.now() - 90 * 86_400_000}`),
    )
  }
}

test('old runs without a version and old flow runs go with their log lines, the newest and those with a version stay', async () => {
  const { dataDir, gc } = await tenVersions()
  const registry = openRegistry(dataDir)
  const run = {
    algorithm: 'svd',
    params: {},
    seed: 1,
    split: 'hash:0.2',
    lakeVersion: 0,
    programVersion: '0',
    nodeVersion: '0',
    tags: {},
  }
  const study = registry.createRun(run)
  const trial = registry.createRun({ ...run, parentRunId: study })
  registry.logEpoch(trial, 1, { loss: 1 })
  for (const id of [trial, study]) registry.endRun(id, 'failed', 'a test')
  const flows = [1, 2, 3].map(() => {
    const id = registry.createFlowRun({
      ...{
        flow: 'retrain',
        lock: null,
        plan: {},
        params: {},
        cause: 'test',
        parentFlowRunId: null,
        programVersion: '0',
      },
      tasks: [{ task: 'one' }],
    })
    registry.logLines(id, [
      { task: 'one', attempt: 1, at: '2020-01-01T00:00:00.000Z', stream: 'stdout', line: 'x' },
    ])
    registry.endFlowRun(id, 'succeeded', null)
    return id
  })
  const db = new Sqlite(join(dataDir, 'registry.db'))
  db.exec(
    "UPDATE runs SET started_at = '2020-01-01T00:00:00.000Z'; UPDATE flow_runs SET started_at = '2020-01-01T00:00:0' || substr(flow_run_id, 12, 1) || '.000Z'",
  )
  const recordsOf = async (...flags: string[]) =>
    ((await gc(...flags)) as unknown as { records: object }).records
  expect(await recordsOf('--keep-newest', '1', '--dry-run')).toMatchObject({ flowRuns: 2 })
  expect(await recordsOf('--keep-newest', '0', '--dry-run')).toEqual({ runs: 2, flowRuns: 3, news: 0 })
  expect(registry.runs({})).toHaveLength(12)
  await gc('--keep-newest', '1')
  expect(registry.flowRuns()).toHaveLength(1)
  expect(flows).toContain(registry.flowRuns()[0]!.flowRunId)
  expect(db.prepare('SELECT count(*) FROM task_logs').pluck().get()).toBe(1)
  await gc('--keep-newest', '0')
  expect(registry.runs({})).toHaveLength(10)
  expect(db.pragma('foreign_key_check')).toEqual([])
  db.close()
  registry.close()
})
