import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { expect, test } from 'vitest'
import Reproduce from '../../commands/reproduce.ts'
import type { AlgorithmName, Params } from '../../src/models/types.ts'
import { initTables } from '../../src/pipeline/init-tables.ts'
import type { ReproductionReport } from '../../src/pipeline/reproduce.ts'
import { train } from '../../src/pipeline/train.ts'
import { runCommand } from '../helpers/run-recsys.ts'
import { askRegistry, sampleLake } from '../helpers/sample-lake.ts'

const common = { seed: 7, split: 'random:0.2', name: 'films', k: 5, tags: {} }

function trainOn(dataDir: string, algorithm: AlgorithmName, params: Params, more = {}) {
  return train({ dataDir, ...common, algorithm, params, ...more })
}

async function reproduce(
  dataDir: string,
  ...flags: string[]
): Promise<{ exitCode: number; report: ReproductionReport }> {
  const { stdout, exitCode } = await runCommand(Reproduce, [
    '--data-dir',
    dataDir,
    '--name',
    'films',
    '--json',
    '--quiet',
    ...flags,
  ])
  const document = JSON.parse(stdout)
  return { exitCode, report: document.error?.data ?? document }
}

test('a version comes out in the same bytes with other threads, and after the lake has grown', async () => {
  const dataDir = await sampleLake()
  await trainOn(dataDir, 'svd', { solver: 'als', factors: 4, epochs: 4 }, { nThreads: 1 })
  await trainOn(dataDir, 'als', { factors: 8, epochs: 6 }, { patience: 1 })
  await initTables({ dataDir, mode: 'overwrite', seed: 9, users: 50, items: 30, interactions: 600 })
  const before = askRegistry(dataDir, (registry) => registry.runs().length)
  for (const version of ['v1', '2']) {
    const { exitCode, report } = await reproduce(dataDir, version, '--threads', '3')
    expect(exitCode).toBe(0)
    expect(report).toMatchObject({ identical: true, differences: [], environment: [], notes: [] })
    expect(report.files.map(({ name }) => name)).toEqual([
      'manifest.json',
      'users.arrow',
      'items.arrow',
      'model.arrow',
    ])
  }
  expect(askRegistry(dataDir, (registry) => registry.runs().length)).toBe(before)
})

test('a run that says another seed than it had comes out otherwise: exit 3, and what differs', async () => {
  const dataDir = await sampleLake()
  await trainOn(dataDir, 'svd', { solver: 'als', factors: 4, epochs: 4 })
  const db = new Sqlite(join(dataDir, 'registry.db'))
  db.exec("UPDATE runs SET seed = 8, program_version = '0.0.1'")
  db.close()
  const { exitCode, report } = await reproduce(dataDir, 'v1')
  expect(exitCode).toBe(3)
  expect(report.identical).toBe(false)
  const what = report.differences.map((difference) => difference.what)
  expect(what).toEqual(expect.arrayContaining(['seed', 'splitFingerprint', 'tensor userFactors']))
  expect(report.environment).toMatchObject([{ what: 'recsys', stored: '0.0.1' }])
  const { stdout, stderr } = await runCommand(Reproduce, [
    'v1',
    '--data-dir',
    dataDir,
    '--name',
    'films',
    '--quiet',
  ])
  expect(stdout).toContain('not identical')
  expect(stderr).toContain('RECSYS_NOT_REPRODUCED')
})

test('a run that is too old to say its patience is told so', async () => {
  const dataDir = await sampleLake()
  await trainOn(dataDir, 'popular', {})
  const db = new Sqlite(join(dataDir, 'registry.db'))
  db.exec('UPDATE runs SET job = NULL')
  db.close()
  expect((await reproduce(dataDir)).report).toMatchObject({
    identical: true,
    notes: [expect.stringContaining('too old')],
  })
})

test('stored files that were changed are named, not compared', async () => {
  const dataDir = await sampleLake()
  const { artifactPath } = await trainOn(dataDir, 'popular', {})
  const path = join(dataDir, artifactPath, 'items.arrow')
  const bytes = readFileSync(path)
  bytes[bytes.length >> 1] ^= 1
  writeFileSync(path, bytes)
  const { stdout, exitCode } = await runCommand(Reproduce, [
    '--data-dir',
    dataDir,
    '--name',
    'films',
    '--json',
  ])
  expect({ exitCode, code: JSON.parse(stdout).error.code }).toEqual({
    exitCode: 4,
    code: 'RECSYS_ARTIFACT_CORRUPT',
  })
})

test.each([
  [2, ['three'], 'expected a number from 1 up'],
  [4, ['v9'], 'no version 9'],
  [4, ['--stage', 'production'], 'no version in production'],
])('exit %i for %j', async (exitCode, flags, message) => {
  const dataDir = await sampleLake()
  await trainOn(dataDir, 'popular', {})
  const outcome = await runCommand(Reproduce, ['--data-dir', dataDir, '--name', 'films', ...flags])
  expect(outcome).toMatchObject({ exitCode, stdout: '', stderr: expect.stringContaining(message) })
})
