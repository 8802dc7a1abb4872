import type { Worker } from 'node:worker_threads'
import { startWorker } from '../host.ts'
import type {
  DashboardAnswer,
  DashboardLine,
  DashboardQuestion,
  DashboardTopic,
} from '../serving/dashboard-line.ts'
import type { DashboardData, FromDashboard, ToDashboard } from './messages.ts'

/** Starts the thread behind the dashboard. A thread that dies is replaced at the next question. */
export function startDashboard(data: DashboardData): DashboardLine {
  return new DashboardThread(data)
}

class DashboardThread implements DashboardLine {
  readonly #data: DashboardData
  readonly #open = new Map<number, (answer: DashboardAnswer) => void>()
  #worker: Worker | undefined
  #onChange: ((topics: readonly DashboardTopic[]) => void) | undefined
  #last = 0

  constructor(data: DashboardData) {
    this.#data = data
  }

  ask(question: DashboardQuestion): Promise<DashboardAnswer> {
    const id = ++this.#last
    const { promise, resolve } = Promise.withResolvers<DashboardAnswer>()
    this.#open.set(id, resolve)
    this.#say({ type: 'ask', id, question })
    return promise
  }

  follow(onChange: (topics: readonly DashboardTopic[]) => void): void {
    this.#onChange = onChange
    this.#say({ type: 'follow', isFollowed: true })
  }

  unfollow(): void {
    this.#onChange = undefined
    this.#say({ type: 'follow', isFollowed: false })
  }

  async stop(): Promise<void> {
    const worker = this.#worker
    if (worker === undefined) return
    const exited = new Promise((resolve) => worker.once('exit', resolve))
    this.#say({ type: 'stop' })
    const late = setTimeout(() => void worker.terminate(), stopMs)
    await exited
    clearTimeout(late)
  }

  #say(message: ToDashboard): void {
    this.#worker ??= this.#start()
    this.#worker.postMessage(message)
  }

  #start(): Worker {
    const worker = startWorker('dashboard/dashboard-worker', { workerData: this.#data })
    worker.on('message', (message: FromDashboard) => {
      if (message.type === 'changed') this.#onChange?.(message.topics)
      else {
        this.#open.get(message.id)?.(message.answer)
        this.#open.delete(message.id)
      }
    })
    worker.on('error', (error) => this.#died(worker, String(error)))
    worker.on('exit', () => this.#died(worker, 'it ended'))
    return worker
  }

  #died(worker: Worker, why: string): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    const error = {
      code: 'RECSYS_THREAD_DIED',
      message: `the dashboard's thread died: ${why}`,
      remedy: 'Ask again.',
    }
    for (const resolve of this.#open.values()) resolve({ error })
    this.#open.clear()
    if (this.#onChange) this.follow(this.#onChange)
  }
}

/** A question that is being answered at the stop is cut off after this. */
const stopMs = 2000
