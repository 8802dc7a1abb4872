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
  const lines = [header, ...[...tasks, all].map(fields)]
  return lines.map((line) => `${line.join(',')}\n`).join('')
}

function fields(task: TaskReport): (string | number)[] {
  const { p50, p75, p90, p95, p99, max } = task.latencyMs ?? {}
  const latencies = [p50, p75, p90, p95, p99, max].map((value) => value ?? '')
  const { requests, successes, failures, successPercent, requestsPerSecond } = task
  return [task.task, requests, successes, failures, successPercent, requestsPerSecond, ...latencies]
}
