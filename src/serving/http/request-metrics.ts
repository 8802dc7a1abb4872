import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { EventType } from '../../registry/event-journal.ts'
import type { RedisOutcome } from '../cache/redis-cache.ts'
import type { ResponseCache } from '../cache/response-cache.ts'
import type { RankingSource } from '../types.ts'
import { latencyBuckets, type MetricsSnapshot, RequestCounts } from './request-counts.ts'

/** The counters of one request thread. The supervisor adds up all threads' snapshots. */
export interface RequestMetrics {
  /** @param route  its pattern, never the address: the number of time series must not grow with what clients send */
  observe(method: string, route: string, status: number, modelVersion: string, seconds: number): void
  countRanking(source: RankingSource): void
  /** Recommendations that a version has given. */
  countRecommendations(modelVersion: number, n: number): void
  /** @param modelVersion  of the recommendation that the event answers; null: of none */
  countEvent(type: EventType, modelVersion: number | null): void
  countCacheLookup(result: 'hit' | 'miss'): void
  /** What came of a look-up in Redis; skipped: it does not answer, and nobody waited. */
  countRedis(outcome: RedisOutcome): void
  /** What came of a ranking that was to be compared with that of the model in the shadow. */
  countShadow(outcome: 'compared' | 'failed' | 'skipped', overlap?: number, seconds?: number): void
  /** Shows from now on how full the cache is. */
  watchCache(cache: ResponseCache): void
  snapshot(): Promise<MetricsSnapshot>
}

export function createRequestMetrics(thread: string): RequestMetrics {
  const registry = new Registry()
  const registers = [registry]
  const requests = new RequestCounts()
  const rankings = new Counter({
    name: 'recsys_rankings_total',
    help: 'Rankings by where their items come from.',
    labelNames: ['source'],
    registers,
  })
  // Labels are resolved once: hashing them at every request costs more than the counting.
  const rankingsBy = {
    model: rankings.labels({ source: 'model' }),
    events: rankings.labels({ source: 'events' }),
    popular: rankings.labels({ source: 'popular' }),
    trending: rankings.labels({ source: 'trending' }),
    none: rankings.labels({ source: 'none' }),
  }
  const recommendations = new Counter({
    name: 'recsys_recommendations_total',
    help: 'Recommendations given, by model version: clicks among recsys_events_total over these are the click-through.',
    labelNames: ['model_version'],
    registers,
  })
  const events = new Counter({
    name: 'recsys_events_total',
    help: 'Events stored, by type and by the model version of the recommendation they answer.',
    labelNames: ['type', 'model_version'],
    registers,
  })
  const lookups = new Counter({
    name: 'recsys_cache_lookups_total',
    help: 'Look-ups of answers in the cache, by result.',
    labelNames: ['result'],
    registers,
  })
  const lookupsBy = { hit: lookups.labels({ result: 'hit' }), miss: lookups.labels({ result: 'miss' }) }
  const redis = new Counter({
    name: 'recsys_redis_lookups_total',
    help: 'Look-ups of answers in Redis, by outcome; skipped: it does not answer, and nobody waited.',
    labelNames: ['outcome'],
    registers,
  })
  const shadow = shadowMetrics(registers)
  watchThread(thread, registers)
  return {
    observe: (...request) => requests.observe(...request),
    countRanking: (source) => rankingsBy[source].inc(),
    countRecommendations: (version, n) => recommendations.inc({ model_version: version }, n),
    countEvent: (type, version) => events.inc({ type, model_version: version ?? '' }),
    countCacheLookup: (result) => lookupsBy[result].inc(),
    countRedis: (outcome) => redis.inc({ outcome }),
    countShadow: shadow,
    watchCache: (cache) => watchCache(cache, registers),
    snapshot: async () => [...requests.snapshot(), ...(await registry.getMetricsAsJSON())],
  }
}

function shadowMetrics(registers: Registry[]): RequestMetrics['countShadow'] {
  const outcomes = new Counter({
    name: 'recsys_shadow_rankings_total',
    help: 'Rankings by the model in the shadow, by outcome; skipped: left out under load.',
    labelNames: ['outcome'],
    registers,
  })
  const overlaps = new Histogram({
    name: 'recsys_shadow_overlap_ratio',
    help: 'Share of the items shown that the model in the shadow would have shown too.',
    buckets: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1],
    registers,
  })
  const durations = new Histogram({
    name: 'recsys_shadow_ranking_duration_seconds',
    help: 'Seconds that the model in the shadow took for a ranking.',
    buckets: latencyBuckets,
    registers,
  })
  return (outcome, overlap, seconds) => {
    outcomes.inc({ outcome })
    if (overlap !== undefined) overlaps.observe(overlap)
    if (seconds !== undefined) durations.observe(seconds)
  }
}

function watchCache(cache: ResponseCache, registers: Registry[]): void {
  new Gauge({
    name: 'recsys_cache_bytes',
    help: 'Bytes of the answers in the cache, all threads together.',
    registers,
    collect() {
      this.set(cache.size().bytes)
    },
  })
  new Gauge({
    name: 'recsys_cache_entries',
    help: 'Answers in the cache, all threads together.',
    registers,
    collect() {
      this.set(cache.size().entries)
    },
  })
}

/** How busy this thread's event loop is; each read covers the time since the one before. */
function watchThread(thread: string, registers: Registry[]): void {
  const delay = monitorEventLoopDelay({ resolution: 20 })
  delay.enable()
  let before = performance.eventLoopUtilization()
  new Gauge({
    name: 'recsys_thread_event_loop_delay_seconds',
    help: "How late the thread's event loop runs its timers, since the last scrape.",
    labelNames: ['thread', 'quantile'],
    registers,
    collect() {
      this.set({ thread, quantile: '0.5' }, delay.percentile(50) / 1e9)
      this.set({ thread, quantile: '0.99' }, delay.percentile(99) / 1e9)
      this.set({ thread, quantile: '1' }, delay.max / 1e9)
      delay.reset()
    },
  })
  new Gauge({
    name: 'recsys_thread_utilization_ratio',
    help: 'Share of the time since the last scrape that the event loop was busy.',
    labelNames: ['thread'],
    registers,
    collect() {
      const now = performance.eventLoopUtilization()
      this.set({ thread }, performance.eventLoopUtilization(now, before).utilization)
      before = now
    },
  })
}
