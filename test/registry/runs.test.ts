import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Sqlite from 'better-sqlite3'
import { expect, test } from 'vitest'
import { mayStillRun, ownIdentity } from '../../src/registry/process-identity.ts'
import { newRunId } from '../../src/registry/run-id.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'
import { opened, registerVersion, sampleManifest, sampleRun, temporaryRegistry } from './sample-registry.ts'

const writer = fileURLToPath(new URL('registry-writer.ts', import.meta.url))

test('run ids are 12 lower-case letters and digits that sort by time', () => {
  const ids = [0, 1, 60, 86_400, 4e9].map((seconds) => newRunId(new Date(seconds * 1000)))
  for (const id of ids) expect(id).toMatch(/^[0-9a-z]{12}$/)
  expect([...ids].sort()).toEqual(ids)
  expect(new Set(Array.from({ length: 1000 }, () => newRunId())).size).toBe(1000)
})

test('a run comes back with everything that was put in', () => {
  const { registry } = temporaryRegistry()
  const runId = registry.createRun(
    sampleRun({ tags: { ['__proto__']: 'x', 'a b': 'ü\n' }, seed: 4294967295 }),
  )
  expect(registry.run(runId)).toMatchObject({
    ...{ runId, status: 'running', finishedAt: null, splitFingerprint: null, error: null },
    ...{
      algorithm: 'svd',
      params: { factors: 8, reg: 0.1 },
      seed: 4294967295,
      split: 'hash:0.2',
      lakeVersion: 3,
    },
    ...{ metrics: {}, durationsMs: {}, programVersion: '0.1.0', nodeVersion: 'v26.0.0' },
  })
  expect(Object.entries(registry.run(runId).tags)).toEqual([
    ['__proto__', 'x'],
    ['a b', 'ü\n'],
  ])
  registry.logEpoch(runId, 1, { loss: 0.5, trainRmse: 1 })
  registry.logEpoch(runId, 2, { loss: 0.25 })
  expect(registry.epochs(runId)).toEqual([
    { epoch: 1, metric: 'loss', value: 0.5 },
    { epoch: 1, metric: 'trainRmse', value: 1 },
    { epoch: 2, metric: 'loss', value: 0.25 },
  ])
  const heldOut = { nHeldOutRows: 20, nColdUsers: 3 }
  const finished = { splitFingerprint: 'ff', heldOut, metrics: { rmse: 0.9 }, durationsMs: { fit: 10 } }
  expect(registry.finishRun(runId, finished)).toBeUndefined()
  expect(registry.run(runId)).toMatchObject({
    ...finished,
    status: 'finished',
    finishedAt: expect.any(String),
  })
})

test('a run registers the next version of its name', () => {
  const { registry } = temporaryRegistry()
  expect([registerVersion(registry), registerVersion(registry)].map(({ version }) => version)).toEqual([1, 2])
  const first = registry.version('films', 1)
  expect(registry.versionOfRun(first.runId)).toEqual(first)
  expect(first).toMatchObject({
    stage: 'none',
    algorithm: 'svd',
    metrics: { rmse: 0.9 },
    manifestSha256: sampleManifest,
  })
})

test('a run ends once', () => {
  const { registry } = temporaryRegistry()
  const finished = { splitFingerprint: 'ff', metrics: {}, durationsMs: {} }
  const artifact = { name: 'films', artifactPath: 'artifacts/x', manifestSha256: sampleManifest }
  const runId = registry.createRun(sampleRun())
  registry.endRun(runId, 'failed', 'no memory')
  expect(registry.run(runId)).toMatchObject({ status: 'failed', error: 'no memory' })
  const conflict = expect.objectContaining({ code: 'RECSYS_REGISTRY_CONFLICT' })
  expect(() => registry.endRun(runId, 'killed', 'again')).toThrow(conflict)
  expect(() => registry.finishRun(runId, finished, artifact)).toThrow(conflict)
  expect(registry.versions()).toEqual([])
})

