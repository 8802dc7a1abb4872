import type { Worker } from 'node:worker_threads'
import { startWorker } from '../../host.ts'
import type { Logger } from '../log.ts'
import type { NewItemsData } from '../messages.ts'
import type { NewItems } from '../shared/new-items.ts'
import type { SharedModel } from '../shared/shared-model.ts'

export interface NewItemsThreadOptions {
  readonly dataDir: string
  readonly intervalMs: number
  readonly log: Logger
  onFound(items: NewItems): void
}

/**
 * The thread that folds items which came after the training into the model in service. There is one only while events come:
 * most servers never need it.
 */
export class NewItemsThread {
  readonly #options: NewItemsThreadOptions
  #model: SharedModel | undefined
  #worker: Worker | undefined
  #hasEvents = false

  constructor(options: NewItemsThreadOptions) {
    this.#options = options
  }

  /** There are events that it should look at. */
  eventsCame(): void {
    this.#hasEvents = true
    if (this.#worker === undefined) this.#start()
  }

  /** Another model is in service: what it does not know is found anew. */
  follow(model: SharedModel): void {
    this.#model = model
    if (this.#worker) void endWhenReady(this.#worker)
    this.#worker = undefined
    this.#start()
  }

  async stop(): Promise<void> {
    this.#model = undefined
    if (this.#worker) await endWhenReady(this.#worker)
  }

  #start(): void {
    const { dataDir, intervalMs, log, onFound } = this.#options
    const model = this.#model
    if (
      !this.#hasEvents ||
      model === undefined ||
      model.rankedBy !== 'factors' ||
      model.identity.source === 'popular'
    )
      return
    const workerData: NewItemsData = { dataDir, model, intervalMs }
    const worker = startWorker('serving/new-items-worker', { workerData })
    this.#worker = worker
    worker.on('message', (items: NewItems | 'ready') => {
      if (items === 'ready') ready.add(worker)
      else if (items.key === this.#model?.key) onFound(items)
    })
    // It is looked after again when the next events come.
    worker.on('error', (error) => {
      log.warn({ err: error }, 'new items cannot be folded in')
      if (this.#worker === worker) this.#worker = undefined
    })
    worker.unref()
  }
}

/** Threads that have loaded what they need. */
const ready = new WeakSet<Worker>()

/** A thread that is ended while it loads SQLite takes the whole process with it: it is let come so far first. */
async function endWhenReady(worker: Worker): Promise<void> {
  const isGone = worker.threadId < 0
  if (!ready.has(worker) && !isGone) {
    await new Promise<void>((resolve) => {
      worker.once('message', () => resolve())
      worker.once('exit', () => resolve())
    })
  }
  await worker.terminate()
}
