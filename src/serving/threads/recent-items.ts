import { existsSync } from 'node:fs'
import { EventReader, journalPath } from '../../registry/event-journal.ts'
import type { Logger } from '../log.ts'
import type { RatedItem } from '../ranking/served-model.ts'

/** Events of a user that are looked at. */
const maxEvents = 200

/** What users have done lately, from the journal of events: it holds the last seven days and what is on its way to the lake. */
export class RecentItems {
  readonly #dataDir: string
  readonly #log: Logger
  #reader: EventReader | undefined

  constructor(dataDir: string, log: Logger) {
    this.#dataDir = dataDir
    this.#log = log
  }

  /** Oldest first, so that of an item that occurs twice the last event counts. Without a journal: nothing. */
  of(userId: string): readonly RatedItem[] {
    try {
      if (this.#reader === undefined && !existsSync(journalPath(this.#dataDir))) return []
      this.#reader ??= new EventReader(this.#dataDir)
      const events = this.#reader.recentOf(userId, maxEvents).reverse()
      return events.map(({ itemId, value }) => (value === null ? { itemId } : { itemId, rating: value }))
    } catch (error) {
      // Recommendations must not fail for it: the user gets what everybody unknown gets.
      this.#log.warn({ err: error }, 'recent events cannot be read')
      this.close()
      return []
    }
  }

  close(): void {
    this.#reader?.close()
    this.#reader = undefined
  }
}
