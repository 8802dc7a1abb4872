import type { LoadReport } from '../../src/loadtest/types.ts'

/** A small report with something in each of its parts. */
export function sampleReport(): LoadReport {
  const latencyMs = { p50: 1.5, p75: 2, p90: 3, p95: 4, p99: 8, max: 9.25 }
  const good = {
    requests: 6,
    successes: 6,
    failures: 0,
    successPercent: 100,
    requestsPerSecond: 3,
    latencyMs,
  }
  return {
    url: 'http://127.0.0.1:8000',
    scenario: 'recommendations',
    users: 2,
    spawnRate: 10,
    open: null,
    waitMs: [100, 500],
    timeoutMs: 5000,
    k: 10,
    seed: 42,
    startedAt: '2026-01-02T03:04:05.000Z',
    elapsedMs: 2000,
    interrupted: false,
    tasks: [
      { task: 'recommendations', ...good },
      {
        task: 'filtered',
        requests: 2,
        successes: 0,
        failures: 2,
        successPercent: 0,
        requestsPerSecond: 1,
        latencyMs: null,
      },
      { task: 'health', ...good },
    ],
    all: {
      task: 'all',
      ...good,
      requests: 14,
      successes: 12,
      failures: 2,
      successPercent: 85.71428571428571,
    },
    failures: [{ kind: 'status 500', count: 2, example: '/recommendations/1?k=10: oh' }],
    unfinished: 0,
    models: [{ model: 'recommender v3', responses: 6 }],
    goals: [
      { goal: 'p95 < 100 ms', actual: 4, met: true },
      { goal: 'success > 99.5 %', actual: 85.71428571428571, met: false },
    ],
    goalsMet: false,
    generator: { cpuPercent: 12, loopDelayP99Ms: 0.5, utilization: 0.1, valid: true, reasons: [] },
    timeline: [
      { second: 1, users: 1, requests: 4, requestsPerSecond: 4, failures: 0, p50Ms: 1, p95Ms: 2 },
      { second: 2, users: 2, requests: 10, requestsPerSecond: 10, failures: 2, p50Ms: 2, p95Ms: 4 },
    ],
    distributions: {},
  }
}
