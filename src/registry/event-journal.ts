import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import Sqlite, { type Database, type Statement } from 'better-sqlite3'
import { explaining, switchToWal } from './database.ts'

export const eventTypes = ['view', 'click', 'rating', 'purchase'] as const
export type EventType = (typeof eventTypes)[number]

/** Where the journal of a data directory is. */
export function journalPath(dataDir: string): string {
  return resolve(join(dataDir, 'events.db'))
}

/** How ids begin that were made of the key of a request and an event's place in it. */
export const keyedIdPrefix = 'key:'

/** Something a user did with an item. */
export interface FeedbackEvent {
  /** Made of what the client gave: of events with the same id one counts. */
  readonly id: string | null
  readonly userId: string
  readonly itemId: string
  readonly type: EventType
  /** The rating of a `rating`; null for the others. */
  readonly value: number | null
  /** How much it says about the taste, beside the others. */
  readonly weight: number
  /** Unix seconds. */
  readonly timestamp: number
  readonly sessionId: string | null
  /** Of the recommendation it answers. */
  readonly recommendationId: string | null
  /** Model version that made the recommendation. */
  readonly modelVersion: number | null
}

export interface JournalEntry extends FeedbackEvent {
  /** Ascending in the order of their commits, never given twice. */
  readonly seq: number
}

/** What came of the recommendations of a version. */
export interface Feedback {
  /** Answers with an id. A killed server forgets those of its last second. */
  readonly recommendations: number
  /** Events that named one of them. */
  readonly events: Readonly<Record<EventType, number>>
  /** Clicks a recommendation; null before the first one. */
  readonly clickThrough: number | null
}

export interface AppendResult {
  readonly accepted: number
  /** Places in the batch of events whose id was known already. */
  readonly duplicates: readonly number[]
  /** The request's key was used for other events before: nothing of the batch was stored. */
  readonly isKeyReused?: boolean
}

/**
 * Events on their way to the lake, in a database of their own (`<data-dir>/events.db`), so that feedback never waits for
 * the registry nor the registry for feedback. What `append` has returned for is on the disk.
 */
export class EventJournal {
  readonly #db: Database
  readonly #insert: Statement
  readonly #count: Statement
  readonly #known: Statement
  readonly #path: string

