import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Connection } from './connection.ts'
import { judgeGoals } from './goals.ts'
import { randomStream } from './random.ts'
import { Recorder } from './recorder.ts'
import { findTarget } from './target.ts'
import type { GeneratorHealth, LoadReport, LoadTestOptions, Target } from './types.ts'
import { VirtualUser } from './virtual-user.ts'

/**
 * Puts the load of many virtual users on a recommendation server and reports what it did.
 * Latencies are those of a closed loop: a user who waits for a slow answer asks less often.
 * @throws RECSYS_USAGE | RECSYS_TARGET_UNREACHABLE before any user starts
 */
export async function runLoadTest(options: LoadTestOptions): Promise<LoadReport> {
  const target = await findTarget(options)
  const startedAt = new Date()
  const recorder = new Recorder()
  const generator = watchGenerator()
  const crowd = new Crowd(options, target, recorder)
  const { elapsedMs, unfinished } = await crowd.run()
  return {
    ...described(options),
    startedAt: startedAt.toISOString(),
    elapsedMs,
    interrupted: options.signal?.aborted === true,
    ...outcome(options, recorder, elapsedMs),
    unfinished,
    generator: generator(elapsedMs),
  }
}

/** The users of one test: starts them at the spawn rate, closes each second, stops them at the end. */
class Crowd {
  readonly #options: LoadTestOptions
  readonly #target: Target
  readonly #recorder: Recorder
  readonly #users: VirtualUser[] = []
  readonly #runs: Promise<number>[] = []
  readonly #startedAtMs = performance.now()

  constructor(options: LoadTestOptions, target: Target, recorder: Recorder) {
    this.#options = options
    this.#target = target
    this.#recorder = recorder
  }

  async run(): Promise<{ elapsedMs: number; unfinished: number }> {
    const spawning = setInterval(() => this.#spawnDue(), spawnTickMs)
    const seconds = setInterval(() => this.#tick(), 1000)
    this.#spawnDue()
    const interrupted = await untilOver(this.#options)
    clearInterval(spawning)
    for (const user of this.#users) interrupted ? user.cutOff() : user.stop()
    const cutOffs = await this.#drained()
    clearInterval(seconds)
    this.#closeSecond()
    return { elapsedMs: this.#elapsedMs(), unfinished: cutOffs.reduce((sum, count) => sum + count, 0) }
  }

  /** Waits for requests in flight, each for its timeout at most, or until the signal cuts them off. */
  async #drained(): Promise<number[]> {
    const { signal } = this.#options
    const cutOff = () => {
      for (const user of this.#users) user.cutOff()
    }
    signal?.addEventListener('abort', cutOff, { once: true })
    const cutOffs = await Promise.all(this.#runs)
    signal?.removeEventListener('abort', cutOff)
    return cutOffs
  }

  /** As many users as the spawn rate owes by now; the first one at once. */
  #spawnDue(): void {
    const { users, spawnRate } = this.#options
    const due = Math.min(users, 1 + Math.floor((this.#elapsedMs() / 1000) * spawnRate))
    while (this.#users.length < due) this.#spawn(this.#users.length)
  }

  #spawn(index: number): void {
    const { population, k, waitMs, seed, timeoutMs } = this.#options
    const user = new VirtualUser({
      connection: new Connection(this.#target, timeoutMs),
      basePath: this.#target.basePath,
      population,
      k,
      waitMs,
      random: randomStream(seed, index),
      record: (outcome, path) => this.#recorder.record(outcome, path),
    })
    this.#users.push(user)
    this.#runs.push(user.run())
  }

  /** The last sample reaches to the end: one of some milliseconds would say nothing. */
  #tick(): void {
    if (this.#options.runTimeMs - this.#elapsedMs() > 500) this.#closeSecond()
  }

  #closeSecond(): void {
    const progress = this.#recorder.closeSecond(this.#elapsedMs() / 1000, this.#users.length)
    this.#options.onSecond?.(progress)
  }

  #elapsedMs(): number {
    return performance.now() - this.#startedAtMs
  }
}

/** Fine enough that 1,000 users a second still come as a stream. */
const spawnTickMs = 10

/** Resolves at the end of the run time, true when the signal came first. */
function untilOver({ runTimeMs, signal }: LoadTestOptions): Promise<boolean> {
  if (signal?.aborted) return Promise.resolve(true)
  return new Promise((resolve) => {
    const interrupt = () => {
      clearTimeout(timer)
      resolve(true)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', interrupt)
      resolve(false)
    }, runTimeMs)
    signal?.addEventListener('abort', interrupt, { once: true })
  })
}

function described({ url, users, spawnRate, waitMs, timeoutMs, k, seed }: LoadTestOptions) {
  return { url, users, spawnRate, waitMs, timeoutMs, k, seed }
}

function outcome({ goals }: LoadTestOptions, recorder: Recorder, elapsedMs: number) {
  const { all, tasks } = recorder.reports(elapsedMs / 1000)
  const results = judgeGoals(goals, all)
  return {
    all,
    tasks,
    failures: recorder.failures(),
    models: recorder.models(),
    goals: results,
    goalsMet: results.every(({ met }) => met),
    timeline: recorder.timeline,
    distributions: recorder.distributions(),
  }
}

const loopProbeMs = 10

function watchGenerator(): (elapsedMs: number) => GeneratorHealth {
  const delay = monitorEventLoopDelay({ resolution: loopProbeMs })
  const cpuAtStart = process.cpuUsage()
  delay.enable()
  return (elapsedMs) => {
    delay.disable()
    const { user, system } = process.cpuUsage(cpuAtStart)
    // What the monitor calls delay is the whole distance between two probes.
    const loopDelayP99Ms = Math.max(0, delay.percentile(99) / 1e6 - loopProbeMs)
    return { cpuPercent: (user + system) / 10 / elapsedMs, loopDelayP99Ms }
  }
}
