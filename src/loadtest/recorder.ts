import { type LatencyCounts, LatencyHistogram } from './histogram.ts'
import { HistogramBlocks } from './histogram-blocks.ts'
import type {
  Distribution,
  FailureCount,
  LoadProgress,
  ModelCount,
  Outcome,
  SecondSample,
  TaskReport,
} from './types.ts'

/** More would be a server that makes names up; the rest is counted together. */
const maxDistinct = 200
const overflow = '(others)'
const maxExample = 300
/** In seconds, a sample each. */
const twoHours = 7200

/** What a thread recorded in a while. */
export interface Batch {
  readonly tallies: readonly {
    readonly name: string
    readonly latencies: LatencyCounts
    readonly failures: number
  }[]
  readonly failures: readonly FailureCount[]
  readonly models: readonly ModelCount[]
}

interface Tally {
  readonly latency: LatencyHistogram
  failures: number
}

/** Counts of outcomes: the present second on its own, merged into the whole when it is over. */
export class Recorder {
  readonly #names: readonly string[]
  readonly #mostSamples: number
  readonly #second: ReadonlyMap<string, Tally>
  readonly #whole: ReadonlyMap<string, Tally>
  readonly #failures = new Map<string, { count: number; example: string }>()
  readonly #models = new Map<string, number>()
  readonly #timeline: SecondSample[] = []
  readonly #blocks: ReadonlyMap<string, HistogramBlocks>

  /**
   * @param names        of all requests that will be recorded, in the order of the report
   * @param mostSamples  of the timeline, even; a longer run has its beginning in longer spans
   */
  constructor(names: readonly string[], mostSamples = twoHours) {
    this.#mostSamples = mostSamples
    this.#names = names
    this.#second = emptyTallies(names)
    this.#whole = emptyTallies(names)
    this.#blocks = new Map(names.map((name) => [name, new HistogramBlocks()]))
  }

  record(outcome: Outcome, path: string): void {
    const tally = tallyOf(this.#second, outcome.task)
    if (outcome.ok) {
      tally.latency.record(outcome.latencyUs)
      if (outcome.model !== undefined) this.#countModel(outcome.model)
    } else {
      tally.failures += 1
      this.#countFailure(outcome.kind, `${path}: ${outcome.detail}`)
    }
  }

  /** What was recorded since the last time, for the recorder of another thread. */
  takeBatch(): Batch {
    const tallies = this.#names.map((name) => {
      const { latency, failures } = tallyOf(this.#second, name)
      return { name, latencies: latency.counts(), failures }
    })
    const batch = { tallies, failures: this.failures(), models: this.models() }
    for (const tally of this.#second.values()) clear(tally)
    this.#failures.clear()
    this.#models.clear()
    return batch
  }