test('a version that cannot be registered leaves its run unfinished: one transaction', () => {
  const { registry } = temporaryRegistry()
  const runId = registry.createRun(sampleRun())
  const finished = { splitFingerprint: 'ff', metrics: {}, durationsMs: {} }
  const artifact = { name: 'films', artifactPath: 'artifacts/x', manifestSha256: 'short' }
  expect(() => registry.finishRun(runId, finished, artifact)).toThrow('constraint')
  expect(registry.run(runId).status).toBe('running')
})

test('a run is found by a unique beginning of its id', () => {
  const { dataDir, registry } = temporaryRegistry()
  const db = new Sqlite(join(dataDir, 'registry.db'))
  for (const id of ['aaaa00000001', 'aaaa00000002', 'b%_000000003']) {
    registry.createRun(sampleRun())
    db.prepare(
      'UPDATE runs SET run_id = ? WHERE rowid = last_insert_rowid() OR rowid = (SELECT max(rowid) FROM runs)',
    ).run(id)
  }
  db.close()
  expect(registry.run('b').runId).toBe('b%_000000003')
  expect(registry.run('aaaa00000002').runId).toBe('aaaa00000002')
  for (const prefix of ['aaaa', '', '%', 'c', '__proto__', 'x'.repeat(10_000)]) {
    expect(() => registry.run(prefix), prefix.slice(0, 20)).toThrow(
      expect.objectContaining({ code: 'RECSYS_RUN_UNKNOWN', exitCode: 4 }),
    )
  }
})

test('runs are listed newest first and filtered', () => {
  const { registry } = temporaryRegistry()
  const ids = ['svd', 'nmf', 'svd'].map((algorithm) => registry.createRun(sampleRun({ algorithm })))
  registry.endRun(ids[0]!, 'killed', 'interrupted')
  expect(registry.runs()).toHaveLength(3)
  expect(registry.runs({ limit: 2 })).toHaveLength(2)
  expect(registry.runs({ algorithm: 'nmf' }).map(({ runId }) => runId)).toEqual([ids[1]])
  expect(registry.runs({ status: 'killed' }).map(({ runId }) => runId)).toEqual([ids[0]])
  expect(registry.runs({ algorithm: "' OR 1=1 --" })).toEqual([])
})

test('a run whose process was killed is shown as killed, and marked so by the next writer', () => {
  const dataDir = temporaryDirectory()
  const ended = spawnSync(process.execPath, [writer, 'die-while-running', dataDir], { encoding: 'utf8' })
  expect(ended.signal).toBe('SIGKILL')
  const runId = ended.stdout.trim()
  const reader = opened(dataDir, { readOnly: true })
  expect(reader.run(runId)).toMatchObject({
    status: 'killed',
    error: expect.stringContaining('process ended'),
  })
  expect(reader.run(runId).finishedAt).toBeNull()
  opened(dataDir)
  expect(reader.run(runId)).toMatchObject({ status: 'killed', finishedAt: expect.any(String) })
})

test('a run of this process, and one of another machine, is left alone', () => {
  const { dataDir, registry } = temporaryRegistry()
  const [own, foreign] = [registry.createRun(sampleRun()), registry.createRun(sampleRun())]
  const db = new Sqlite(join(dataDir, 'registry.db'))
  db.prepare('UPDATE runs SET process = ? WHERE run_id = ?').run('elsewhere 1 -', foreign)
  db.close()
  const other = opened(dataDir)
  expect([own, foreign].map((runId) => other.run(runId).status)).toEqual(['running', 'running'])
})

test('a later process of the same number is not the same process', () => {
  expect(mayStillRun(ownIdentity())).toBe(true)
  const [host, pid] = ownIdentity().split(' ')
  if (process.platform === 'linux') expect(mayStillRun(`${host} ${pid} 1`)).toBe(false)
  expect(mayStillRun(`${host} 999999999 -`)).toBe(false)
})
