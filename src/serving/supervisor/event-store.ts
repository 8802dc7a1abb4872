import { existsSync } from 'node:fs'
import {
  type AppendResult,
  EventJournal,
  type FeedbackEvent,
  journalPath,
} from '../../registry/event-journal.ts'
import type { Logger } from '../log.ts'
import type { EventOptions } from '../types.ts'

export interface EventStoreOptions extends Omit<EventOptions, 'newItemsMs'> {
  readonly dataDir: string
  readonly log: Logger
}

interface Waiting {
  readonly events: readonly FeedbackEvent[]
  resolve(result: AppendResult): void
  reject(error: unknown): void
}

/**
 * Takes the events of all request threads. Whatever came in while the disk was busy goes into the journal in one transaction
 * (group commit), and is acknowledged only after it.
 */
export class EventStore {
  readonly #options: EventStoreOptions
  #journal: EventJournal | undefined
  #waiting: Waiting[] = []
  #unflushed = 0
  /** Of a flush that did not work: they wait for the interval, however many they are. */
  #failed = 0
  #stopped = false
  #countingFails = false
  #timer: NodeJS.Timeout | undefined
  #flushing: Promise<void> | undefined

  constructor(options: EventStoreOptions) {
    this.#options = options
    // What a killed server has left behind goes into the lake without waiting for new events.
    if (existsSync(journalPath(options.dataDir))) this.#unflushed = 1
    this.#scheduleFlush()
  }

  /** Resolves when the events are on the disk. */
  store(events: readonly FeedbackEvent[]): Promise<AppendResult> {
    const { promise, resolve, reject } = Promise.withResolvers<AppendResult>()
    this.#waiting.push({ events, resolve, reject })
    // After what else has arrived by now.
    if (this.#waiting.length === 1) setImmediate(() => this.#commit())
    return promise
  }

  /** Of the figures that only people look at a failure loses some; it must not stop a server that cannot write. */
  countRecommendations(counts: ReadonlyMap<number, number>): void {
    if (counts.size === 0) return
    try {
      this.#journal ??= new EventJournal(this.#options.dataDir)
      this.#journal.addRecommendations(counts)
      this.#countingFails = false
    } catch (error) {
      // Once: it comes every second, and goes on.
      if (!this.#countingFails) this.#options.log.warn({ err: error }, 'recommendations cannot be counted')
      this.#countingFails = true
    }
  }

  /** Commits what waits and brings everything into the lake; what a failure leaves stays in the journal. */
  async stop(): Promise<void> {
    this.#commit()
    this.#stopped = true
    await this.#flushing
    clearTimeout(this.#timer)
    if (this.#unflushed + this.#failed > 0) await this.#flush()
    await this.#flushing
    this.#journal?.close()
  }

  #commit(): void {
    const waiting = this.#waiting
    this.#waiting = []
    if (waiting.length === 0) return
    try {
      this.#journal ??= new EventJournal(this.#options.dataDir)
      const results = this.#journal.append(waiting.map(({ events }) => events))
      waiting.forEach(({ resolve }, i) => {
        resolve(results[i]!)
        this.#unflushed += results[i]!.accepted
      })
      this.#scheduleFlush()
    } catch (error) {
      this.#options.log.error({ err: error }, 'events could not be stored')
      for (const { reject } of waiting) reject(error)
    }
  }

  #scheduleFlush(): void {
    const { flushEvents, flushIntervalMs } = this.#options
    if (this.#stopped) return
    if (this.#unflushed >= flushEvents) void this.#flush()
    else if (this.#unflushed + this.#failed > 0)
      // A server that could not start must not be kept alive by it; one that stops flushes by itself.
      this.#timer ??= setTimeout(() => void this.#flush(), flushIntervalMs).unref()
  }

  #flush(): Promise<void> {
    this.#flushing ??= this.#flushOnce().finally(() => {
      this.#flushing = undefined
      this.#scheduleFlush()
    })
    return this.#flushing
  }

  /** A failure is no loss: the journal keeps the events, and the next turn of the interval tries again. */
  async #flushOnce(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const taken = this.#unflushed
    this.#unflushed = 0
    try {
      const { events } = await this.#options.flush()
      this.#failed = 0
      this.#options.log.info({ events }, 'events are in the lake')
    } catch (error) {
      this.#failed += taken
      this.#options.log.warn(
        { err: error },
        'events stay in the journal: they could not be brought into the lake',
      )
    }
  }
}
