import { RecsysError } from '../errors.ts'
import { ArrivalUser } from './arrival-user.ts'
import { ArrivalPlan } from './arrivals.ts'
import { Connection } from './connection.ts'
import { watchGenerator } from './generator.ts'
import { judgeGoals, requireRequests } from './goals.ts'
import { LatencyHistogram } from './histogram.ts'
import { randomStream } from './random.ts'
import { Recorder } from './recorder.ts'
import { compileScenario } from './scenario/compile.ts'
import type { Scenario, ScenarioSource, Step } from './scenario/types.ts'
import { levelAt } from './stages.ts'
import { findTarget } from './target.ts'
import type { LoadProgress, LoadReport, LoadTestOptions, OpenModelReport, Outcome, Target } from './types.ts'
import { takeStep, VirtualUser } from './virtual-user.ts'

/**
 * Puts the load of many virtual users on a server and reports what it did. Without a rate latencies are those of a closed loop:
 * a user who waits for a slow answer asks less often. With one, arrivals are due whatever the server does.
 * @throws RECSYS_USAGE | RECSYS_TARGET_UNREACHABLE | RECSYS_SCENARIO_SETUP before any user starts
 */
export async function runLoadTest(options: LoadTestOptions, source: ScenarioSource): Promise<LoadReport> {
  const target = await findTarget(options)
  const scenario = await compileScenario(source)
  requireRequests(options.goals, namesUnderLoad(scenario))
  const { waitMs = scenario.waitMs ?? usualWaitMs } = options
  const stage = { options, target, scenario, waitMs }
  const values = await takeSteps(scenario.setup, {}, stage)
  const startedAt = new Date()
  const recorder = new Recorder(namesUnderLoad(scenario))
  const generator = watchGenerator()
  const crowd = new Crowd(stage, values, recorder)
  const { elapsedMs, unfinished } = await crowd.run()
  const open = crowd.openReport()
  const health = generator(elapsedMs, open)
  await takeSteps(scenario.teardown, values, stage)
  const thinkMs = open === null ? (waitMs[0] + waitMs[1]) / 2 : undefined
  const results = outcome(options, recorder, elapsedMs, thinkMs)
  return {
    ...described(stage),
    startedAt: startedAt.toISOString(),
    elapsedMs,
    interrupted: options.signal?.aborted === true,
    aborted: crowd.aborted,
    ...results,
    goalsMet: results.goalsMet && health.valid,
    unfinished,
    open,
    generator: health,
  }
}

/** What a person at a page needs to read and to click. */
const usualWaitMs = [100, 500] as const

/** Setup and teardown may have requests of their own, which are not measured. */
function namesUnderLoad({ requestNames, tasks }: Scenario): string[] {
  const asked = new Set(tasks.flatMap(({ steps }) => steps.map(({ request }) => request)))
  return requestNames.filter((_, request) => asked.has(request))
}

interface OpenModel {
  readonly plan: ArrivalPlan
  readonly lateness: LatencyHistogram
  readonly raw: LatencyHistogram
}

function openModel({
  rate,
  arrivals: law = 'constant',
  runTimeMs,
  seed,
  stages,
}: LoadTestOptions): OpenModel | undefined {
  if (rate === undefined) return undefined
  const plan = new ArrivalPlan({ rate, law, runTimeMs, stages, random: randomStream(seed, -2) })
  return { plan, lateness: new LatencyHistogram(), raw: new LatencyHistogram() }
}

function reportOfOpen(
  { plan, lateness, raw }: OpenModel,
  { rate = 0, arrivals = 'constant' }: LoadTestOptions,
): OpenModelReport {
  const begun = plan.nTaken
  while (plan.take());
  const [latenessMs, rawLatencyMs] = [lateness.summary(), raw.summary()]
  return { rate, arrivals, planned: plan.nTaken, begun, latenessMs, rawLatencyMs }
}

/** Where a test takes place. */
interface Stage {
  readonly options: LoadTestOptions
  readonly target: Target
  readonly scenario: Scenario
  readonly waitMs: readonly [min: number, max: number]
}

/**
 * Setup or teardown, one step after the other; not part of what is measured.
 * @returns the values with what the steps carried over
 * @throws RECSYS_SCENARIO_SETUP
 */
async function takeSteps(
  steps: readonly Step[],
  given: Readonly<Record<string, unknown>>,
  { options, target, scenario }: Stage,
): Promise<Readonly<Record<string, unknown>>> {
  const state = { index: 0, random: randomStream(options.seed, -1), values: { ...given } }
  const connection = new Connection(target, options.timeoutMs)
  try {
    for (const step of steps) {
      const { basePath } = target
      const { outcome, path } = await takeStep(step, { connection, basePath, scenario, state })
      if (outcome?.ok) continue
      const why = outcome ? `${outcome.kind}: ${outcome.detail.slice(0, 200)}` : 'cut off'
      const name = scenario.requestNames[step.request]
      throw new RecsysError('RECSYS_SCENARIO_SETUP', { message: `${name} (${path}) failed with ${why}` })
    }
  } finally {
    connection.discard()
  }
  return state.values
}

