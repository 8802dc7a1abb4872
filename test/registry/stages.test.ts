import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openRegistry } from '../../src/registry/registry.ts'
import type { Registry, Stage } from '../../src/registry/types.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'
import { opened, registerVersion, stageChange, temporaryRegistry } from './sample-registry.ts'

function stagesOf(registry: Registry): Stage[] {
  return registry.versions('films').map(({ stage }) => stage)
}

test('a promotion moves the version in, archives the one before and appends to the audit trail', () => {
  const { registry } = temporaryRegistry()
  for (let n = 0; n < 2; n++) registerVersion(registry)
  registry.changeStage(stageChange({ version: 1 }))
  const moved = registry.changeStage(
    stageChange({ version: 2, expectedPrevious: 1, action: 'force', reason: 'why not' }),
  )
  expect(moved).toMatchObject({ version: 2, stage: 'production' })
  expect(stagesOf(registry)).toEqual(['archived', 'production'])
  expect(registry.inStage('films', 'production')?.version).toBe(2)
  expect(registry.history('films')).toMatchObject([
    { id: 1, action: 'promote', stage: 'production', version: 1, previousVersion: null, reason: 'better' },
    { id: 2, action: 'force', version: 2, previousVersion: 1, figures: { metric: 'rmse', challenger: 0.9 } },
  ])
})

test('staging holds one version, and what leaves it is not archived', () => {
  const { registry } = temporaryRegistry()
  for (let n = 0; n < 2; n++) registerVersion(registry)
  registry.changeStage(stageChange({ version: 1, stage: 'staging' }))
  registry.changeStage(stageChange({ version: 2, stage: 'staging', expectedPrevious: 1 }))
  expect(stagesOf(registry)).toEqual(['none', 'staging'])
})

test('a decision against a version that is no longer there is a conflict and changes nothing', () => {
  const { registry } = temporaryRegistry()
  for (let n = 0; n < 3; n++) registerVersion(registry)
  registry.changeStage(stageChange({ version: 1 }))
  for (const expectedPrevious of [null, 3]) {
    expect(() => registry.changeStage(stageChange({ version: 2, expectedPrevious }))).toThrow(
      expect.objectContaining({
        code: 'RECSYS_REGISTRY_CONFLICT',
        message: expect.stringContaining('has v1 in production'),
      }),
    )
  }
  expect(stagesOf(registry)).toEqual(['production', 'none', 'none'])
  expect(registry.history()).toHaveLength(1)
})

test('production is never emptied or refilled with itself by a move of the version in it', () => {
  const { registry } = temporaryRegistry()
  registerVersion(registry)
  registry.changeStage(stageChange({ version: 1 }))
  const moves = [
    stageChange({ version: 1, stage: 'staging' }),
    stageChange({ version: 1, expectedPrevious: 1, action: 'force' }),
  ]
  for (const move of moves) {
    expect(() => registry.changeStage(move)).toThrow(
      expect.objectContaining({ code: 'RECSYS_REGISTRY_CONFLICT' }),
    )
  }
  expect(() => registry.archive('films', 1, 'old')).toThrow(
    expect.objectContaining({ code: 'RECSYS_REGISTRY_CONFLICT' }),
  )
  expect(stagesOf(registry)).toEqual(['production'])
  expect(registry.history()).toHaveLength(1)
})

test('a refusal is written down with its figures and moves nothing', () => {
  const { registry } = temporaryRegistry()
  registerVersion(registry)
  registry.recordRefusal({
    name: 'films',
    version: 1,
    stage: 'production',
    previous: null,
    reason: 'worse than popularity',
    figures: { metric: 'rmse', challenger: 0.99, popularity: 0.95 },
  })
  expect(stagesOf(registry)).toEqual(['none'])
  expect(registry.history()).toMatchObject([
    { action: 'refuse', version: 1, previousVersion: null, figures: { challenger: 0.99 } },
  ])
})

