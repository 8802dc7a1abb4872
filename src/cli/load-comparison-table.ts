import type {
  LoadComparison,
  PercentileChange,
  RequestComparison,
} from '../loadtest/reports/compare-reports.ts'
import { renderTable } from './table.ts'

/** What got slower, a line for each request. */
export function loadComparisonTable(comparison: LoadComparison): string {
  const { requests, onlyA, onlyB, confidence } = comparison
  const columns = ['request', 'verdict', 'p50 ms', 'p95 ms', 'p99 ms', 'success %']
  return [
    renderTable(columns, requests.map(rowOf)),
    `Changes of B against A, in brackets the interval; all of them hold together with ${Number((100 * confidence).toPrecision(6))} % confidence.`,
    ...(onlyA.length > 0 ? [`Only in A: ${onlyA.join(', ')}.`] : []),
    ...(onlyB.length > 0 ? [`Only in B: ${onlyB.join(', ')}.`] : []),
  ].join('\n')
}

function rowOf({ request, verdict, changes, successPercent: [a, b] }: RequestComparison): string[] {
  const cells = [50, 95, 99].map((percentile) =>
    changeText(changes.find((change) => change.percentile === percentile)),
  )
  return [request.replace(/\p{Cc}/gu, ' '), verdict, ...cells, `${a.toFixed(2)} → ${b.toFixed(2)}`]
}

function changeText(change: PercentileChange | undefined): string {
  if (change === undefined) return ''
  const { aMs, bMs, changePercent, interval } = change
  return `${aMs.toFixed(2)} → ${bMs.toFixed(2)}  ${signed(changePercent)} % [${interval.map(signed).join(', ')}]`
}

function signed(value: number): string {
  return `${value >= 0 ? '+' : ''}${value.toFixed(1)}`
}