  /** @throws RECSYS_DATA_DIR_UNWRITABLE | RECSYS_REGISTRY_LOCKED | RECSYS_REGISTRY_CORRUPT */
  constructor(dataDir: string) {
    this.#path = journalPath(dataDir)
    this.#db = explaining(this.#path, () => {
      mkdirSync(dataDir, { recursive: true })
      return openJournal(this.#path)
    })
    this.#insert = this.#db.prepare(`INSERT INTO events
      (event_id, user_id, item_id, type, value, weight, at, session_id, recommendation_id, model_version)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (event_id) DO NOTHING`)
    this.#known = this.#db.prepare(`SELECT ${columns} FROM events WHERE event_id = ?`)
    this.#count = this.#db.prepare(`INSERT INTO feedback VALUES (?, ?, ?)
      ON CONFLICT (model_version, kind) DO UPDATE SET count = count + excluded.count`)
  }

  /** Identifies this journal in the lake: made with it and never changed. */
  get id(): string {
    return this.#db.prepare('SELECT value FROM journal WHERE key = ?').pluck().get('id') as string
  }

  /**
   * Stores several batches in one transaction, which is the commit point of all of them: one wait for the disk, however
   * many requests came in meanwhile.
   */
  append(batches: readonly (readonly FeedbackEvent[])[]): AppendResult[] {
    return this.#run(() =>
      this.#db.transaction(() => batches.map((batch) => this.#insertAll(batch))).immediate(),
    )
  }

  /** Adds to the number of recommendations that each version has given. */
  addRecommendations(counts: ReadonlyMap<number, number>): void {
    const add = this.#db.transaction(() => {
      for (const [version, count] of counts) this.#count.run(version, 'recommendation', count)
    })
    this.#run(() => add.immediate())
  }

  /** Entries after a sequence number, oldest first. */
  after(seq: number, limit: number): JournalEntry[] {
    const select = `SELECT ${columns} FROM events WHERE seq > ? ORDER BY seq LIMIT ?`
    return this.#run(() => this.#db.prepare(select).all(seq, limit) as JournalEntry[])
  }

  /** Removes entries that are in the lake and too old to be sent once more. */
  prune(upToSeq: number, beforeTimestampMs: number): number {
    const remove = 'DELETE FROM events WHERE seq <= ? AND received_at < ?'
    return this.#run(() => this.#db.prepare(remove).run(upToSeq, beforeTimestampMs).changes)
  }

  close(): void {
    this.#db.close()
  }

  #insertAll(batch: readonly FeedbackEvent[]): AppendResult {
    if (this.#reusesKey(batch)) return { accepted: 0, duplicates: [], isKeyReused: true }
    const duplicates: number[] = []
    for (const [place, event] of batch.entries()) {
      const { id, userId, itemId, type, value, weight, timestamp } = event
      const { sessionId, recommendationId, modelVersion } = event
      const row = [
        id,
        userId,
        itemId,
        type,
        value,
        weight,
        timestamp,
        sessionId,
        recommendationId,
        modelVersion,
      ]
      if (this.#insert.run(row).changes === 0) duplicates.push(place)
      else if (modelVersion !== null) this.#count.run(modelVersion, type, 1)
    }
    return { accepted: batch.length - duplicates.length, duplicates }
  }

  /** Of a request that is sent again all events are there, and the same; what time they got by themselves does not count. */
  #reusesKey(batch: readonly FeedbackEvent[]): boolean {
    const keyed = batch.filter(({ id }) => id?.startsWith(keyedIdPrefix))
    const known = keyed.map(({ id }) => this.#known.get(id) as JournalEntry | undefined)
    const nKnown = known.filter((each) => each !== undefined).length
    if (nKnown === 0) return false
    const isSame = (one: FeedbackEvent, other: FeedbackEvent) =>
      told.every((name) => one[name] === other[name])
    return nKnown < keyed.length || keyed.some((event, i) => !isSame(event, known[i]!))
  }

  #run<T>(work: () => T): T {
    return explaining(this.#path, work)
  }
}

/** Reads a journal beside its writer. */
export class EventReader {
  readonly #db: Database
  readonly #recent: Statement

  /** @throws RECSYS_REGISTRY_LOCKED | RECSYS_REGISTRY_CORRUPT | RECSYS_DATA_DIR_UNWRITABLE when there is none */
  constructor(dataDir: string) {
    const path = journalPath(dataDir)
    this.#db = explaining(path, () => new Sqlite(path, { readonly: true, timeout: 100 }))
    this.#recent = explaining(path, () => {
      return this.#db.prepare(`SELECT ${columns} FROM events WHERE user_id = ? ORDER BY seq DESC LIMIT ?`)
    })
  }

  /** Since the journal was made. */
  feedbackOn(modelVersion: number): Feedback {
    const select = 'SELECT kind, count FROM feedback WHERE model_version = ?'
    const rows = explaining(this.#db.name, () => this.#db.prepare(select).all(modelVersion)) as {
      kind: EventType | 'recommendation'
      count: number
    }[]
    const counts = new Map(rows.map(({ kind, count }) => [kind, count]))
    const recommendations = counts.get('recommendation') ?? 0
    const events = Object.fromEntries(
      eventTypes.map((type) => [type, counts.get(type) ?? 0]),
    ) as Feedback['events']
    return {
      recommendations,
      events,
      clickThrough: recommendations > 0 ? events.click / recommendations : null,
    }
  }

  /** Who did something with what, after a sequence number, oldest first. */
  since(seq: number, limit: number): Pick<JournalEntry, 'seq' | 'userId' | 'itemId' | 'weight'>[] {
    const select =
      'SELECT seq, user_id AS userId, item_id AS itemId, weight FROM events WHERE seq > ? ORDER BY seq LIMIT ?'
    return explaining(this.#db.name, () => this.#db.prepare(select).all(seq, limit)) as JournalEntry[]
  }

  /** The newest entries of a user, newest first. */
  recentOf(userId: string, limit: number): JournalEntry[] {
    return explaining(this.#db.name, () => this.#recent.all(userId, limit) as JournalEntry[])
  }

  close(): void {
    this.#db.close()
  }
}

const columns = `seq, event_id AS id, user_id AS userId, item_id AS itemId, type, value, weight, at AS timestamp,
  session_id AS sessionId, recommendation_id AS recommendationId, model_version AS modelVersion`

const told = ['userId', 'itemId', 'type', 'value', 'weight', 'sessionId', 'recommendationId'] as const

const busyTimeoutMs = 5000

function openJournal(path: string): Database {
  const db = new Sqlite(path, { timeout: busyTimeoutMs })
  try {
    switchToWal(db, Date.now() + busyTimeoutMs)
    // WAL with NORMAL may lose the last commit when the power goes.
    db.pragma('synchronous = FULL')
    db.exec(schema)
    db.prepare('INSERT OR IGNORE INTO journal VALUES (?, ?)').run('id', randomUUID())
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** AUTOINCREMENT: a number is not given again after its entry was removed. */
const schema = `
  CREATE TABLE IF NOT EXISTS journal (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT UNIQUE,
    received_at INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER)),
    user_id TEXT NOT NULL,
    item_id TEXT NOT NULL,
    type TEXT NOT NULL CHECK (type IN ('view', 'click', 'rating', 'purchase')),
    value REAL,
    weight REAL NOT NULL,
    at INTEGER NOT NULL,
    session_id TEXT,
    recommendation_id TEXT,
    model_version INTEGER,
    CHECK ((type = 'rating') = (value IS NOT NULL))
  ) STRICT;
  CREATE INDEX IF NOT EXISTS events_by_user ON events (user_id, seq);
  CREATE TABLE IF NOT EXISTS feedback (
    model_version INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('recommendation', 'view', 'click', 'rating', 'purchase')),
    count INTEGER NOT NULL,
    PRIMARY KEY (model_version, kind)
  ) STRICT, WITHOUT ROWID;
`
