import type { Worker } from 'node:worker_threads'
import { RecsysError } from '../errors.ts'
import { startWorker } from '../host.ts'
import type { CrowdOutcome, CrowdStage } from './crowd.ts'
import type { LoopHealth } from './generator.ts'
import { LatencyHistogram } from './histogram.ts'
import type { Batch, Recorder } from './recorder.ts'
import type { ScenarioSource } from './scenario/types.ts'

/** What a thread of users is started with. */
export interface CrowdThreadData extends Omit<CrowdStage, 'scenario'> {
  readonly source: ScenarioSource
  /** Of all requests that are recorded. */
  readonly names: readonly string[]
}

export type ToCrowd = 'start' | 'cut-off' | { readonly users: number }

export type FromCrowd =
  | { readonly type: 'ready' }
  | { readonly type: 'batch'; readonly batch: Batch; readonly nUsers: number }
  | {
      readonly type: 'done'
      readonly unfinished: number
      readonly open: { planned: number; begun: number; lateness: string; raw: string } | null
      readonly health: LoopHealth
    }

type Done = Extract<FromCrowd, { type: 'done' }>

/** The users of a test in several threads: each has its own, and what they record is added up here, never averaged. */
export class CrowdThreads {
  readonly #recorder: Recorder
  readonly #workers: readonly Worker[]
  readonly #nUsers: number[]
  #health: LoopHealth = { loopDelayP99Ms: 0, utilization: 0 }

  constructor(data: Omit<CrowdThreadData, 'thread'>, recorder: Recorder) {
    this.#recorder = recorder
    this.#workers = Array.from({ length: data.nThreads }, (_, thread) => {
      const workerData: CrowdThreadData = { ...data, thread }
      return startWorker('loadtest/crowd-worker', { workerData })
    })
    this.#nUsers = this.#workers.map(() => 0)
  }

  /** At work when the threads last told. */
  get nUsers(): number {
    return this.#nUsers.reduce((sum, count) => sum + count, 0)
  }

  /** Of the thread that kept up worst. */
  get health(): LoopHealth {
    return this.#health
  }

  setUsers(users: number): void {
    this.#tell({ users })
  }

  /** @throws RECSYS_THREAD_DIED */
  async run(signal: AbortSignal): Promise<CrowdOutcome> {
    const ready = this.#workers.map((worker) => firstOf(worker, 'ready'))
    const done = this.#workers.map((worker, thread) => this.#follow(worker, thread))
    const cutOff = () => this.#tell('cut-off')
    try {
      await Promise.all(ready)
      this.#tell('start')
      if (signal.aborted) cutOff()
      signal.addEventListener('abort', cutOff, { once: true })
      return outcomeOf(await Promise.all(done))
    } finally {
      signal.removeEventListener('abort', cutOff)
      await Promise.all(this.#workers.map((worker) => worker.terminate()))
    }
  }

  #tell(message: ToCrowd): void {
    for (const worker of this.#workers) worker.postMessage(message)
  }

  async #follow(worker: Worker, thread: number): Promise<Done> {
    worker.on('message', (message: FromCrowd) => {
      if (message.type !== 'batch') return
      this.#recorder.absorb(message.batch)
      this.#nUsers[thread] = message.nUsers
    })
    const done = (await firstOf(worker, 'done')) as Done
    this.#health = {
      loopDelayP99Ms: Math.max(this.#health.loopDelayP99Ms, done.health.loopDelayP99Ms),
      utilization: Math.max(this.#health.utilization, done.health.utilization),
    }
    return done
  }
}

function firstOf(worker: Worker, type: FromCrowd['type']): Promise<FromCrowd> {
  return new Promise((resolve, reject) => {
    worker.on('message', (message: FromCrowd) => {
      if (message.type === type) resolve(message)
    })
    worker.once('error', reject)
    worker.once('exit', (code) => {
      reject(new RecsysError('RECSYS_THREAD_DIED', { message: `a thread of users ended with code ${code}` }))
    })
  })
}

function outcomeOf(all: readonly Done[]): CrowdOutcome {
  const sum = (of: (done: Done) => number) => all.reduce((total, done) => total + of(done), 0)
  const open = all.flatMap((done) => done.open ?? [])
  return {
    unfinished: sum(({ unfinished }) => unfinished),
    open:
      open.length === 0
        ? null
        : {
            planned: open.reduce((total, { planned }) => total + planned, 0),
            begun: open.reduce((total, { begun }) => total + begun, 0),
            lateness: merged(open.map(({ lateness }) => lateness)),
            raw: merged(open.map(({ raw }) => raw)),
          },
  }
}

function merged(encoded: readonly string[]): LatencyHistogram {
  const sum = new LatencyHistogram()
  for (const text of encoded) sum.merge(LatencyHistogram.decode(text))
  return sum
}