test('rollbacks go further back one by one, and a promotion after one starts from there', () => {
  const { registry } = temporaryRegistry()
  for (let n = 0; n < 4; n++) registerVersion(registry)
  const present = () => registry.inStage('films', 'production')?.version ?? null
  const promote = (version: number) =>
    registry.changeStage(stageChange({ version, expectedPrevious: present() }))
  const rollback = () => {
    const { version } = registry.previousProduction('films')!
    registry.changeStage(stageChange({ version, expectedPrevious: present(), action: 'rollback' }))
    return version
  }
  expect(registry.previousProduction('films')).toBeUndefined()
  for (const version of [1, 2, 3]) promote(version)
  expect([rollback(), rollback()]).toEqual([2, 1])
  expect(registry.previousProduction('films')).toBeUndefined()
  promote(4)
  expect(rollback()).toBe(1)
  for (const version of [2, 1]) promote(version)
  expect([rollback(), rollback()]).toEqual([2, 1])
})

test('names do not see each other', () => {
  const { registry } = temporaryRegistry()
  expect(registerVersion(registry).version).toBe(1)
  expect(registerVersion(registry, { name: 'books' }).version).toBe(1)
  registry.changeStage(stageChange({ version: 1 }))
  registry.changeStage(stageChange({ version: 1, name: 'books' }))
  expect(registry.history('books')).toHaveLength(1)
  expect(registry.history()).toHaveLength(2)
  expect(registry.versions().map(({ name, stage }) => [name, stage])).toEqual([
    ['books', 'production'],
    ['films', 'production'],
  ])
  expect(registry.previousProduction('books')).toBeUndefined()
})

test('the audit trail cannot be changed or shortened, and SQLite itself holds stages to one version', () => {
  const { dataDir, registry } = temporaryRegistry()
  for (let n = 0; n < 2; n++) registerVersion(registry)
  registry.changeStage(stageChange({ version: 1 }))
  const db = new Sqlite(join(dataDir, 'registry.db'))
  try {
    expect(() => db.exec("UPDATE audit SET reason = 'never happened'")).toThrow('append-only')
    expect(() => db.exec('DELETE FROM audit')).toThrow('append-only')
    for (const stage of ['production', 'prod']) {
      expect(() => db.prepare('UPDATE versions SET stage = ? WHERE version = 2').run(stage)).toThrow(
        'constraint failed',
      )
    }
  } finally {
    db.close()
  }
})

test.each([
  '../x',
  '',
  '.',
  '..',
  '__proto__',
  '/etc',
  'a/b',
  'a\\b',
  'a\0b',
  'ü',
  ' a',
  '-v',
  'x'.repeat(65),
  'y'.repeat(10_000),
])('the name %j is refused wherever it is given', (name) => {
  const { registry } = temporaryRegistry()
  const refused = expect.objectContaining({ code: 'RECSYS_USAGE', field: 'name' })
  expect(() => registerVersion(registry, { name })).toThrow(refused)
  expect(() => registry.versions(name)).toThrow(refused)
  expect(() => registry.version(name, 1)).toThrow(refused)
  expect(() => registry.inStage(name, 'production')).toThrow(refused)
  expect(() => registry.history(name)).toThrow(refused)
  expect(() => registry.changeStage(stageChange({ name, version: 1 }))).toThrow(refused)
  expect(registry.versions()).toEqual([])
})

test.each(['a', 'films', 'Films-2.1_b', '0', 'constructor', 'x'.repeat(64)])(
  'the name %j is good',
  (name) => {
    const { registry } = temporaryRegistry()
    expect(registerVersion(registry, { name })).toMatchObject({ name, version: 1 })
  },
)

type Move =
  | { readonly kind: 'register' }
  | {
      readonly kind: 'move'
      readonly version: number
      readonly stage: 'staging' | 'production'
      readonly stale: boolean
    }
  | { readonly kind: 'rollback' }
  | { readonly kind: 'archive'; readonly version: number }
  | { readonly kind: 'refuse'; readonly version: number }

const anyVersion = fc.integer({ min: 1, max: 5 })
const anyMove: fc.Arbitrary<Move> = fc.oneof(
  fc.record({ kind: fc.constant('register' as const) }),
  fc.record({
    kind: fc.constant('move' as const),
    version: anyVersion,
    stage: fc.constantFrom('staging' as const, 'production' as const),
    stale: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('rollback' as const) }),
  fc.record({ kind: fc.constant('archive' as const), version: anyVersion }),
  fc.record({ kind: fc.constant('refuse' as const), version: anyVersion }),
)

