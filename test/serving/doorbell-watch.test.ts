import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { doorbellPath } from '../../src/registry/doorbell.ts'
import { createLog } from '../../src/serving/log.ts'
import { DoorbellWatch } from '../../src/serving/supervisor/doorbell-watch.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'

function watching(dataDir: string, pollIntervalMs: number) {
  const rings = { doorbell: 0, poll: 0 }
  const watch = new DoorbellWatch(dataDir, pollIntervalMs, createLog('silent', 'test'), (by) => rings[by]++)
  onTestFinished(() => watch.close())
  return { rings, watch }
}

/** @returns how often the bell was heard so far */
function ring(dataDir: string, rings: { readonly doorbell: number }): number {
  writeFileSync(join(dataDir, 'production.json.tmp'), '{}')
  renameSync(join(dataDir, 'production.json.tmp'), doorbellPath(dataDir))
  return rings.doorbell
}

test('a ring is heard at once, other files are not', async () => {
  const dataDir = temporaryDirectory()
  const { rings } = watching(dataDir, 3_600_000)
  await expect.poll(() => ring(dataDir, rings)).toBeGreaterThan(0)
  const heard = rings.doorbell
  writeFileSync(join(dataDir, 'registry.db'), '')
  ring(dataDir, rings)
  await expect.poll(() => rings.doorbell).toBeGreaterThan(heard)
  expect(rings.poll).toBe(0)
})

test('a directory that comes later, goes and comes again is watched again', async () => {
  const dataDir = join(temporaryDirectory(), 'data')
  const { rings } = watching(dataDir, 20)
  await expect.poll(() => rings.poll).toBeGreaterThan(1)
  for (let round = 0; round < 3; round++) {
    mkdirSync(dataDir)
    const heard = rings.doorbell
    await expect.poll(() => ring(dataDir, rings)).toBeGreaterThan(heard)
    rmSync(dataDir, { recursive: true })
  }
})

test('a closed watch is silent', async () => {
  const dataDir = temporaryDirectory()
  const { rings, watch } = watching(dataDir, 5)
  await expect.poll(() => rings.poll).toBeGreaterThan(0)
  watch.close()
  const before = { ...rings }
  const witness = watching(dataDir, 5)
  await expect.poll(() => ring(dataDir, witness.rings)).toBeGreaterThan(0)
  await expect.poll(() => witness.rings.poll).toBeGreaterThan(3)
  expect(rings).toEqual(before)
})
