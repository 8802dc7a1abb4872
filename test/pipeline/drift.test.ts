import { expect, test } from 'vitest'
import Drift from '../../commands/models/drift.ts'
import { measureDrift } from '../../src/pipeline/drift.ts'
import { initTables } from '../../src/pipeline/init-tables.ts'
import { queryTables } from '../../src/pipeline/lake-queries.ts'
import { train } from '../../src/pipeline/train.ts'
import { EventJournal, type FeedbackEvent } from '../../src/registry/event-journal.ts'
import { runCommand } from '../helpers/run-recsys.ts'
import { askRegistry, sampleLake } from '../helpers/sample-lake.ts'

async function trained(): Promise<string> {
  const dataDir = await sampleLake()
  const job = { seed: 1, split: 'hash:0.2', name: 'recommender', k: 5, tags: {}, nThreads: 1 }
  await train({ ...job, dataDir, algorithm: 'popular', params: {} })
  return dataDir
}

/** Item ids as often as they occur in the training, and their ratings. */
async function rated(dataDir: string): Promise<readonly (readonly [itemId: string, rating: number])[]> {
  const { rows } = await queryTables(
    dataDir,
    'SELECT item_id, rating FROM interactions ORDER BY user_id, item_id',
    1_000_000,
  )
  return rows as [string, number][]
}

function happen(dataDir: string, events: readonly (readonly [itemId: string, rating: number])[]): void {
  const journal = new EventJournal(dataDir)
  const timestamp = Math.floor(Date.now() / 1000) + 1
  const rest = {
    type: 'rating',
    weight: 1,
    timestamp,
    sessionId: null,
    recommendationId: null,
    modelVersion: null,
  } as const
  const batch: FeedbackEvent[] = events.map(([itemId, value], i) => ({
    ...rest,
    id: `e${i}`,
    userId: `v${i}`,
    itemId,
    value,
  }))
  journal.append([batch])
  journal.close()
}

test('users who do what they did do not drift', async () => {
  const dataDir = await trained()
  happen(dataDir, await rated(dataDir))
  const { events, psi } = await measureDrift({ dataDir, name: 'recommender' })
  expect(events).toBe(2500)
  expect(psi.popularity).toBeLessThan(0.01)
  expect(psi.ratings).toBeLessThan(0.01)
})

test('users who turn to what nobody wanted, and rate it lower, drift in both', async () => {
  const dataDir = await trained()
  const all = await rated(dataDir)
  const counts = new Map<string, number>()
  for (const [itemId] of all) counts.set(itemId, (counts.get(itemId) ?? 0) + 1)
  const rare = [...counts]
    .sort((a, b) => a[1] - b[1])
    .slice(0, 10)
    .map(([itemId]) => itemId)
  happen(
    dataDir,
    Array.from({ length: 400 }, (_, i) => [rare[i % 10]!, 1] as const),
  )
  const { psi } = await measureDrift({ dataDir, name: 'recommender' })
  expect(psi.popularity).toBeGreaterThan(0.5)
  expect(psi.ratings).toBeGreaterThan(0.5)
})

test('items that were not there at the training are a bin of their own', async () => {
  const dataDir = await trained()
  happen(
    dataDir,
    Array.from({ length: 200 }, (_, i) => [`new${i}`, 4] as const),
  )
  expect((await measureDrift({ dataDir, name: 'recommender' })).psi.popularity).toBeGreaterThan(2)
})

test('growth counts rows since the newest version was trained; few events tell nothing', async () => {
  const dataDir = await trained()
  happen(dataDir, [['i1', 4]])
  await initTables({ dataDir, mode: 'overwrite', seed: 2, users: 130, items: 60, interactions: 2700 })
  expect(await measureDrift({ dataDir, name: 'recommender' })).toEqual({
    ...{ name: 'recommender', version: 1, interactions: { trained: 2500, now: 2700 }, events: 1 },
    psi: { popularity: null, ratings: null },
  })
  const { stdout } = await runCommand(Drift, ['--data-dir', dataDir])
  expect(stdout).toContain('200 more than 2,500')
  expect(stdout).toContain('too few events')
})

test('without a version there is nothing to drift from', async () => {
  const dataDir = await sampleLake()
  askRegistry(dataDir, () => undefined)
  expect(await measureDrift({ dataDir, name: 'recommender' })).toMatchObject({
    version: null,
    interactions: null,
  })
})
