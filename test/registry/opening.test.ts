import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { beforeAll, expect, test } from 'vitest'
import { openRegistry } from '../../src/registry/registry.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'
import { opened, registerVersion, sampleRun, stageChange, temporaryRegistry } from './sample-registry.ts'

const modes = [{ readOnly: true }, { readOnly: false }]

let filled: Buffer

beforeAll(() => {
  const dataDir = mkdtempSync(join(tmpdir(), 'recsys-test-'))
  const registry = openRegistry(dataDir)
  for (let n = 0; n < 30; n++) registerVersion(registry)
  registry.changeStage(stageChange({ version: 7 }))
  registry.close()
  filled = readFileSync(join(dataDir, 'registry.db'))
  rmSync(dataDir, { recursive: true })
})

/** A registry with 30 versions, the seventh in production, closed: all of it is in registry.db. */
function filledRegistry(): { dataDir: string; path: string } {
  const dataDir = temporaryDirectory()
  const path = join(dataDir, 'registry.db')
  writeFileSync(path, filled)
  return { dataDir, path }
}

test('opening to write makes the directory and the registry, opening to read says that it is missing', () => {
  const dataDir = join(temporaryDirectory(), 'deeper', 'data')
  expect(() => openRegistry(dataDir, { readOnly: true })).toThrow(
    expect.objectContaining({ code: 'RECSYS_REGISTRY_MISSING', exitCode: 4 }),
  )
  expect(existsSync(dataDir)).toBe(false)
  opened(dataDir)
  expect(opened(dataDir, { readOnly: true }).runs()).toEqual([])
})

test('a registry whose creation was cut off counts as missing and is made good by the next writer', () => {
  const dataDir = temporaryDirectory()
  writeFileSync(join(dataDir, 'registry.db'), '')
  expect(() => openRegistry(dataDir, { readOnly: true })).toThrow(
    expect.objectContaining({ code: 'RECSYS_REGISTRY_MISSING' }),
  )
  opened(dataDir).createRun(sampleRun())
  expect(opened(dataDir, { readOnly: true }).runs()).toHaveLength(1)
})

test('the last commit survives the power going: WAL with full synchronisation', () => {
  const { dataDir } = temporaryRegistry()
  const db = new Sqlite(join(dataDir, 'registry.db'), { readonly: true })
  expect(db.pragma('journal_mode', { simple: true })).toBe('wal')
  db.close()
  expect(readFileSync(new URL('../../src/registry/database.ts', import.meta.url), 'utf8')).toContain(
    'synchronous = FULL',
  )
})

test.each(modes)('a file that is no database is named as corrupt, %j', ({ readOnly }) => {
  const dataDir = temporaryDirectory()
  writeFileSync(join(dataDir, 'registry.db'), 'user_id,item_id,rating\n'.repeat(100))
  expect(() => openRegistry(dataDir, { readOnly })).toThrow(
    expect.objectContaining({
      code: 'RECSYS_REGISTRY_CORRUPT',
      exitCode: 4,
      message: expect.stringContaining('registry.db'),
    }),
  )
})

test.each(modes)(
  'a truncated registry is named as corrupt, at the latest when it is read, %j',
  ({ readOnly }) => {
    for (const share of [0.1, 0.5, 0.9]) {
      const { dataDir, path } = filledRegistry()
      truncateSync(path, Math.floor(readFileSync(path).length * share))
      const use = () => {
        const registry = openRegistry(dataDir, { readOnly })
        try {
          return [registry.runs(), registry.versions(), registry.history()]
        } finally {
          registry.close()
        }
      }
      expect(use, `${share}`).toThrow(expect.objectContaining({ code: 'RECSYS_REGISTRY_CORRUPT' }))
    }
  },
)

test('pages of garbage are named as corrupt when they are read', () => {
  const { dataDir, path } = filledRegistry()
  const bytes = readFileSync(path)
  bytes.fill(0xa5, 4096)
  writeFileSync(path, bytes)
  expect(() => opened(dataDir, { readOnly: true }).versions()).toThrow(
    expect.objectContaining({ code: 'RECSYS_REGISTRY_CORRUPT' }),
  )
})

test.each(modes)('a registry of before held-out counts were written down is read, %j', ({ readOnly }) => {
  const { dataDir } = filledRegistryOfVersion(1)
  const [run] = opened(dataDir, { readOnly }).runs()
  expect(run).toMatchObject({ status: 'finished', heldOut: {} })
})

test.each(modes)('a registry of a newer recsys is refused and left as it is, %j', ({ readOnly }) => {
  const { dataDir, path } = filledRegistry()
  const db = new Sqlite(path)
  db.pragma('user_version = 99')
  db.close()
  const before = readFileSync(path)
  expect(() => openRegistry(dataDir, { readOnly })).toThrow(
    expect.objectContaining({
      code: 'RECSYS_REGISTRY_VERSION',
      message: expect.stringContaining('version 99, expected at most 6'),
      remedy: expect.stringContaining('newer'),
    }),
  )
  expect(readFileSync(path).equals(before)).toBe(true)
})

