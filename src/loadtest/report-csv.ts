import type { LoadReport, TaskReport } from './types.ts'

const header = [
  'task',
  'requests',
  'successes',
  'failures',
  'success_percent',
  'requests_per_second',
  'p50_ms',
  'p75_ms',
  'p90_ms',
  'p95_ms',
  'p99_ms',
  'max_ms',
]

/** One line a task and one for all of them; an empty field where nothing was measured. */
export function csvReport({ tasks, all }: LoadReport): string {
  return csv([header, ...[...tasks, all].map(fields)])
}

const historyHeader = ['second', 'users', 'requests', 'requests_per_second', 'failures', 'p50_ms', 'p95_ms']

/** One line a second. */
export function csvHistory({ timeline }: LoadReport): string {
  const seconds = timeline.map(({ second, users, requests, requestsPerSecond, failures, p50Ms, p95Ms }) => {
    return [second, users, requests, requestsPerSecond, failures, p50Ms ?? '', p95Ms ?? '']
  })
  return csv([historyHeader, ...seconds])
}

function csv(lines: readonly (readonly (string | number)[])[]): string {
  return lines.map((line) => `${line.join(',')}\n`).join('')
}

function fields(task: TaskReport): (string | number)[] {
  const { p50, p75, p90, p95, p99, max } = task.latencyMs ?? {}
  const latencies = [p50, p75, p90, p95, p99, max].map((value) => value ?? '')
  const { requests, successes, failures, successPercent, requestsPerSecond } = task
  return [task.task, requests, successes, failures, successPercent, requestsPerSecond, ...latencies]
}
