import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import Promote from '../../commands/promote.ts'
import Rollback from '../../commands/rollback.ts'
import Train from '../../commands/train.ts'
import { runCommand } from '../helpers/run-recsys.ts'
import { askRegistry, sampleLake } from '../helpers/sample-lake.ts'

let dataDir: string

/** v1 is popularity, v2 a factorisation that is better, v3 one that has hardly learnt. */
beforeEach(async () => {
  dataDir = await sampleLake()
  await run(Train, '--algo', 'popular')
  await run(Train, '--algo', 'svd', '--factors', '8', '--epochs', '8')
  await run(Train, '--algo', 'nmf', '--factors', '1', '--epochs', '1', '--reg', '10')
})

async function run(command: unknown, ...flags: string[]) {
  const outcome = await runCommand(command, [...flags, '--data-dir', dataDir, '--json', '--quiet'])
  return { exitCode: outcome.exitCode, document: JSON.parse(outcome.stdout) }
}

const history = () => askRegistry(dataDir, (registry) => registry.history())
const inProduction = () =>
  askRegistry(dataDir, (registry) => registry.inStage('recommender', 'production')?.version)
const doorbell = () => JSON.parse(readFileSync(join(dataDir, 'production.json'), 'utf8'))

describe('promote', () => {
  test('puts the best version into production, rings the doorbell and writes the audit row', async () => {
    const { exitCode, document } = await run(Promote)
    expect(exitCode).toBe(0)
    expect(document).toMatchObject({ outcome: 'promoted', challenger: { version: 2 }, champion: null })
    expect(document.challenger.value).toBeLessThan(document.popularity)
    expect([inProduction(), doorbell()]).toMatchObject([2, { name: 'recommender', version: 2 }])
    expect(history()).toMatchObject([
      { action: 'promote', version: 2, previousVersion: null, figures: { metric: 'rmse' } },
    ])
  })

  test('refuses a worse version with exit 3, leaves the champion and writes the refusal down', async () => {
    await run(Promote)
    const { exitCode, document } = await run(Promote)
    expect(exitCode).toBe(3)
    expect(document.error).toMatchObject({
      code: 'RECSYS_PROMOTION_REFUSED',
      data: { outcome: 'refused', challenger: { version: 3 }, champion: { version: 2 } },
    })
    expect([inProduction(), doorbell().version]).toEqual([2, 2])
    expect(history().at(-1)).toMatchObject({ action: 'refuse', version: 3, previousVersion: 2 })
    expect(history().at(-1)?.figures.gain).toBeLessThan(0)
  })

  test('shows a person the numbers and the verdict', async () => {
    const { stdout, exitCode } = await runCommand(Promote, ['--data-dir', dataDir, '--quiet'])
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/challenger.*v2.*svd/)
    expect(stdout).toMatch(/recommender v2 is now in production: rmse 0\.\d{5} better than popularity/)
  })

  test('--force promotes what is worse and says so in the audit trail', async () => {
    await run(Promote)
    const { exitCode, document } = await run(Promote, '--version', '3', '--force')
    expect({ exitCode, outcome: document.outcome }).toEqual({ exitCode: 0, outcome: 'forced' })
    expect(inProduction()).toBe(3)
    expect(history().at(-1)).toMatchObject({ action: 'force', version: 3, previousVersion: 2 })
  })

  test('--dry-run decides the same and changes nothing', async () => {
    expect((await run(Promote, '--dry-run')).document).toMatchObject({ outcome: 'promoted', dryRun: true })
    expect((await run(Promote, '--version', '1', '--dry-run')).exitCode).toBe(3)
    expect([inProduction(), history()]).toEqual([undefined, []])
    expect(existsSync(join(dataDir, 'production.json'))).toBe(false)
  })

  test('--to staging moves to staging and rings nothing', async () => {
    expect((await run(Promote, '--to', 'staging')).exitCode).toBe(0)
    expect(askRegistry(dataDir, (registry) => registry.inStage('recommender', 'staging')?.version)).toBe(2)
    expect(existsSync(join(dataDir, 'production.json'))).toBe(false)
  })

  test('--run names the challenger by the beginning of its run id; a run of another name is refused', async () => {
    const { runId } = askRegistry(dataDir, (registry) => registry.version('recommender', 2))
    expect((await run(Promote, '--run', runId)).document).toMatchObject({ challenger: { version: 2 } })
    expect((await run(Promote, '--run', runId, '--name', 'films')).document.error.code).toBe(
      'RECSYS_VERSION_UNKNOWN',
    )
  })

  test('a metric of ranking decides as well, and popularity stands against it', async () => {
    const { document } = await run(Promote, '--version', '2', '--metric', 'ndcg@5', '--dry-run')
    expect(document.error?.data ?? document).toMatchObject({ metric: 'ndcg@5' })
  })

  test('what is in production already, or nothing newer, is a refusal', async () => {
    await run(Promote, '--version', '3', '--force')
    expect((await run(Promote)).document.error.message).toContain('no version newer than v3')
    const again = await run(Promote, '--version', '3')
    expect(again).toMatchObject({ exitCode: 3 })
    expect(again.document.error.message).toContain('v3 is in production already')
  })

  test('a challenger whose files are damaged never gets in, not even with --force', async () => {
    const { artifactPath } = askRegistry(dataDir, (registry) => registry.version('recommender', 2))
    damage(join(dataDir, artifactPath, 'items.arrow'))
    for (const flags of [[], ['--force']]) {
      const { exitCode, document } = await run(Promote, '--version', '2', ...flags)
      expect({ exitCode, code: document.error.code }).toEqual({
        exitCode: 4,
        code: 'RECSYS_ARTIFACT_CORRUPT',
      })
    }
    expect([inProduction(), history()]).toEqual([undefined, []])
  })

  test('a damaged champion stops a promotion, and --force replaces it with a note', async () => {
    await run(Promote)
    const { artifactPath } = askRegistry(dataDir, (registry) => registry.version('recommender', 2))
    damage(join(dataDir, artifactPath, 'model.arrow'))
    expect((await run(Promote)).document.error.code).toBe('RECSYS_ARTIFACT_CORRUPT')
    const { document } = await run(Promote, '--force')
    expect(document).toMatchObject({ challenger: { version: 3 }, champion: { version: 2, value: null } })
    expect(document.notes[0]).toContain('the champion cannot be read')
    expect(inProduction()).toBe(3)
  })

  test('a champion of another split may have seen the held-out rows: the report says so', async () => {
    await run(Promote)
    await run(Train, '--algo', 'svd', '--factors', '8', '--split', 'random:0.2')
    const { document } = await run(Promote, '--version', '4', '--dry-run')
    expect((document.error?.data ?? document).notes[0]).toContain('has learnt from')
  })
})