/** The users of one test: starts them at the spawn rate, closes each second, stops them at the end. */
class Crowd {
  readonly #stage: Stage
  readonly #options: LoadTestOptions
  readonly #values: Readonly<Record<string, unknown>>
  readonly #recorder: Recorder
  readonly #users: (VirtualUser | ArrivalUser)[] = []
  /** Those who were not told to stop. */
  readonly #active: (VirtualUser | ArrivalUser)[] = []
  readonly #open: OpenModel | undefined
  readonly #runs: Promise<number>[] = []
  readonly #startedAtMs = performance.now()
  readonly #abort = new AbortController()
  /** Seconds in a row in which goals were missed. */
  #missed = 0
  #aborted: string | null = null

  /** @param values  that every user starts with */
  constructor(stage: Stage, values: Readonly<Record<string, unknown>>, recorder: Recorder) {
    this.#stage = stage
    this.#options = stage.options
    this.#values = values
    this.#recorder = recorder
    this.#open = openModel(stage.options)
  }

  /** The goals for which the test was ended early. */
  get aborted(): string | null {
    return this.#aborted
  }

  openReport(): OpenModelReport | null {
    return this.#open ? reportOfOpen(this.#open, this.#options) : null
  }

  async run(): Promise<{ elapsedMs: number; unfinished: number }> {
    const spawning = setInterval(() => this.#spawnDue(), spawnTickMs)
    const seconds = setInterval(() => this.#tick(), 1000)
    this.#spawnDue()
    const interrupted = await untilOver(this.#options, this.#abort.signal)
    clearInterval(spawning)
    // Arrivals that are due have to be served, however late: they end by themselves.
    for (const user of this.#users) {
      if (interrupted) user.cutOff()
      else if (this.#open === undefined) user.stop()
    }
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

  /** As many users as are due by now; where stages go down the last ones stop. */
  #spawnDue(): void {
    const due = this.#dueUsers()
    while (this.#active.length > due) this.#active.pop()!.stop()
    while (this.#active.length < due) this.#spawn(this.#users.length)
  }

  #dueUsers(): number {
    const { users, spawnRate, stages } = this.#options
    if (this.#open !== undefined) return users
    const elapsedMs = this.#elapsedMs()
    if (stages !== undefined) return Math.max(1, Math.round(levelAt(stages, 1, elapsedMs)))
    return Math.min(users, 1 + Math.floor((elapsedMs / 1000) * spawnRate))
  }

  #spawn(index: number): void {
    const { seed, timeoutMs } = this.#options
    const { target, scenario, waitMs } = this.#stage
    const newState = (stream: number) => ({
      index: stream,
      random: randomStream(seed, stream),
      values: { ...this.#values },
    })
    const common = {
      connection: new Connection(target, timeoutMs),
      basePath: target.basePath,
      scenario,
      waitMs,
      record: (outcome: Outcome, path: string) => this.#recorder.record(outcome, path),
    }
    const user = this.#open
      ? new ArrivalUser({ ...common, ...this.#open, newState, startedAtMs: this.#startedAtMs })
      : new VirtualUser({ ...common, state: newState(index) })
    this.#users.push(user)
    this.#active.push(user)
    this.#runs.push(user.run())
  }

  /** The last sample reaches to the end: one of some milliseconds would say nothing. */
  #tick(): void {
    if (this.#options.runTimeMs - this.#elapsedMs() > 500) this.#closeSecond()
  }

  #closeSecond(): void {
    const progress = this.#recorder.closeSecond(this.#elapsedMs() / 1000, this.#active.length)
    this.#options.onSecond?.(progress)
    this.#judge(progress)
  }

  /** Rates are judged at the end alone: they have to rise first. */
  #judge({ second, tasks, all }: LoadProgress): void {
    const { goals, abortOnFail } = this.#options
    if (!abortOnFail || second < rampSeconds(this.#options) + abortAfter) return
    const judged = goals.filter(({ measure }) => measure !== 'rps')
    const missed = judgeGoals(judged, [...tasks, all]).filter(({ met, actual }) => !met && actual !== null)
    this.#missed = missed.length > 0 ? this.#missed + 1 : 0
    if (this.#missed < abortAfter) return
    this.#aborted = missed.map(({ goal, actual }) => `${goal}, got ${actual?.toFixed(2)}`).join('; ')
    this.#abort.abort()
  }

  #elapsedMs(): number {
    return performance.now() - this.#startedAtMs
  }
}

function rampSeconds({ users, spawnRate, stages, rate }: LoadTestOptions): number {
  return stages !== undefined || rate !== undefined ? 0 : users / spawnRate
}

/** Seconds in a row in which a goal has to be missed, and seconds at full load before it is looked at. */
const abortAfter = 3

/** Fine enough that 1,000 users a second still come as a stream. */
const spawnTickMs = 10

/** Resolves at the end of the run time, true when the signal came first. */
function untilOver({ runTimeMs, signal: given }: LoadTestOptions, own: AbortSignal): Promise<boolean> {
  const signal = given ? AbortSignal.any([given, own]) : own
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

function described({ options, scenario, waitMs }: Stage) {
  const { url, users, spawnRate, timeoutMs, k, seed } = options
  return { url, scenario: scenario.name, users, spawnRate, waitMs, timeoutMs, k, seed }
}

/** @param thinkMs  of the closed model, whose latencies are corrected by it */
function outcome(
  { goals }: LoadTestOptions,
  recorder: Recorder,
  elapsedMs: number,
  thinkMs: number | undefined,
) {
  const seconds = elapsedMs / 1000
  const { all, tasks } =
    thinkMs === undefined ? recorder.reports(seconds) : recorder.correctedReports(seconds, thinkMs)
  const results = judgeGoals(goals, [...tasks, all])
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