/** The filled registry as an older recsys would have written it. */
function filledRegistryOfVersion(version: 1 | 2): { dataDir: string; path: string } {
  const place = filledRegistry()
  const db = new Sqlite(place.path)
  if (version === 1) db.exec('ALTER TABLE runs DROP COLUMN held_out')
  db.exec(`
    DROP INDEX one_finished_run_a_key;
    DROP INDEX audit_by_key;
    DROP INDEX runs_by_start;
    DROP INDEX runs_running;
    ${['once_key', 'artifact_path', 'manifest_sha256', 'report'].map((name) => `ALTER TABLE runs DROP COLUMN ${name};`).join('')}
    ALTER TABLE audit DROP COLUMN once_key;
    ${['task_logs', 'task_attempts', 'task_runs', 'flow_runs', 'firings', 'schedules', 'deliveries', 'webhooks'].map((name) => `DROP TABLE ${name};`).join('')}
    DROP INDEX runs_by_parent;
    ALTER TABLE runs DROP COLUMN parent_run_id;
    ALTER TABLE runs DROP COLUMN job;
    ALTER TABLE audit DROP COLUMN clauses;
    DROP TABLE load_tests;
    DROP TABLE api_keys;
    DROP TABLE trials;
  `)
  db.pragma(`user_version = ${version}`)
  db.close()
  return place
}

test('a registry of an older recsys is read as it is, and brought up to date by the next writer', () => {
  const { dataDir, path } = filledRegistryOfVersion(2)
  const reader = opened(dataDir, { readOnly: true })
  expect(reader.runs({ limit: 1 })).toMatchObject([{ parentRunId: null, job: null }])
  expect(reader.history('films')).toMatchObject([{ version: 7, clauses: [] }])
  expect(reader.loadTest('films', 7)).toBeUndefined()
  expect(reader.apiKeys()).toEqual([])
  const writer = opened(dataDir)
  const figures = { p95LatencyMs: 12 }
  writer.attachLoadTest({ name: 'films', version: 7, figures, report: {} })
  expect(opened(dataDir, { readOnly: true }).loadTest('films', 7)?.figures).toEqual(figures)
  expect(writer.versions()).toHaveLength(30)
  const db = new Sqlite(path, { readonly: true })
  expect(db.pragma('user_version', { simple: true })).toBe(6)
  db.close()
})

test('a registry that somebody else holds is named as locked, exit code 5', () => {
  const { dataDir, path } = filledRegistry()
  const db = new Sqlite(path)
  db.pragma('locking_mode = EXCLUSIVE')
  db.exec('BEGIN EXCLUSIVE')
  try {
    for (const { readOnly } of modes) {
      expect(() => openRegistry(dataDir, { readOnly, busyTimeoutMs: 50 }).createRun(sampleRun())).toThrow(
        expect.objectContaining({ code: 'RECSYS_REGISTRY_LOCKED', exitCode: 5 }),
      )
    }
  } finally {
    db.close()
  }
})

test('a writer in the middle of a transaction does not keep readers waiting', () => {
  const { dataDir, path } = filledRegistry()
  const db = new Sqlite(path)
  db.exec('BEGIN IMMEDIATE')
  try {
    expect(opened(dataDir, { readOnly: true }).inStage('films', 'production')?.version).toBe(7)
  } finally {
    db.close()
  }
})

test('a connection for reading cannot write', () => {
  const { dataDir } = filledRegistry()
  expect(() => opened(dataDir, { readOnly: true }).createRun(sampleRun())).toThrow(
    expect.objectContaining({ code: 'RECSYS_DATA_DIR_UNWRITABLE' }),
  )
})

test.each(modes)('a directory in the place of the registry is named, %j', ({ readOnly }) => {
  const dataDir = temporaryDirectory()
  mkdirSync(join(dataDir, 'registry.db'))
  expect(() => openRegistry(dataDir, { readOnly })).toThrow(
    expect.objectContaining({
      code: 'RECSYS_REGISTRY_CORRUPT',
      message: expect.stringContaining('is not a file'),
    }),
  )
})

test('a data directory that is a file, or below one, is named', () => {
  const file = join(temporaryDirectory(), 'file')
  writeFileSync(file, '')
  for (const dataDir of [file, join(file, 'data')]) {
    expect(() => openRegistry(dataDir)).toThrow(
      expect.objectContaining({ code: 'RECSYS_DATA_DIR_UNWRITABLE' }),
    )
  }
})

test.skipIf(process.getuid?.() === 0)('a directory that may not be written to is named', () => {
  const { dataDir, path } = filledRegistry()
  chmodSync(path, 0o444)
  chmodSync(dataDir, 0o555)
  try {
    expect(() => openRegistry(dataDir)).toThrow(
      expect.objectContaining({ code: 'RECSYS_DATA_DIR_UNWRITABLE' }),
    )
  } finally {
    chmodSync(dataDir, 0o755)
  }
})

test.each(['file:x', ' leading space', 'ünï 🦊'])(
  'a data directory named %j is a directory like any other',
  (name) => {
    const parent = temporaryDirectory()
    const cwd = process.cwd()
    process.chdir(parent)
    try {
      opened(name).createRun(sampleRun())
      expect(readdirSync(parent)).toEqual([name])
      expect(readdirSync(join(parent, name))).toContain('registry.db')
    } finally {
      process.chdir(cwd)
    }
  },
)
