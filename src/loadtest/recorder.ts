import { LatencyHistogram } from './histogram.ts'
import { HistogramBlocks } from './histogram-blocks.ts'
import { taskNames } from './scenario.ts'
import type {
  Distribution,
  FailureCount,
  LoadProgress,
  ModelCount,
  Outcome,
  SecondSample,
  TaskName,
  TaskReport,
} from './types.ts'

/** More would be a server that makes names up; the rest is counted together. */
const maxDistinct = 200
const overflow = '(others)'
const maxExample = 300

interface Tally {
  readonly latency: LatencyHistogram
  failures: number
}

/** Counts of outcomes: the present second on its own, merged into the whole when it is over. */
export class Recorder {
  readonly #second = emptyTallies()
  readonly #whole = emptyTallies()
  readonly #failures = new Map<string, { count: number; example: string }>()
  readonly #models = new Map<string, number>()
  readonly #timeline: SecondSample[] = []
  readonly #blocks = new Map(taskNames.map((task) => [task, new HistogramBlocks()]))

  record(outcome: Outcome, path: string): void {
    const tally = this.#second[outcome.task]
    if (outcome.ok) {
      tally.latency.record(outcome.latencyUs)
      if (outcome.model !== undefined) this.#countModel(outcome.model)
    } else {
      tally.failures += 1
      this.#countFailure(outcome.kind, `${path}: ${outcome.detail}`)
    }
  }

  /** Ends the present second and starts the next. */
  closeSecond(second: number, users: number): LoadProgress {
    const all = this.#summarise(this.#second)
    const sample = sampleOf(second, second - (this.#timeline.at(-1)?.second ?? 0), users, all)
    this.#timeline.push(sample)
    for (const task of taskNames) {
      this.#blocks.get(task)!.add(this.#second[task].latency)
      this.#whole[task].latency.merge(this.#second[task].latency)
      this.#whole[task].failures += this.#second[task].failures
      this.#second[task].latency.reset()
      this.#second[task].failures = 0
    }
    return { ...sample, ...this.reports(second) }
  }

  /** Everything up to the last closed second. */
  reports(elapsedSeconds: number): { tasks: TaskReport[]; all: TaskReport } {
    const tasks = taskNames.map((task) => taskReport(task, this.#whole[task], elapsedSeconds))
    return { tasks, all: taskReport('all', this.#summarise(this.#whole), elapsedSeconds) }
  }

  get timeline(): readonly SecondSample[] {
    return this.#timeline
  }

  distributions(): Record<string, Distribution> {
    return Object.fromEntries(
      taskNames.map((task) => {
        const histogram = this.#whole[task].latency.encode()
        return [task, { histogram, blocks: this.#blocks.get(task)!.encoded() }]
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

  #summarise(tallies: Record<TaskName, Tally>): Tally {
    const all = emptyTally()
    for (const task of taskNames) {
      all.latency.merge(tallies[task].latency)
      all.failures += tallies[task].failures
    }
    return all
  }

  #countModel(model: string): void {
    const key = bounded(this.#models, model)
    this.#models.set(key, (this.#models.get(key) ?? 0) + 1)
  }

  #countFailure(kind: string, example: string): void {
    const key = bounded(this.#failures, kind)
    const known = this.#failures.get(key)
    if (known) known.count += 1
    else this.#failures.set(key, { count: 1, example: example.slice(0, maxExample) })
  }
}

function bounded(counts: ReadonlyMap<string, unknown>, key: string): string {
  return counts.has(key) || counts.size < maxDistinct ? key : overflow
}

function emptyTally(): Tally {
  return { latency: new LatencyHistogram(), failures: 0 }
}

function emptyTallies(): Record<TaskName, Tally> {
  return { recommendations: emptyTally(), filtered: emptyTally(), health: emptyTally() }
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
