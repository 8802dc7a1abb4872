import { escapeHtml } from '../escape-html.ts'
import { latencySeries, lineChart, rateSeries, type Series } from './chart.ts'
import type { GoalResult, LoadReport, TaskReport } from './types.ts'

/** One page without scripts, fonts or requests of its own; everything that came from outside is escaped. */
export function htmlReport(report: LoadReport): string {
  const goalP95 = report.goals.find(({ goal }) => goal.startsWith('p95 '))
  const p95Limit = goalP95 && Number(/([\d.]+) ms$/.exec(goalP95.goal)?.[1])
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Load test of ${escapeHtml(report.url)}</title>
<style>${styles}</style>
</head>
<body>
<main>
<header>
<p class="eyebrow">recsys load test</p>
<h1>${escapeHtml(report.url)}</h1>
<p>${escapeHtml(setting(report))}</p>
</header>
${interruption(report)}
<section class="cards">${report.goals.map(goalCard).join('')}</section>
${chartSection(rateSeries(report.timeline))}
${chartSection(latencySeries(report.timeline, p95Limit))}
<section><h2>Tasks</h2>${taskTable(report)}</section>
<section><h2>Failures</h2>${failureTable(report)}</section>
<section><h2>Model versions that answered</h2>${modelTable(report)}</section>
<footer>${footer(report)}</footer>
</main>
</body>
</html>
`
}

function setting({ users, spawnRate, waitMs, elapsedMs, startedAt, open }: LoadReport): string {
  if (open) {
    return `${open.rate} arrivals a second (${open.arrivals}), served by ${users} users; latencies count from when each was due · ${(elapsedMs / 1000).toFixed(1)} s from ${startedAt}`
  }
  const wait = waitMs.map((ms) => ms / 1000).join('–')
  return `${users} users, ${spawnRate} started a second, thinking ${wait} s · ${(elapsedMs / 1000).toFixed(1)} s from ${startedAt}`
}

function interruption({ interrupted, unfinished }: LoadReport): string {
  if (!interrupted) return ''
  return `<p class="notice">Ended early; ${unfinished} requests were cut off and are not counted.</p>`
}

function goalCard({ goal, actual, met }: GoalResult): string {
  const value = actual === null ? '–' : formatNumber(actual)
  return (
    `<div class="card ${met ? 'met' : 'missed'}"><span class="goal-name">${escapeHtml(goal)}</span>` +
    `<strong>${value}</strong><span class="verdict">${met ? 'met' : 'missed'}</span></div>`
  )
}

function chartSection(series: Series): string {
  return `<section><h2>${escapeHtml(series.title)}</h2>${lineChart(series)}</section>`
}

function taskTable({ tasks, all }: LoadReport): string {
  const columns = [
    'task',
    'requests',
    'failures',
    'success %',
    'RPS',
    'p50',
    'p75',
    'p90',
    'p95',
    'p99',
    'max',
  ]
  return (
    table(columns, [...tasks, all].map(taskRow)) +
    '<p class="note">Latencies in milliseconds, of the requests that succeeded.</p>'
  )
}

function taskRow({ task, requests, failures, successPercent, requestsPerSecond, latencyMs }: TaskReport) {
  const { p50, p75, p90, p95, p99, max } = latencyMs ?? {}
  return [task, requests, failures, successPercent, requestsPerSecond, p50, p75, p90, p95, p99, max]
}

function failureTable({ failures }: LoadReport): string {
  if (failures.length === 0) return '<p>None.</p>'
  return table(
    ['kind', 'count', 'first one'],
    failures.map(({ kind, count, example }) => [kind, count, example]),
  )
}

function modelTable({ models }: LoadReport): string {
  if (models.length === 0) return '<p>None.</p>'
  return table(
    ['model', 'responses'],
    models.map(({ model, responses }) => [model, responses]),
  )
}

function footer({ generator, seed, timeoutMs, k }: LoadReport): string {
  const cpu = generator.cpuPercent.toFixed(0)
  const delay = formatNumber(generator.loopDelayP99Ms)
  return `k ${k} · timeout ${timeoutMs} ms · seed ${seed} · the load generator used ${cpu} % of a core, its event loop was late by ${delay} ms at the 99th percentile`
}

function table(
  columns: readonly string[],
  rows: readonly (readonly (string | number | undefined)[])[],
): string {
  const head = columns.map((name, column) => headCell(name, typeof rows[0]?.[column] === 'number')).join('')
  const body = rows.map((row) => `<tr>${row.map(cell).join('')}</tr>`).join('')
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`
}

function headCell(name: string, numeric: boolean): string {
  return `<th${numeric ? ' class="number"' : ''}>${escapeHtml(name)}</th>`
}

function cell(value: string | number | undefined): string {
  if (typeof value === 'number') return `<td class="number">${formatNumber(value)}</td>`
  return `<td>${escapeHtml(value ?? '–')}</td>`
}

function formatNumber(value: number): string {
  return Number.isInteger(value) ? value.toLocaleString('en-US') : value.toFixed(2)
}

const styles = `
:root{color-scheme:light dark;--ink:#1b1f27;--soft:#667085;--paper:#f6f7f9;--card:#fff;--edge:#e3e6eb;--accent:#3056d3;--good:#12805c;--bad:#c0362c}
@media(prefers-color-scheme:dark){:root{--ink:#e8eaee;--soft:#98a1b2;--paper:#14171c;--card:#1c2027;--edge:#2d333d;--accent:#7e9cff;--good:#4cc38a;--bad:#ff7b72}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:980px;margin:0 auto;padding:40px 24px}
.eyebrow{margin:0;color:var(--accent);font-weight:600;letter-spacing:.04em;text-transform:uppercase;font-size:12px}
h1{margin:4px 0;font-size:26px;overflow-wrap:anywhere}
header p:last-child,.note,footer{color:var(--soft);font-size:13px}
section{background:var(--card);border:1px solid var(--edge);border-radius:12px;padding:18px 20px;margin-top:18px}
h2{margin:0 0 10px;font-size:15px}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(180px,1fr));gap:14px;background:none;border:0;padding:0}
.card{background:var(--card);border:1px solid var(--edge);border-left:4px solid var(--good);border-radius:12px;padding:14px 16px;display:grid;gap:2px}
.card.missed{border-left-color:var(--bad)}
.card strong{font-size:26px;font-variant-numeric:tabular-nums}
.goal-name{color:var(--soft);font-size:13px}
.verdict{color:var(--good);font-weight:600;font-size:13px}
.missed .verdict{color:var(--bad)}
.notice{border-left:4px solid var(--bad);padding:8px 14px;background:var(--card)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:6px 10px;text-align:left;border-bottom:1px solid var(--edge);overflow-wrap:anywhere}
th{color:var(--soft);font-weight:500;font-size:13px}
th.number,td.number{text-align:right;white-space:nowrap}
tbody tr:last-child td{border-bottom:0}
svg{width:100%;height:auto;display:block}
.line{fill:none;stroke:var(--accent);stroke-width:2;stroke-linejoin:round}
.area{fill:var(--accent);opacity:.12}
.grid{stroke:var(--edge)}
.goal{stroke:var(--bad);stroke-dasharray:6 4}
.axis{fill:var(--soft);font-size:11px}
footer{margin-top:18px}
`
