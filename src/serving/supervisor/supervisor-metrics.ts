import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { MetricsSnapshot } from '../http/request-counts.ts'
import type { ReloadOutcome, ServerStatus } from '../types.ts'
import { addUp } from './add-up.ts'

/** What the supervisor itself counts: change-overs, their durations, the state, the process. */
export class SupervisorMetrics {
  readonly #registry = new Registry()
  readonly #reloads: Counter
  readonly #reloadSeconds: Histogram
  readonly #restarts: Counter

  constructor(status: () => ServerStatus) {
    const registers = [this.#registry]
    collectDefaultMetrics({ register: this.#registry })
    this.#reloads = new Counter({
      name: 'recsys_model_reloads_total',
      help: 'Attempts to change over to another model, by outcome.',
      labelNames: ['outcome'],
      registers,
    })
    this.#reloads.inc({ outcome: 'swapped' }, 0)
    this.#reloads.inc({ outcome: 'failed' }, 0)
    this.#reloadSeconds = new Histogram({
      name: 'recsys_model_reload_duration_seconds',
      help: 'From the decision to load until every thread has changed over.',
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
      registers,
    })
    this.#restarts = new Counter({
      name: 'recsys_request_thread_restarts_total',
      help: 'Request threads that died and were replaced.',
      registers,
    })
    gaugeOf(registers, 'recsys_ready', 'Is a model in service?', () => Number(status().model !== null))
    gaugeOf(registers, 'recsys_model_reload_failing', 'Did the last attempt fail?', () =>
      Number(status().failure !== null),
    )
    gaugeOf(registers, 'recsys_request_threads', 'Request threads.', () => status().nThreads)
    modelGauge(registers, status)
  }

  countReload(outcome: ReloadOutcome): void {
    if (outcome.outcome === 'unchanged') return
    this.#reloads.inc({ outcome: outcome.outcome })
    if (outcome.outcome === 'swapped') this.#reloadSeconds.observe(outcome.load.totalMs / 1000)
  }

  countRestart(): void {
    this.#restarts.inc()
  }

  /** The text that Prometheus scrapes: this thread's figures and the sums of the request threads'. */
  async text(requestThreads: readonly MetricsSnapshot[]): Promise<string> {
    return addUp([await this.#registry.getMetricsAsJSON(), ...requestThreads]).metrics()
  }
}

function gaugeOf(registers: Registry[], name: string, help: string, value: () => number): void {
  new Gauge({
    name,
    help,
    registers,
    collect() {
      this.set(value())
    },
  })
}

/** The version in service as a value, so that a graph shows the change; 0 for a popularity model made on the spot. */
function modelGauge(registers: Registry[], status: () => ServerStatus): void {
  new Gauge({
    name: 'recsys_model_version',
    help: 'The model version in service; 0 for popular items made on the spot.',
    labelNames: ['name', 'run', 'algorithm', 'source'],
    registers,
    collect() {
      this.reset()
      const { model } = status()
      if (model === null) return
      const { name, version, runId, algorithm, source } = model
      this.set({ name, run: runId ?? '', algorithm, source }, version ?? 0)
    },
  })
}

/** Answers that were kept for equal requests, over all threads since the start. */
export function cacheLookups(snapshots: readonly MetricsSnapshot[]): { hits: number; misses: number } {
  const counts = { hits: 0, misses: 0 }
  for (const { values } of snapshots.flat().filter(({ name }) => name === 'recsys_cache_lookups_total')) {
    for (const { labels, value } of values) {
      if (labels.result === 'hit') counts.hits += value
      else counts.misses += value
    }
  }
  return counts
}
