import { setTimeout as delay } from 'node:timers/promises'
import { RecsysError } from '../../errors.ts'
import type { DashboardNews } from '../dashboard-line.ts'
import type { KnownKey } from '../http/known-key.ts'
import type { MetricsSnapshot } from '../http/request-counts.ts'
import type { LineUp, RequestThreadData } from '../messages.ts'
import type { NewItems } from '../shared/new-items.ts'
import type { ServerStatus } from '../types.ts'
import { addUp, countersOf } from './add-up.ts'
import { RequestThreadHandle, type ThreadCallbacks } from './request-thread-handle.ts'

export interface RequestThreadsOptions extends ThreadCallbacks {
  readonly nThreads: number
  /** Without number, model and status, which are the group's own affair. */
  readonly data: Omit<RequestThreadData, 'thread' | 'model' | 'trial' | 'newItems' | 'status' | 'keys'>
  readonly keys: readonly KnownKey[]
  readonly status: ServerStatus
  /** A thread died and another one is taking its place. */
  onRestart(): void
}

/** A thread that dies again within this time has its successor wait, twice as long each time. */
const settledAfterMs = 10_000
const firstRestartDelayMs = 100
const maxRestartDelayMs = 5000

/** The request threads as one: they share the port, change over together, and are replaced when they die. */
export class RequestThreads {
  readonly #options: RequestThreadsOptions
  readonly #threads = new Set<RequestThreadHandle>()
  #lineUp: LineUp | null = null
  #status: ServerStatus
  #keys: readonly KnownKey[]
  #newItems: NewItems | null = null
  #port: number
  #generation = 0
  #started = false
  #draining = false
  /** Counters of threads that are gone: sums must not fall when a thread dies. */
  #retired: MetricsSnapshot = []
  #restartDelayMs = firstRestartDelayMs

  /** @throws RECSYS_PORT_IN_USE and its like when one of them cannot listen; then none is left */
  static async start(options: RequestThreadsOptions): Promise<RequestThreads> {
    const threads = new RequestThreads(options)
    try {
      threads.#port = await threads.#spawn(1).listening
      const others = Array.from({ length: options.nThreads - 1 }, (_, i) => threads.#spawn(i + 2).listening)
      await Promise.all(others)
      threads.#started = true
      return threads
    } catch (error) {
      await threads.stop(0)
      throw error
    }
  }

  private constructor(options: RequestThreadsOptions) {
    this.#options = options
    this.#port = options.data.port
    this.#status = options.status
    this.#keys = options.keys
  }

  get port(): number {
    return this.#port
  }

  /** What is in service; null before the first model. */
  get lineUp(): LineUp | null {
    return this.#lineUp
  }

  /** The threads that are there, for those who want to see one die. */
  get members(): readonly RequestThreadHandle[] {
    return [...this.#threads]
  }

  /**
   * All threads build their view of the models and warm it up, then all take them into service.
   * @throws RECSYS_MODEL_UNFIT when a thread cannot; then every one of them keeps the old one
   */
  async changeOver(lineUp: LineUp): Promise<void> {
    const generation = ++this.#generation
    const problems = await Promise.all(this.members.map((thread) => thread.prepare(generation, lineUp)))
    const problem = problems.find((found) => found !== null)
    if (problem !== undefined) {
      for (const thread of this.#threads) thread.post({ type: 'abandon' })
      throw new RecsysError('RECSYS_MODEL_UNFIT', { message: `a request thread cannot use it: ${problem}` })
    }
    this.#lineUp = lineUp
    for (const thread of this.#threads) thread.post({ type: 'commit', generation, ...lineUp })
  }

  tell(status: ServerStatus): void {
    this.#status = status
    for (const thread of this.#threads) thread.post({ type: 'status', status })
  }

  /** From now on these keys are good, and no others. */
  useKeys(keys: readonly KnownKey[]): void {
    this.#keys = keys
    for (const thread of this.#threads) thread.post({ type: 'keys', keys })
  }

  /** Pages that follow the dashboard. */
  get nListeners(): number {
    return [...this.#threads].reduce((sum, { nListeners }) => sum + nListeners, 0)
  }

  tellNews(news: DashboardNews): void {
    for (const thread of this.#threads) if (thread.nListeners > 0) thread.post({ type: 'news', news })
  }

  /** What came after the training of the model in service. */
  useNewItems(items: NewItems): void {
    this.#newItems = items
    for (const thread of this.#threads) thread.post({ type: 'new-items', items })
  }

  /** Figures of every thread there is and of those there were. */
  async snapshots(): Promise<MetricsSnapshot[]> {
    const present = await Promise.all(this.members.map((thread) => thread.snapshot()))
    return [this.#retired, ...present]
  }

  /** Stops accepting and lets requests in flight finish; what is not done in time is cut off. */
  async stop(timeoutMs: number): Promise<void> {
    this.#draining = true
    for (const thread of this.#threads) thread.post({ type: 'drain', timeoutMs })
    const allExited = Promise.all(this.members.map((thread) => thread.exited))
    await Promise.race([allExited, delay(timeoutMs + 1000, undefined, { ref: false })])
    await Promise.all(this.members.map((thread) => thread.terminate()))
  }

  #spawn(number: number): RequestThreadHandle {
    const { data } = this.#options
    const own = {
      thread: number,
      port: this.#port,
      model: this.#lineUp?.model ?? null,
      trial: this.#lineUp?.trial ?? null,
      newItems: this.#newItems,
      status: this.#status,
      keys: this.#keys,
    }
    const thread = new RequestThreadHandle(number, { ...data, ...own }, this.#options)
    this.#threads.add(thread)
    const startedAt = performance.now()
    void thread.exited.then(() => this.#ended(thread, performance.now() - startedAt))
    return thread
  }

  async #ended(thread: RequestThreadHandle, lifeMs: number): Promise<void> {
    this.#threads.delete(thread)
    this.#retired = await addUp([this.#retired, countersOf(thread.lastSnapshot)]).getMetricsAsJSON()
    if (this.#draining || !this.#started) return
    const delayMs = lifeMs > settledAfterMs ? firstRestartDelayMs : this.#restartDelayMs
    this.#restartDelayMs = Math.min(2 * delayMs, maxRestartDelayMs)
    this.#options.log.error(
      { died: thread.number, delayMs },
      'request thread died; another one takes its place',
    )
    this.#options.onRestart()
    await delay(delayMs)
    if (!this.#draining) this.#spawn(thread.number)
  }
}