  absorb({ tallies, failures, models }: Batch): void {
    for (const { name, latencies, failures: count } of tallies) {
      const tally = tallyOf(this.#second, name)
      for (const [i, value] of latencies.valuesUs.entries()) tally.latency.add(value, latencies.counts[i]!)
      tally.failures += count
    }
    for (const { kind, count, example } of failures) this.#countFailure(kind, example, count)
    for (const { model, responses } of models) this.#countModel(model, responses)
  }

  /** Ends the present second and starts the next. */
  closeSecond(second: number, users: number): LoadProgress {
    const all = this.#summarise(this.#second)
    const sample = sampleOf(second, second - (this.#timeline.at(-1)?.second ?? 0), users, all)
    this.#timeline.push(sample)
    if (this.#timeline.length > this.#mostSamples) this.#halveTimeline()
    for (const name of this.#names) {
      const [own, whole] = [tallyOf(this.#second, name), tallyOf(this.#whole, name)]
      this.#blocks.get(name)?.add(own.latency)
      whole.latency.merge(own.latency)
      whole.failures += own.failures
      clear(own)
    }
    return { ...sample, ...this.reports(second) }
  }

  /** Everything up to the last closed second. */
  reports(elapsedSeconds: number): { tasks: TaskReport[]; all: TaskReport } {
    const tasks = this.#names.map((name) => taskReport(name, tallyOf(this.#whole, name), elapsedSeconds))
    return { tasks, all: taskReport('all', this.#summarise(this.#whole), elapsedSeconds) }
  }

  /**
   * As `reports`, and beside the latencies of each what they are with the requests that waiting users did not send.
   * @param thinkMs  between two requests of a user, on average
   */
  correctedReports(elapsedSeconds: number, thinkMs: number): { tasks: TaskReport[]; all: TaskReport } {
    const { tasks, all } = this.reports(elapsedSeconds)
    const whole = this.#summarise(this.#whole)
    const corrected = (latency: LatencyHistogram) => {
      return latency.count === 0
        ? null
        : latency.corrected(thinkMs + whole.latency.percentileMs(50)).summary()
    }
    return {
      tasks: tasks.map((task) => ({
        ...task,
        correctedMs: corrected(tallyOf(this.#whole, task.task).latency),
      })),
      all: { ...all, correctedMs: corrected(whole.latency) },
    }
  }

  get timeline(): readonly SecondSample[] {
    return this.#timeline
  }

  distributions(): Record<string, Distribution> {
    return Object.fromEntries(
      [...this.#blocks].map(([name, blocks]) => {
        const histogram = tallyOf(this.#whole, name).latency.encode()
        return [name, { histogram, blocks: blocks.encoded() }]
      }),
    )
  }

  /** Most frequent first. */
  failures(): FailureCount[] {
    const counts = [...this.#failures].map(([kind, { count, example }]) => ({ kind, count, example }))
    return counts.sort((a, b) => b.count - a.count)
  }

  /** In the order in which they were first seen. */
  models(): ModelCount[] {
    return [...this.#models].map(([model, responses]) => ({ model, responses }))
  }

  /** Neighbours become one from the oldest on; the newest keep their seconds until they are old. */
  #halveTimeline(): void {
    const old = this.#timeline.splice(0, this.#mostSamples >> 1)
    const merged = old.flatMap((sample, i) => (i % 2 === 0 ? [mergeSamples(sample, old[i + 1]!)] : []))
    this.#timeline.unshift(...merged)
  }

  #summarise(tallies: ReadonlyMap<string, Tally>): Tally {
    const all = emptyTally()
    for (const { latency, failures } of tallies.values()) {
      all.latency.merge(latency)
      all.failures += failures
    }
    return all
  }

  #countModel(model: string, n = 1): void {
    const key = bounded(this.#models, model)
    this.#models.set(key, (this.#models.get(key) ?? 0) + n)
  }

  #countFailure(kind: string, example: string, n = 1): void {
    const key = bounded(this.#failures, kind)
    const known = this.#failures.get(key)
    if (known) known.count += n
    else this.#failures.set(key, { count: n, example: example.slice(0, maxExample) })
  }
}

/** Percentiles of two spans are not known from those of each: the higher is kept. */
function mergeSamples(a: SecondSample, b: SecondSample): SecondSample {
  const higher = (x: number | null, y: number | null) =>
    x === null || y === null ? (x ?? y) : Math.max(x, y)
  const requests = a.requests + b.requests
  const seconds =
    (a.requestsPerSecond > 0 ? a.requests / a.requestsPerSecond : 0) +
    (b.requestsPerSecond > 0 ? b.requests / b.requestsPerSecond : 0)
  return {
    second: b.second,
    users: b.users,
    requests,
    requestsPerSecond: seconds > 0 ? requests / seconds : 0,
    failures: a.failures + b.failures,
    p50Ms: higher(a.p50Ms, b.p50Ms),
    p95Ms: higher(a.p95Ms, b.p95Ms),
  }
}

function bounded(counts: ReadonlyMap<string, unknown>, key: string): string {
  return counts.has(key) || counts.size < maxDistinct ? key : overflow
}

function clear(tally: Tally): void {
  tally.latency.reset()
  tally.failures = 0
}

function emptyTally(): Tally {
  return { latency: new LatencyHistogram(), failures: 0 }
}

function emptyTallies(names: readonly string[]): ReadonlyMap<string, Tally> {
  return new Map(names.map((name) => [name, emptyTally()]))
}

function tallyOf(tallies: ReadonlyMap<string, Tally>, name: string): Tally {
  const tally = tallies.get(name)
  if (tally === undefined) throw new Error(`no request is called ${name}`)
  return tally
}

function sampleOf(
  second: number,
  lengthS: number,
  users: number,
  { latency, failures }: Tally,
): SecondSample {
  const [p50Ms, p95Ms] = [50, 95].map((percent) => (latency.count ? latency.percentileMs(percent) : null))
  const requests = latency.count + failures
  const requestsPerSecond = lengthS > 0 ? requests / lengthS : 0
  return { second, users, requests, requestsPerSecond, failures, p50Ms: p50Ms ?? null, p95Ms: p95Ms ?? null }
}

function taskReport(task: TaskReport['task'], { latency, failures }: Tally, seconds: number): TaskReport {
  const requests = latency.count + failures
  return {
    task,
    requests,
    successes: latency.count,
    failures,
    successPercent: requests === 0 ? 0 : (100 * latency.count) / requests,
    requestsPerSecond: seconds > 0 ? requests / seconds : 0,
    latencyMs: latency.summary(),
  }
}