/** What the registry should do, told with two arrays. */
class NaiveRegistry {
  readonly stages: Stage[] = []
  readonly reigns: number[] = []
  nAudit = 0

  versionIn(stage: Stage): number | null {
    const at = this.stages.indexOf(stage)
    return at < 0 ? null : at + 1
  }

  /** True when it may happen. */
  apply(move: Move): boolean {
    if (move.kind === 'register') {
      this.stages.push('none')
      return true
    }
    if (move.kind === 'rollback') return this.rollback()
    const stage = this.stages[move.version - 1]
    if (stage === undefined) return false
    if (move.kind === 'refuse') return this.noted()
    if (move.kind === 'archive') {
      if (stage === 'production') return false
      this.stages[move.version - 1] = 'archived'
      return this.noted()
    }
    if (move.stale || stage === move.stage || stage === 'production') return false
    if (move.stage === 'production') this.reigns.push(move.version)
    return this.put(move.version, move.stage)
  }

  private rollback(): boolean {
    const previous = this.reigns.at(-2)
    if (previous === undefined) return false
    this.reigns.pop()
    return this.put(previous, 'production')
  }

  private put(version: number, stage: 'staging' | 'production'): boolean {
    const there = this.versionIn(stage)
    if (there !== null) this.stages[there - 1] = stage === 'production' ? 'archived' : 'none'
    this.stages[version - 1] = stage
    return this.noted()
  }

  private noted(): boolean {
    this.nAudit++
    return true
  }
}

function applyTo(registry: Registry, move: Move): boolean {
  try {
    perform(registry, move)
    return true
  } catch (error) {
    expect(error).toMatchObject({
      code: expect.stringMatching(/^RECSYS_(REGISTRY_CONFLICT|VERSION_UNKNOWN)$/),
    })
    return false
  }
}

function perform(registry: Registry, move: Move): void {
  const present = (stage: 'staging' | 'production') => registry.inStage('films', stage)?.version ?? null
  if (move.kind === 'register') registerVersion(registry)
  else if (move.kind === 'archive') registry.archive('films', move.version, 'old')
  else if (move.kind === 'refuse') {
    const { reason, figures } = stageChange({ version: 1 })
    registry.recordRefusal({
      name: 'films',
      version: move.version,
      stage: 'production',
      previous: null,
      reason,
      figures,
    })
  } else if (move.kind === 'move') {
    const expectedPrevious = move.stale ? 99 : present(move.stage)
    registry.changeStage(stageChange({ version: move.version, stage: move.stage, expectedPrevious }))
  } else {
    const version = registry.previousProduction('films')?.version ?? 99
    registry.changeStage(
      stageChange({ version, expectedPrevious: present('production'), action: 'rollback' }),
    )
  }
}

test('any sequence of moves does what a naive model says, and never leaves two versions in a stage', () => {
  fc.assert(
    fc.property(fc.array(anyMove, { maxLength: 20 }), (moves) => {
      const registry = openRegistry(temporaryDirectory())
      const naive = new NaiveRegistry()
      try {
        for (const move of moves) {
          expect(applyTo(registry, move), JSON.stringify(move)).toBe(naive.apply(move))
          expect(stagesOf(registry)).toEqual(naive.stages)
          expect(registry.previousProduction('films')?.version).toBe(naive.reigns.at(-2))
          expect(registry.history()).toHaveLength(naive.nAudit)
        }
      } finally {
        registry.close()
      }
    }),
    { numRuns: 25 },
  )
})

test('of two connections that decide at once one wins and the other gets a conflict', () => {
  const { dataDir, registry } = temporaryRegistry()
  for (let n = 0; n < 3; n++) registerVersion(registry)
  registry.changeStage(stageChange({ version: 1 }))
  const other = opened(dataDir)
  const [one, two] = [registry, other].map((each) => each.inStage('films', 'production')!.version)
  registry.changeStage(stageChange({ version: 2, expectedPrevious: one! }))
  expect(() => other.changeStage(stageChange({ version: 3, expectedPrevious: two! }))).toThrow(
    expect.objectContaining({ code: 'RECSYS_REGISTRY_CONFLICT', exitCode: 5 }),
  )
  expect(stagesOf(other)).toEqual(['archived', 'production', 'none'])
})
