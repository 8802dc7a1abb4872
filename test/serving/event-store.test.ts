import { expect, onTestFinished, test } from 'vitest'
import type { FeedbackEvent } from '../../src/registry/event-journal.ts'
import { createLog } from '../../src/serving/log.ts'
import { EventStore } from '../../src/serving/supervisor/event-store.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'

const event: FeedbackEvent = {
  ...{ id: null, userId: 'u1', itemId: 'i1', type: 'view', value: null, weight: 1, timestamp: 1 },
  ...{ sessionId: null, recommendationId: null, modelVersion: null },
} as const

test('a flush that fails is tried again after the interval, without another event', async () => {
  const outcomes = ['fails', 'fails', 'works']
  const { promise: worked, resolve } = Promise.withResolvers<void>()
  const store = new EventStore({
    dataDir: temporaryDirectory(),
    log: createLog('silent', 'test'),
    flushIntervalMs: 10,
    flushEvents: 1,
    flush: async () => {
      if (outcomes.shift() === 'fails') throw new Error('the disk is full')
      resolve()
      return { events: 1 }
    },
  })
  onTestFinished(() => store.stop())
  expect(await store.store([event])).toEqual({ accepted: 1, duplicates: [] })
  await worked
  expect(outcomes).toEqual([])
})

test('events that come in at the same time are answered apart', async () => {
  const flush = async () => ({ events: 0 })
  const options = { dataDir: temporaryDirectory(), log: createLog('silent', 'test'), flush }
  const store = new EventStore({ ...options, flushIntervalMs: 60_000, flushEvents: 1000 })
  onTestFinished(() => store.stop())
  const same = { ...event, id: 'id:a' }
  const [first, second] = await Promise.all([store.store([same, event]), store.store([same])])
  expect(first).toEqual({ accepted: 2, duplicates: [] })
  expect(second).toEqual({ accepted: 0, duplicates: [0] })
})
