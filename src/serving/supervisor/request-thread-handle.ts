import { setTimeout as delay } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { RecsysError } from '../../errors.ts'
import { startWorker } from '../../host.ts'
import type { AppendResult, FeedbackEvent } from '../../registry/event-journal.ts'
import type { MetricsSnapshot } from '../http/request-counts.ts'
import type { Logger } from '../log.ts'
import type {
  Answer,
  FromRequestThread,
  LineUp,
  Question,
  RequestThreadData,
  ToRequestThread,
} from '../messages.ts'
import type { TrafficTally, VersionTally } from '../types.ts'
import { listenError } from './port.ts'

/** How long the supervisor waits for a thread that does not answer; a stuck thread must not hold up the others. */
const answerTimeoutMs = 10_000
const snapshotTimeoutMs = 1000

export interface ThreadCallbacks {
  readonly log: Logger
  answer(question: Question): Promise<Answer>
  storeEvents(events: readonly FeedbackEvent[]): Promise<AppendResult>
  /** What each version has done since the thread's last report. */
  tally(tallies: ReadonlyMap<number, VersionTally>, traffic: TrafficTally): void
  /** How many pages follow the dashboard, over all threads, has changed. */
  onListeners(): void
}

/** The supervisor's end of one request thread. */
export class RequestThreadHandle {
  readonly number: number
  /** The port it listens on; rejects when it cannot, or dies before. */
  readonly listening: Promise<number>
  readonly exited: Promise<unknown>
  /** What it counted when it was last asked. */
  lastSnapshot: MetricsSnapshot = []
  /** Pages that follow the dashboard by this thread. */
  nListeners = 0
  readonly #worker: Worker
  readonly #callbacks: ThreadCallbacks
  readonly #listening = Promise.withResolvers<number>()
  readonly #prepared = new Map<number, (problem: string | null) => void>()
  #snapshotWaiter: (() => void) | undefined

  constructor(number: number, data: RequestThreadData, callbacks: ThreadCallbacks) {
    this.number = number
    this.#callbacks = callbacks
    this.listening = this.#listening.promise
    this.#worker = startWorker('serving/request-worker', { workerData: data })
    this.#worker.on('message', (message: FromRequestThread) => this.#receive(message, data))
    this.#worker.on('error', (error) =>
      callbacks.log.error({ err: error, died: number }, 'request thread failed'),
    )
    this.exited = new Promise((resolve) => this.#worker.once('exit', resolve)).then(() => this.#settle())
    // A replacement that cannot listen has nobody waiting for it.
    this.listening.catch(() => undefined)
  }

  post(message: ToRequestThread): void {
    this.#worker.postMessage(message)
  }

  /** @returns what keeps the thread from using the model, null when nothing does or the thread is gone */
  async prepare(generation: number, lineUp: LineUp): Promise<string | null> {
    const { promise, resolve } = Promise.withResolvers<string | null>()
    this.#prepared.set(generation, resolve)
    this.post({ type: 'prepare', generation, ...lineUp })
    const problem = await Promise.race([promise, delay(answerTimeoutMs, null, { ref: false })])
    this.#prepared.delete(generation)
    return problem
  }

  /** Fresh figures, or the last ones from a thread that is too busy. */
  async snapshot(): Promise<MetricsSnapshot> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#snapshotWaiter = resolve
    this.post({ type: 'collect' })
    await Promise.race([promise, this.exited, delay(snapshotTimeoutMs, undefined, { ref: false })])
    return this.lastSnapshot
  }

  /** Ends the thread at once, with whatever it is doing. */
  async terminate(): Promise<void> {
    await this.#worker.terminate()
  }

  #receive(message: FromRequestThread, { host, port }: RequestThreadData): void {
    switch (message.type) {
      case 'listening':
        this.#listening.resolve(message.port)
        break
      case 'listen-failed':
        this.#listening.reject(listenError(message.code, message.message, host, port))
        break
      case 'tracing-failed':
        this.#listening.reject(
          new RecsysError('RECSYS_USAGE', { message: message.message, field: 'tracing' }),
        )
        break
      case 'prepared':
        this.#prepared.get(message.generation)?.(message.problem)
        break
      case 'snapshot':
        this.lastSnapshot = message.metrics
        this.#snapshotWaiter?.()
        break
      case 'store-events':
        void this.#store(message.id, message.events)
        break
      case 'tally':
        this.#callbacks.tally(message.tallies, message.traffic)
        break
      case 'listeners':
        this.nListeners = message.count
        this.#callbacks.onListeners()
        break
      case 'ask':
        void this.#answer(message.id, message.question)
        break
    }
  }

  async #answer(id: number, question: Question): Promise<void> {
    this.post({ type: 'answer', id, answer: await this.#callbacks.answer(question) })
  }

  /** What went wrong is in the log; the client learns that nothing was stored. */
  async #store(id: number, events: readonly FeedbackEvent[]): Promise<void> {
    const result = await this.#callbacks.storeEvents(events).catch(() => null)
    this.post({ type: 'events-stored', id, result })
  }

  #settle(): void {
    const death = new RecsysError('RECSYS_THREAD_DIED', { message: `request thread ${this.number} ended` })
    this.#listening.reject(death)
    for (const resolve of this.#prepared.values()) resolve(null)
  }
}
