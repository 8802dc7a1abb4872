import { describe, expect, onTestFinished, test } from 'vitest'
import { EventJournal, EventReader, type FeedbackEvent } from '../../src/registry/event-journal.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'

function event(given: Partial<FeedbackEvent> = {}): FeedbackEvent {
  return {
    ...{ id: null, userId: 'u1', itemId: 'i1', type: 'click', value: null, weight: 2, timestamp: 1000 },
    ...{ sessionId: null, recommendationId: null, modelVersion: null },
    ...given,
  } as FeedbackEvent
}

function openJournal(dataDir: string): EventJournal {
  const journal = new EventJournal(dataDir)
  onTestFinished(() => journal.close())
  return journal
}

describe('the journal of events', () => {
  test('gives back what was appended, in order, also to whoever opens it next', () => {
    const dataDir = temporaryDirectory()
    const rating = event({ id: 'a', type: 'rating', value: 4.5, recommendationId: 'v3.x.1', modelVersion: 3 })
    const results = openJournal(dataDir).append([[event(), rating], [event({ userId: 'ünïcode' })]])
    expect(results).toEqual([
      { accepted: 2, duplicates: [] },
      { accepted: 1, duplicates: [] },
    ])
    const again = openJournal(dataDir)
    expect(again.after(0, 10)).toEqual([
      { ...event(), seq: 1 },
      { ...rating, seq: 2 },
      { ...event({ userId: 'ünïcode' }), seq: 3 },
    ])
    expect(again.after(1, 1).map(({ seq }) => seq)).toEqual([2])
    const reader = new EventReader(dataDir)
    onTestFinished(() => reader.close())
    expect(reader.recentOf('u1', 5).map(({ seq }) => seq)).toEqual([2, 1])
  })

  test('takes an id once, within a batch and across batches', () => {
    const journal = openJournal(temporaryDirectory())
    const [first] = journal.append([[event({ id: 'a' }), event({ id: 'a' }), event({ id: 'b' })]])
    expect(first).toEqual({ accepted: 2, duplicates: [1] })
    const [second] = journal.append([[event({ id: 'b' }), event(), event()]])
    expect(second).toEqual({ accepted: 2, duplicates: [0] })
  })

  test('counts events and recommendations by version, and an event that is sent again once', () => {
    const dataDir = temporaryDirectory()
    const journal = openJournal(dataDir)
    const answer = event({ id: 'a', recommendationId: 'v3.x.1', modelVersion: 3 })
    journal.addRecommendations(new Map([[3, 3]]))
    journal.addRecommendations(
      new Map([
        [3, 1],
        [4, 7],
      ]),
    )
    journal.append([[answer, event(), { ...answer, id: 'b', type: 'view' }]])
    journal.append([[answer]])
    const reader = new EventReader(dataDir)
    onTestFinished(() => reader.close())
    expect(reader.feedbackOn(3)).toEqual({
      recommendations: 4,
      events: { view: 1, click: 1, rating: 0, purchase: 0 },
      clickThrough: 0.25,
    })
    expect(reader.feedbackOn(9)).toMatchObject({ recommendations: 0, clickThrough: null })
  })

  test('stores all of a transaction or nothing of it', () => {
    const journal = openJournal(temporaryDirectory())
    const broken = event({ type: 'rating', value: null })
    expect(() => journal.append([[event()], [broken]])).toThrow()
    expect(journal.after(0, 10)).toEqual([])
  })

  test('never gives a number twice, not even after entries were removed', () => {
    const journal = openJournal(temporaryDirectory())
    journal.append([[event(), event()]])
    expect(journal.prune(2, Date.now() - 60_000)).toBe(0)
    expect(journal.prune(2, Date.now() + 60_000)).toBe(2)
    journal.append([[event()]])
    expect(journal.after(0, 10).map(({ seq }) => seq)).toEqual([3])
  })
})
