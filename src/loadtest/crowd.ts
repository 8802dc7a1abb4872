import { ArrivalUser } from './arrival-user.ts'
import { ArrivalPlan } from './arrivals.ts'
import { Connection } from './connection.ts'
import { LatencyHistogram } from './histogram.ts'
import { randomStream } from './random.ts'
import type { Scenario } from './scenario/types.ts'
import { levelAt } from './stages.ts'
import type { LoadTestOptions, Outcome, Target } from './types.ts'
import { VirtualUser } from './virtual-user.ts'

/** What a thread has to know of a test. Can be sent to another thread. */
export type CrowdOptions = Pick<
  LoadTestOptions,
  'users' | 'spawnRate' | 'rate' | 'arrivals' | 'stages' | 'runTimeMs' | 'timeoutMs' | 'seed'
>

export interface CrowdStage {
  readonly options: CrowdOptions
  readonly target: Target
  readonly scenario: Scenario
  readonly waitMs: readonly [min: number, max: number]
  /** That every user starts with. */
  readonly values: Readonly<Record<string, unknown>>
  /** Of `nThreads` crowds this is number `thread`, from 0: every nThreads-th user or arrival is its own. */
  readonly thread: number
  readonly nThreads: number
}

/** What a crowd did beside what it recorded. */
export interface CrowdOutcome {
  /** Requests that were cut off. */
  readonly unfinished: number
  readonly open: OpenFigures | null
}

export interface OpenFigures {
  readonly planned: number
  readonly begun: number
  readonly lateness: LatencyHistogram
  readonly raw: LatencyHistogram
}

/** The users of one thread: starts them as they are due and stops them at the end. */
export class Crowd {
  readonly #stage: CrowdStage
  readonly #record: (outcome: Outcome, path: string) => void
  readonly #users: (VirtualUser | ArrivalUser)[] = []
  /** Those who were not told to stop. */
  readonly #active: (VirtualUser | ArrivalUser)[] = []
  readonly #open: { plan: ArrivalPlan; lateness: LatencyHistogram; raw: LatencyHistogram } | undefined
  readonly #runs: Promise<number>[] = []
  #startedAtMs = 0
  /** Asked for while the test runs: where the level goes to, and where it is. */
  #wanted: { users: number; level: number; atMs: number } | undefined

  constructor(stage: CrowdStage, record: (outcome: Outcome, path: string) => void) {
    this.#stage = stage
    this.#record = record
    const { rate, arrivals: law = 'constant', runTimeMs, seed, stages } = stage.options
    if (rate === undefined) return
    const { thread: first, nThreads: step } = stage
    const plan = new ArrivalPlan({
      rate,
      law,
      runTimeMs,
      stages,
      first,
      step,
      random: randomStream(seed, -2),
    })
    this.#open = { plan, lateness: new LatencyHistogram(), raw: new LatencyHistogram() }
  }

  /** At work now. */
  get nUsers(): number {
    return this.#active.length
  }

  /** Of all threads together. */
  setUsers(users: number): void {
    this.#wanted = { users, level: this.#dueUsers(), atMs: performance.now() }
  }

  /** @param signal  cuts off what is in flight */
  async run(signal: AbortSignal): Promise<CrowdOutcome> {
    this.#startedAtMs = performance.now()
    const spawning = setInterval(() => this.#spawnDue(), spawnTickMs)
    this.#spawnDue()
    const interrupted = await untilOver(this.#stage.options.runTimeMs, signal)
    clearInterval(spawning)
    // Arrivals that are due have to be served, however late: they end by themselves.
    for (const user of this.#users) {
      if (interrupted) user.cutOff()
      else if (this.#open === undefined) user.stop()
    }
    const cutOffs = await this.#drained(signal)
    return { unfinished: cutOffs.reduce((sum, count) => sum + count, 0), open: this.#openFigures() }
  }

  #openFigures(): OpenFigures | null {
    if (this.#open === undefined) return null
    const { plan, lateness, raw } = this.#open
    const begun = plan.nTaken
    while (plan.take());
    return { planned: plan.nTaken, begun, lateness, raw }
  }

  /** Waits for requests in flight, each for its timeout at most, or until the signal cuts them off. */
  async #drained(signal: AbortSignal): Promise<number[]> {
    const cutOff = () => {
      for (const user of this.#users) user.cutOff()
    }
    signal.addEventListener('abort', cutOff, { once: true })
    const cutOffs = await Promise.all(this.#runs)
    signal.removeEventListener('abort', cutOff)
    return cutOffs
  }

  /** As many users as are due by now; where stages go down the last ones stop. */
  #spawnDue(): void {
    const { thread, nThreads } = this.#stage
    const due = Math.max(0, Math.ceil((this.#dueUsers() - thread) / nThreads))
    while (this.#active.length > due) this.#active.pop()!.stop()
    while (this.#active.length < due) this.#spawn(thread + nThreads * this.#users.length)
  }

  /** Of all threads together. */
  #dueUsers(): number {
    const { users, spawnRate, stages } = this.#stage.options
    if (this.#open !== undefined) return users
    if (this.#wanted !== undefined) return Math.max(1, Math.round(this.#nextLevel(this.#wanted)))
    const elapsedMs = performance.now() - this.#startedAtMs
    if (stages !== undefined) return Math.max(1, Math.round(levelAt(stages, 1, elapsedMs)))
    return Math.min(users, 1 + Math.floor((elapsedMs / 1000) * spawnRate))
  }

  /** By the spawn rate nearer to what is wanted. */
  #nextLevel(wanted: { users: number; level: number; atMs: number }): number {
    const now = performance.now()
    const step = ((now - wanted.atMs) / 1000) * this.#stage.options.spawnRate
    wanted.atMs = now
    wanted.level += Math.max(-step, Math.min(step, wanted.users - wanted.level))
    return wanted.level
  }

  #spawn(index: number): void {
    const { options, target, scenario, waitMs, values } = this.#stage
    const newState = (stream: number) => ({
      index: stream,
      random: randomStream(options.seed, stream),
      values: { ...values },
    })
    const connection = new Connection(target, options.timeoutMs)
    const common = { connection, basePath: target.basePath, scenario, waitMs, record: this.#record }
    const user = this.#open
      ? new ArrivalUser({ ...common, ...this.#open, newState, startedAtMs: this.#startedAtMs })
      : new VirtualUser({ ...common, state: newState(index) })
    this.#users.push(user)
    this.#active.push(user)
    this.#runs.push(user.run())
  }
}

/** Fine enough that 1,000 users a second still come as a stream. */
const spawnTickMs = 10

/** Resolves at the end of the run time, true when the signal came first. */
function untilOver(runTimeMs: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(true)
  return new Promise((resolve) => {
    const interrupt = () => {
      clearTimeout(timer)
      resolve(true)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', interrupt)
      resolve(false)
    }, runTimeMs)
    signal.addEventListener('abort', interrupt, { once: true })
  })
}
