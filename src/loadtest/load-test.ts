import { RecsysError } from '../errors.ts'
import { Connection } from './connection.ts'
import { Crowd, type CrowdOutcome, type OpenFigures } from './crowd.ts'
import { CrowdThreads } from './crowd-threads.ts'
import { watchGenerator, watchLoop } from './generator.ts'
import { judgeGoals, requireRequests } from './goals.ts'
import { randomStream } from './random.ts'
import { Recorder } from './recorder.ts'
import { compileScenario } from './scenario/compile.ts'
import type { Scenario, ScenarioSource, Step } from './scenario/types.ts'
import { findTarget } from './target.ts'
import type { LoadProgress, LoadReport, LoadTestOptions, OpenModelReport, Target } from './types.ts'
import { takeStep } from './virtual-user.ts'

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
  const names = namesUnderLoad(scenario)
  const recorder = new Recorder(names)
  const generator = watchGenerator()
  const loop = watchLoop()
  const nThreads = Math.min(options.threads ?? 1, options.users)
  const { signal: _, onSecond: __, onStart: ___, ...sendable } = options
  const common = { options: sendable, target, waitMs, values, nThreads }
  const crowd =
    nThreads === 1
      ? new Crowd({ ...common, scenario, thread: 0 }, (each, path) => recorder.record(each, path))
      : new CrowdThreads({ ...common, source, names }, recorder)
  const conductor = new Conductor(options, crowd, recorder)
  options.onStart?.({ setUsers: (users) => crowd.setUsers(users) })
  const { elapsedMs, unfinished, open: figures } = await conductor.run()
  const open = reportOfOpen(figures, options)
  const health = generator(elapsedMs, crowd instanceof CrowdThreads ? crowd.health : loop(), open)
  await takeSteps(scenario.teardown, values, stage)
  const thinkMs = open === null ? (waitMs[0] + waitMs[1]) / 2 : undefined
  const results = outcome(options, recorder, elapsedMs, thinkMs)
  return {
    ...described(stage),
    startedAt: startedAt.toISOString(),
    elapsedMs,
    interrupted: options.signal?.aborted === true,
    aborted: conductor.aborted,
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

function reportOfOpen(
  open: OpenFigures | null,
  { rate = 0, arrivals = 'constant' }: LoadTestOptions,
): OpenModelReport | null {
  if (open === null) return null
  const { planned, begun, lateness, raw } = open
  const histograms = { lateness: lateness.encode(), raw: raw.encode() }
  const [latenessMs, rawLatencyMs] = [lateness.summary(), raw.summary()]
  return { rate, arrivals, planned, begun, latenessMs, rawLatencyMs, histograms }
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

/** Leads one test: closes each second, and ends it early where goals are missed or the caller wants it to. */
class Conductor {
  readonly #options: LoadTestOptions
  readonly #recorder: Recorder
  readonly #crowd: Crowd | CrowdThreads
  readonly #abort = new AbortController()
  #startedAtMs = 0
  /** Seconds in a row in which goals were missed. */
  #missed = 0
  #aborted: string | null = null

  constructor(options: LoadTestOptions, crowd: Crowd | CrowdThreads, recorder: Recorder) {
    this.#options = options
    this.#crowd = crowd
    this.#recorder = recorder
  }

  /** The goals for which the test was ended early. */
  get aborted(): string | null {
    return this.#aborted
  }

  async run(): Promise<CrowdOutcome & { readonly elapsedMs: number }> {
    const { signal } = this.#options
    this.#startedAtMs = performance.now()
    const seconds = setInterval(() => this.#tick(), 1000)
    try {
      const { signal: own } = this.#abort
      const outcome = await this.#crowd.run(signal ? AbortSignal.any([signal, own]) : own)
      this.#closeSecond()
      return { ...outcome, elapsedMs: this.#elapsedMs() }
    } finally {
      clearInterval(seconds)
    }
  }

  /** The last sample reaches to the end: one of some milliseconds would say nothing. */
  #tick(): void {
    if (this.#options.runTimeMs - this.#elapsedMs() > 500) this.#closeSecond()
  }

  #closeSecond(): void {
    const progress = this.#recorder.closeSecond(this.#elapsedMs() / 1000, this.#crowd.nUsers)
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
