import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { flushEvents } from '../../src/pipeline/flush-events.ts'
import { EventJournal, type FeedbackEvent } from '../../src/registry/event-journal.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'
import { checkpointRows, replayedRows } from '../lake/independent-reader.ts'

function append(dataDir: string, ids: readonly string[]): void {
  const journal = new EventJournal(dataDir)
  journal.append([ids.map(event)])
  journal.close()
}

function event(id: string): FeedbackEvent {
  const recommendation = { sessionId: 's "1"', recommendationId: 'v7.abc.1', modelVersion: 7 }
  return {
    ...{
      id,
      userId: `user, ${id}`,
      itemId: '007',
      type: 'rating',
      value: 3.5,
      weight: 3,
      timestamp: 1_700_000_000,
    },
    ...recommendation,
  } as FeedbackEvent
}

async function usersIn(dataDir: string): Promise<string[]> {
  const rows = await replayedRows(join(dataDir, 'lake', 'events'))
  return rows.map((row) => (JSON.parse(row) as { user_id: string }).user_id).sort()
}

describe('bringing events into the lake', () => {
  test('writes each once, as another reader of the table sees it', async () => {
    const dataDir = temporaryDirectory()
    append(dataDir, ['a', 'b'])
    expect(await flushEvents(dataDir)).toEqual({ version: 0, events: 2, pruned: 0 })
    expect(await flushEvents(dataDir)).toEqual({ version: 0, events: 0, pruned: 0 })
    append(dataDir, ['b', 'c'])
    expect(await flushEvents(dataDir)).toMatchObject({ version: 1, events: 1 })
    const rows = (await replayedRows(join(dataDir, 'lake', 'events'))).map((row) => JSON.parse(row))
    expect(rows.map(({ user_id }) => user_id).sort()).toEqual(['user, a', 'user, b', 'user, c'])
    expect(rows[0]).toMatchObject({
      ...{ item_id: '007', type: 'rating', value: 3.5, weight: 3, session_id: 's "1"', model_version: 7 },
      ...{ recommendation_id: 'v7.abc.1', timestamp: expect.stringContaining('2023-11-14 22:13:20') },
    })
  })

  test('writes each once though several do it at the same time', async () => {
    const dataDir = temporaryDirectory()
    const ids = Array.from({ length: 500 }, (_, i) => `e${i}`)
    append(dataDir, ids)
    const flushed = await Promise.all([flushEvents(dataDir), flushEvents(dataDir), flushEvents(dataDir)])
    expect(flushed.reduce((sum, { events }) => sum + events, 0)).toBe(500)
    expect(await usersIn(dataDir)).toEqual(ids.map((id) => `user, ${id}`).sort())
  })

  test('remembers through checkpoints how far it has come', async () => {
    const dataDir = temporaryDirectory()
    const ids = Array.from({ length: 13 }, (_, i) => `e${i}`)
    for (const id of ids) {
      append(dataDir, [id])
      await flushEvents(dataDir)
    }
    const table = join(dataDir, 'lake', 'events')
    expect(await checkpointRows(table, 10)).toHaveLength(11)
    for (let version = 0; version < 10; version++) {
      rmSync(join(table, '_delta_log', `${String(version).padStart(20, '0')}.json`))
    }
    append(dataDir, ['last'])
    expect(await flushEvents(dataDir)).toMatchObject({ version: 13, events: 1 })
  })

  test('takes a new journal for a new source', async () => {
    const dataDir = temporaryDirectory()
    append(dataDir, ['a'])
    await flushEvents(dataDir)
    for (const suffix of ['', '-wal', '-shm']) rmSync(join(dataDir, `events.db${suffix}`), { force: true })
    append(dataDir, ['b'])
    expect(await flushEvents(dataDir)).toMatchObject({ version: 1, events: 1 })
    expect(await usersIn(dataDir)).toEqual(['user, a', 'user, b'])
  })
})
