import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { initTables } from '../../src/pipeline/init-tables.ts'
import { type PromoteOptions, promote } from '../../src/pipeline/promote.ts'
import { rollback } from '../../src/pipeline/rollback.ts'
import { train } from '../../src/pipeline/train.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'
import { askRegistry } from '../helpers/sample-lake.ts'

let trained: string

/** v1 is a factorisation, v2 a weaker one; trained once, copied for every test. */
beforeAll(async () => {
  trained = mkdtempSync(join(tmpdir(), 'recsys-test-'))
  await initTables({ dataDir: trained, mode: 'create', seed: 1, users: 120, items: 60, interactions: 2500 })
  const common = { dataDir: trained, seed: 42, split: 'hash:0.2', name: 'films', k: 10, tags: {} }
  await train({ ...common, algorithm: 'svd', params: { factors: 8, epochs: 8 } })
  await train({ ...common, algorithm: 'nmf', params: { factors: 1, epochs: 1, reg: 10 } })
})
afterAll(() => rmSync(trained, { recursive: true, force: true }))

function trainedCopy(): string {
  const dataDir = join(temporaryDirectory(), 'data')
  cpSync(trained, dataDir, { recursive: true })
  return dataDir
}

function options(dataDir: string, changes: Partial<PromoteOptions> = {}): PromoteOptions {
  const common = {
    name: 'films',
    stage: 'production',
    policy: {},
    force: false,
    dryRun: false,
  } as const
  return { dataDir, ...common, ...changes }
}

const stages = (dataDir: string) =>
  askRegistry(dataDir, (registry) => registry.versions('films').map(({ stage }) => stage))
const lastEntry = (dataDir: string) => askRegistry(dataDir, (registry) => registry.history().at(-1))

function damage(dataDir: string, version: number): void {
  const { artifactPath } = askRegistry(dataDir, (registry) => registry.version('films', version))
  const path = join(dataDir, artifactPath, 'users.arrow')
  const bytes = readFileSync(path)
  bytes[bytes.length >> 1]! ^= 1
  writeFileSync(path, bytes)
}

test('neither promote nor rollback makes a registry where there is none', async () => {
  const dataDir = join(temporaryDirectory(), 'typo')
  const missing = { code: 'RECSYS_REGISTRY_MISSING', exitCode: 4 }
  await expect(promote(options(dataDir))).rejects.toMatchObject(missing)
  await expect(promote(options(dataDir, { dryRun: true }))).rejects.toMatchObject(missing)
  await expect(rollback({ dataDir, name: 'films', reason: 'typo' })).rejects.toMatchObject(missing)
  expect(existsSync(dataDir)).toBe(false)
})

test('what is in production never moves to staging, named or found', async () => {
  const dataDir = trainedCopy()
  await promote(options(dataDir))
  const toStaging = options(dataDir, { stage: 'staging', force: true })
  await expect(promote({ ...toStaging, version: 1 })).rejects.toMatchObject({
    code: 'RECSYS_PROMOTION_REFUSED',
    exitCode: 3,
    message: 'films v1 is in production already',
  })
  expect(await promote(toStaging)).toMatchObject({ challenger: { version: 2 }, stage: 'staging' })
  expect(stages(dataDir)).toEqual(['production', 'staging'])
  await expect(promote(toStaging)).rejects.toMatchObject({
    code: 'RECSYS_PROMOTION_REFUSED',
    message: 'films has no version newer than v2 in staging',
  })
})

test('a broken champion needs force, and what replaces it counts as forced however good it is', async () => {
  const dataDir = trainedCopy()
  await promote(options(dataDir, { version: 2, force: true }))
  damage(dataDir, 2)
  const challenge = options(dataDir, { version: 1 })
  await expect(promote(challenge)).rejects.toMatchObject({
    code: 'RECSYS_ARTIFACT_CORRUPT',
    exitCode: 4,
    message: expect.stringContaining('the champion films v2 cannot be read'),
    remedy: expect.stringContaining('--force'),
  })
  expect(stages(dataDir)).toEqual(['none', 'production'])
  expect(await promote({ ...challenge, force: true })).toMatchObject({
    outcome: 'forced',
    champion: { value: null },
  })
  expect(lastEntry(dataDir)).toMatchObject({
    action: 'force',
    figures: { note: expect.stringContaining('the champion cannot be read') },
  })
})

