import { RecsysError } from '../errors.ts'
import { openRegistry } from '../registry/registry.ts'
import type { AttachedLoadTest, MetricValues } from '../registry/types.ts'

/** What a promotion wants to know of a load test; the report of `recsys loadtest` has all of it and more. */
export interface LoadTestOutcome {
  readonly users: number
  readonly interrupted: boolean
  readonly aborted?: string | null
  /** Whether the generator kept up; left out by older programs. */
  readonly generator?: { readonly valid?: boolean }
  readonly all: {
    readonly successPercent: number
    readonly requestsPerSecond: number
    /** Milliseconds; null when no request succeeded. */
    readonly latencyMs: Readonly<Record<'p50' | 'p75' | 'p90' | 'p95' | 'p99' | 'max', number>> | null
  }
  /** Who answered: `name v3`. */
  readonly models: readonly { readonly model: string; readonly responses: number }[]
}

export interface AttachOptions {
  readonly dataDir: string
  readonly name: string
  readonly version: number
  readonly report: LoadTestOutcome
}

/** The names that a guard on an attached load test may use. */
export const loadTestMeasures = [
  ...['p50LatencyMs', 'p75LatencyMs', 'p90LatencyMs', 'p95LatencyMs', 'p99LatencyMs', 'maxLatencyMs'],
  ...['successPercent', 'requestsPerSecond'],
] as const

/**
 * Keeps the report of a load test with the version that answered it, for `recsys promote --guard "p95LatencyMs <= 50"`.
 * The newest one counts.
 * @throws RECSYS_VERSION_UNKNOWN; RECSYS_LOAD_TEST_MISMATCH when another version answered, none did, or the test was ended
 *   early
 */
export function attachLoadTest({ dataDir, name, version, report }: AttachOptions): AttachedLoadTest {
  const registry = openRegistry(dataDir, { create: false })
  try {
    registry.version(name, version)
    return registry.attachLoadTest({ name, version, figures: figuresOf(report, { name, version }), report })
  } finally {
    registry.close()
  }
}

function figuresOf(
  report: LoadTestOutcome,
  { name, version }: { name: string; version: number },
): MetricValues {
  const own = `${name} v${version}`
  const { latencyMs, successPercent, requestsPerSecond } = report.all
  if (report.interrupted || report.aborted)
    throw mismatch('the load test was ended early and says too little')
  if (report.generator?.valid === false) {
    throw mismatch('the load generator was the bottleneck: its figures say little about the server')
  }
  if (latencyMs === null) throw mismatch(`no request of the load test succeeded, expected answers of ${own}`)
  const others = report.models.filter(({ model }) => model !== own)
  if (others.length > 0 || report.models.length === 0) {
    const answered = report.models.map(({ model, responses }) => `${model} (${responses} responses)`)
    throw mismatch(`${answered.join(', ') || 'no model'} answered the load test, expected ${own} alone`)
  }
  const latencies = Object.entries(latencyMs).map(([quantile, ms]) => [`${quantile}LatencyMs`, ms])
  return { ...Object.fromEntries(latencies), successPercent, requestsPerSecond, users: report.users }
}

function mismatch(message: string): RecsysError {
  return new RecsysError('RECSYS_LOAD_TEST_MISMATCH', { message, field: 'attach' })
}
