import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import Gc from '../../commands/gc.ts'
import { startTrial } from '../../src/pipeline/trials.ts'
import { openRegistry } from '../../src/registry/registry.ts'
import type { ModelVersion } from '../../src/registry/types.ts'
import { runCommand, temporaryDirectory } from '../helpers/run-recsys.ts'
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
