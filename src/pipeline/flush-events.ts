import type { EventRow } from '../lake/event-table.ts'
import { appendEvents } from '../lake/event-table.ts'
import { EventJournal, type JournalEntry } from '../registry/event-journal.ts'

export interface EventsFlushed {
  /** Version of the table `events`; null while it has none. */
  readonly version: number | null
  /** Events that this flush brought into the lake. */
  readonly events: number
  /** Old entries that were removed from the journal. */
  readonly pruned: number
}

/** One commit holds no more than this, so that a long backlog does not have to fit into memory. */
const eventsACommit = 100_000
/** How long an event's id is remembered, so that one that is sent again does not count twice. */
export const idWindowMs = 7 * 24 * 3_600_000

/**
 * Brings the events of the journal into the lake's table `events`, each exactly once, whoever else flushes and whenever one
 * of them dies: how far the journal has come stands in the same commit as its rows.
 */
export async function flushEvents(dataDir: string): Promise<EventsFlushed> {
  const journal = new EventJournal(dataDir)
  try {
    const appId = `recsys-events-${journal.id}`
    let events = 0
    for (;;) {
      const after = (seq: number) => journal.after(seq, eventsACommit).map(toRow)
      const { version, rows, upTo } = await appendEvents(dataDir, appId, after)
      events += rows
      if (rows < eventsACommit) {
        return { version, events, pruned: journal.prune(upTo, Date.now() - idWindowMs) }
      }
    }
  } finally {
    journal.close()
  }
}

function toRow(entry: JournalEntry): EventRow {
  const { seq, userId, itemId, type, value, weight, timestamp, sessionId, recommendationId, modelVersion } =
    entry
  return {
    seq,
    user_id: userId,
    item_id: itemId,
    type,
    value,
    weight,
    timestamp: new Date(1000 * timestamp).toISOString(),
    session_id: sessionId,
    recommendation_id: recommendationId,
    model_version: modelVersion,
  }
}
