import type { LoadReport, OpenModelReport, TaskReport } from '../loadtest/types.ts'
import { renderTable } from './table.ts'

/** The report of a load test for people. */
export function loadReportTables(report: LoadReport): string {
  const parts = [taskTable([...report.tasks, report.all])]
  if (report.failures.length > 0) parts.push(failureTable(report))
  if (report.models.length > 0) parts.push(modelTable(report))
  parts.push(goalTable(report))
  if (report.open) parts.push(openModelText(report.open))
  if (report.unfinished > 0) parts.push(`${report.unfinished} requests were cut off and are not counted.`)
  const corrected = correctedText(report)
  if (corrected) parts.push(corrected)
  if (report.aborted) parts.push(`Ended early, for these goals: ${report.aborted}.`)
  if (!report.generator.valid) {
    parts.push(`INVALID: the load generator was the bottleneck: ${report.generator.reasons.join('; ')}.`)
  } else if (report.generator.loopDelayP99Ms > suspectDelayMs) parts.push(generatorWarning(report))
  return parts.join('\n')
}

/** Latencies of a generator whose own loop is this late say more about the generator than about the server. */
const suspectDelayMs = 20

export function taskTable(tasks: readonly TaskReport[]): string {
  const columns = [
    'task',
    'requests',
    'failures',
    'success %',
    'RPS',
    'p50 ms',
    'p75',
    'p90',
    'p95',
    'p99',
    'max',
  ]
  return renderTable(columns, tasks.map(taskRow))
}

export function formatMs(value: number | null): string {
  return value === null ? '-' : `${value.toFixed(1)} ms`
}

function taskRow({ task, requests, failures, successPercent, requestsPerSecond, latencyMs }: TaskReport) {
  const { p50, p75, p90, p95, p99, max } = latencyMs ?? {}
  const latencies = [p50, p75, p90, p95, p99, max].map((value) => value?.toFixed(1))
  return [task, requests, failures, successPercent.toFixed(2), requestsPerSecond.toFixed(1), ...latencies]
}

function failureTable({ failures }: LoadReport): string {
  return renderTable(
    ['failure', 'count', 'first one'],
    failures.map(({ kind, count, example }) => [kind, count, printable(example)]),
  )
}

function modelTable({ models }: LoadReport): string {
  return renderTable(
    ['model version', 'responses'],
    models.map(({ model, responses }) => [printable(model), responses]),
  )
}

function goalTable({ goals }: LoadReport): string {
  return renderTable(
    ['goal', 'actual', ''],
    goals.map(({ goal, actual, met }) => [goal, actual?.toFixed(2), met ? 'met' : 'missed']),
  )
}

/** Beside what counts from when arrivals were due, what a closed model would have shown. */
function openModelText({
  rate,
  arrivals,
  planned,
  begun,
  latenessMs,
  rawLatencyMs,
}: OpenModelReport): string {
  const late = latenessMs ? `, sent ${formatMs(latenessMs.p99)} late at the 99th percentile` : ''
  const raw = rawLatencyMs
    ? ` From sending alone: p50 ${formatMs(rawLatencyMs.p50)}, p95 ${formatMs(rawLatencyMs.p95)}, p99 ${formatMs(rawLatencyMs.p99)}.`
    : ''
  return `${begun} of ${planned} arrivals, ${rate} a second (${arrivals})${late}; latencies count from when each was due.${raw}`
}

/** What users who waited did not send, where it makes a difference. */
function correctedText({ all }: LoadReport): string | undefined {
  const { latencyMs, correctedMs } = all
  if (!latencyMs || !correctedMs || correctedMs.p99 < 1.1 * latencyMs.p99) return undefined
  return `With the requests that waiting users did not send (coordinated omission): p95 ${formatMs(correctedMs.p95)}, p99 ${formatMs(correctedMs.p99)}.`
}

function generatorWarning({ generator }: LoadReport): string {
  const { cpuPercent, loopDelayP99Ms } = generator
  return `The load generator was late by ${loopDelayP99Ms.toFixed(0)} ms at its 99th percentile (${cpuPercent.toFixed(0)} % of a core): latencies may be over-stated by as much.`
}

/** Text of a server: control characters could drive the terminal. */
function printable(text: string): string {
  const plain = text.replace(/\p{Cc}/gu, ' ')
  return plain.length > 100 ? `${plain.slice(0, 100)}…` : plain
}