describe('rollback', () => {
  test('puts the previous version back, and once more goes further back', async () => {
    await run(Promote, '--version', '1', '--force')
    await run(Promote, '--version', '2')
    await run(Promote, '--version', '3', '--force')
    expect((await run(Rollback, '--reason', 'slow')).document).toMatchObject({ version: 2, replaced: 3 })
    expect(doorbell().version).toBe(2)
    expect((await run(Rollback)).document).toMatchObject({ version: 1, replaced: 2 })
    const { exitCode, document } = await run(Rollback)
    expect({ exitCode, code: document.error.code }).toEqual({
      exitCode: 4,
      code: 'RECSYS_NOTHING_TO_ROLL_BACK_TO',
    })
    expect(inProduction()).toBe(1)
    expect(history().map(({ action, version }) => [action, version])).toEqual([
      ['force', 1],
      ['promote', 2],
      ['force', 3],
      ['rollback', 2],
      ['rollback', 1],
    ])
    expect(history().at(3)?.reason).toBe('slow')
  })

  test('a previous version whose files are damaged stays out', async () => {
    await run(Promote, '--version', '1', '--force')
    await run(Promote, '--version', '2')
    const { artifactPath } = askRegistry(dataDir, (registry) => registry.version('recommender', 1))
    damage(join(dataDir, artifactPath, 'users.arrow'))
    expect((await run(Rollback)).document.error.code).toBe('RECSYS_ARTIFACT_CORRUPT')
    expect(inProduction()).toBe(2)
  })

  test('without a production version there is nothing to go back from', async () => {
    const { stderr, exitCode } = await runCommand(Rollback, ['--data-dir', dataDir])
    expect(stderr).toContain('recommender has no version in production')
    expect(exitCode).toBe(4)
  })
})

function damage(path: string): void {
  const bytes = readFileSync(path)
  bytes[bytes.length >> 1] ^= 1
  writeFileSync(path, bytes)
}
