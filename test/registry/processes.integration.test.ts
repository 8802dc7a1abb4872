import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import Sqlite from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { openRegistry } from '../../src/registry/registry.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'
import { registerVersion } from './sample-registry.ts'

const writer = fileURLToPath(new URL('registry-writer.ts', import.meta.url))

interface Writer {
  readonly child: ChildProcess
  /** The next line that it says; undefined at its end. */
  line(): Promise<string | undefined>
}

function startWriter(...args: readonly string[]): Writer {
  const child = spawn(process.execPath, [writer, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
  return { child, line: async () => (await lines.next()).value }
}

/** Starts the task in n processes and lets all of them go at the same moment. */
async function raceOf(argsOf: readonly (readonly string[])[]): Promise<(string | undefined)[]> {
  const writers = argsOf.map((args) => startWriter(...args))
  for (const each of writers) expect(await each.line()).toBe('ready')
  for (const { child } of writers) child.stdin!.write('go\n')
  return Promise.all(writers.map((each) => each.line()))
}

/** What must hold of a registry at any moment. */
function expectWhole(dataDir: string): void {
  const db = new Sqlite(join(dataDir, 'registry.db'))
  try {
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
    expect(db.pragma('foreign_key_check')).toEqual([])
    const unfinished = "SELECT count(*) FROM versions JOIN runs USING (run_id) WHERE status <> 'finished'"
    expect(db.prepare(unfinished).pluck().get()).toBe(0)
  } finally {
    db.close()
  }
  const registry = openRegistry(dataDir)
  try {
    const moves = registry.history('films').filter(({ action }) => action !== 'refuse')
    const inProduction = registry.versions('films').filter(({ stage }) => stage === 'production')
    expect(inProduction.map(({ version }) => version)).toEqual(moves.slice(-1).map(({ version }) => version))
    // Each move names the one before it: the trail has no gap.
    expect(moves.map(({ previousVersion }) => previousVersion)).toEqual(
      [null, ...moves.map(({ version }) => version)].slice(0, moves.length),
    )
    expect(registry.versions('films').map(({ version }) => version)).toEqual(
      registry.versions('films').map((_, at) => at + 1),
    )
    expect(registry.runs({ status: 'running' })).toEqual([])
  } finally {
    registry.close()
  }
}

test('a writer killed at any moment leaves a whole registry with a whole audit trail', async () => {
  const dataDir = temporaryDirectory()
  for (let round = 0; round < 12; round++) {
    const { child, line } = startWriter('write-for-ever', dataDir)
    // Each round is cut off after another transaction.
    for (let said = 0; said < 3 + round * 5; said++) expect(await line()).toBeDefined()
    child.kill('SIGKILL')
    await once(child, 'exit')
    expectWhole(dataDir)
  }
  const registry = openRegistry(dataDir, { readOnly: true })
  expect(registry.history().length).toBeGreaterThan(20)
  registry.close()
})

test('of many processes that promote at once one wins and the others get a conflict', async () => {
  const dataDir = temporaryDirectory()
  const registry = openRegistry(dataDir)
  for (let n = 0; n < 4; n++) registerVersion(registry)
  registry.close()
  const outcomes = await raceOf([1, 2, 3, 4].map((version) => ['promote-once', dataDir, String(version)]))
  expect([...outcomes].sort()).toEqual([...Array(3).fill('RECSYS_REGISTRY_CONFLICT'), 'done'])
  expectWhole(dataDir)
})

test('processes that open a new registry at once all get it', async () => {
  for (let round = 0; round < 3; round++) {
    const dataDir = join(temporaryDirectory(), 'new')
    const outcomes = await raceOf(Array(4).fill(['open-once', dataDir]))
    expect(outcomes).toEqual(Array(4).fill('done'))
    const registry = openRegistry(dataDir, { readOnly: true })
    expect(registry.runs()).toHaveLength(4)
    registry.close()
  }
})
