import { RecsysError } from '../../errors.ts'
import type { AppendResult, FeedbackEvent } from '../../registry/event-journal.ts'
import type { FromRequestThread } from '../messages.ts'

/** A request thread's way to the one place where events are stored. */
export class EventLine {
  readonly #say: (message: FromRequestThread) => void
  readonly #waiting = new Map<number, (result: AppendResult | null) => void>()
  #last = 0

  constructor(say: (message: FromRequestThread) => void) {
    this.#say = say
  }

  /** @throws RECSYS_EVENTS_UNAVAILABLE when they could not be stored: nothing of them was */
  async store(events: readonly FeedbackEvent[]): Promise<AppendResult> {
    const id = ++this.#last
    const { promise, resolve } = Promise.withResolvers<AppendResult | null>()
    this.#waiting.set(id, resolve)
    this.#say({ type: 'store-events', id, events })
    const result = await promise
    if (result) return result
    throw new RecsysError('RECSYS_EVENTS_UNAVAILABLE', { message: 'the events could not be stored' })
  }

  stored(id: number, result: AppendResult | null): void {
    this.#waiting.get(id)?.(result)
    this.#waiting.delete(id)
  }
}