test('a rollback onto broken files is refused and nothing moves', async () => {
  const dataDir = trainedCopy()
  await promote(options(dataDir))
  await promote(options(dataDir, { version: 2, force: true }))
  damage(dataDir, 1)
  await expect(rollback({ dataDir, name: 'films', reason: 'slow' })).rejects.toMatchObject({ exitCode: 4 })
  expect(stages(dataDir)).toEqual(['archived', 'production'])
})

test('a gain that is too small is refused, absolute or relative, and the figures say what was needed', async () => {
  const dataDir = trainedCopy()
  await promote(options(dataDir, { version: 2, force: true }))
  const free = await promote(options(dataDir, { version: 1, dryRun: true }))
  expect(free.outcome).toBe('promoted')
  const asked = String(free.gain * 1.01)
  const refused = await promote(options(dataDir, { version: 1, policy: { minGain: asked } }))
  expect(refused).toMatchObject({ outcome: 'refused', minGain: Number(asked), gain: free.gain })
  expect(lastEntry(dataDir)).toMatchObject({
    action: 'refuse',
    figures: { minGain: Number(asked), gain: free.gain },
  })
  const percent = `${((free.gain / free.champion!.value!) * 100 * 0.99).toFixed(6)}%`
  expect(await promote(options(dataDir, { version: 1, policy: { minGain: percent } }))).toMatchObject({
    outcome: 'promoted',
  })
})

test('a promotion that was overtaken while it scored is a conflict, and nothing moves', async () => {
  const dataDir = trainedCopy()
  const overtake = () =>
    askRegistry(dataDir, (registry) => {
      if (registry.inStage('films', 'production')) return
      const why = { reason: 'faster', figures: {} }
      registry.changeStage({
        name: 'films',
        version: 2,
        stage: 'production',
        action: 'force',
        expectedPrevious: null,
        ...why,
      })
    })
  await expect(promote(options(dataDir, { version: 1, onProgress: overtake }))).rejects.toMatchObject({
    code: 'RECSYS_REGISTRY_CONFLICT',
    exitCode: 5,
  })
  expect(stages(dataDir)).toEqual(['none', 'production'])
})

test('an interrupted promotion changes nothing', async () => {
  const dataDir = trainedCopy()
  const controller = new AbortController()
  const signal = controller.signal
  const stopped = promote(options(dataDir, { signal, onProgress: () => controller.abort(new Error('stop')) }))
  await expect(stopped).rejects.toThrow()
  expect(stages(dataDir)).toEqual(['none', 'none'])
  expect(lastEntry(dataDir)).toBeUndefined()
})

test.each([
  [{ policy: { metric: 'ndcg@1000000' } }, 2],
  [{ policy: { metric: 'ndcg@100000' } }, 2],
  [{ policy: { metric: 'ndcg@10@5' } }, 2],
  [{ policy: { metric: 'x'.repeat(10_000) } }, 2],
  [{ policy: { minGain: '-1' } }, 2],
  [{ name: '../films' }, 2],
  [{ name: '__proto__' }, 2],
  [{ version: 99 }, 4],
  [{ runId: 'nope' }, 4],
  [{ name: 'books' }, 3],
])('promote with %j ends with exit code %i and changes nothing', async (changes, exitCode) => {
  const dataDir = trainedCopy()
  await expect(promote(options(dataDir, changes))).rejects.toMatchObject({ exitCode })
  expect(lastEntry(dataDir)).toBeUndefined()
})
