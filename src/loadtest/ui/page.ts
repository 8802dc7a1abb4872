import { createHash } from 'node:crypto'
import { escapeHtml } from '../../escape-html.ts'

/** The live page of `loadtest --ui`: one document, nothing loaded from anywhere, texts set and never parsed as HTML. */
const styles = `
:root{color-scheme:light dark;--ink:#1b1f27;--soft:#5b6472;--paper:#f6f7f9;--card:#fff;--edge:#d9dde3;--a:#2b4fc4;--b:#b4540a;--bad:#b3261e;--good:#0f7350}
@media(prefers-color-scheme:dark){:root{--ink:#e8eaee;--soft:#a3acbb;--paper:#14171c;--card:#1c2027;--edge:#333a45;--a:#8fa9ff;--b:#ffb070;--bad:#ff8a80;--good:#5fd3a3}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:1080px;margin:0 auto;padding:28px 20px 60px}
h1{font-size:22px;margin:0}h2{font-size:15px;margin:0 0 8px}
header p{margin:2px 0 16px;color:var(--soft);overflow-wrap:anywhere}
form,.card{background:var(--card);border:1px solid var(--edge);border-radius:12px;padding:14px 16px;margin-bottom:14px}
form{display:flex;gap:14px;flex-wrap:wrap;align-items:end}
label{display:grid;gap:3px;font-size:13px;color:var(--soft)}
input{font:inherit;width:110px;padding:6px 8px;border:1px solid var(--edge);border-radius:8px;background:var(--paper);color:var(--ink)}
button{font:inherit;padding:7px 16px;border-radius:8px;border:1px solid var(--a);background:var(--a);color:var(--card);cursor:pointer}
button.plain{background:none;color:var(--a)}button:disabled{opacity:.45;cursor:default}
button:focus-visible,input:focus-visible,a:focus-visible{outline:2px solid var(--a);outline-offset:2px}
#status{font-weight:600;margin:0 0 12px}#status.bad{color:var(--bad)}#status.good{color:var(--good)}
.grid{display:grid;gap:14px;grid-template-columns:repeat(auto-fit,minmax(300px,1fr))}
svg{width:100%;height:130px;display:block}polyline{fill:none;stroke-width:2;vector-effect:non-scaling-stroke}
.first{stroke:var(--a)}.second{stroke:var(--b)}.key{font-size:13px;color:var(--soft)}.key b{color:var(--ink);font-variant-numeric:tabular-nums}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums}
th,td{text-align:right;padding:4px 10px;border-bottom:1px solid var(--edge)}th:first-child,td:first-child{text-align:left}
a{color:var(--a)}
`

const script = `
'use strict'
const at = (id) => document.getElementById(id)
const seconds = []
const line = (values, top) => {
  const known = values.map((value, i) => [i, value]).filter(([, value]) => value !== null)
  const wide = Math.max(1, values.length - 1)
  return known.map(([i, value]) => (100 * i / wide).toFixed(2) + ',' + (38 - 36 * value / top).toFixed(2)).join(' ')
}
const draw = (id, series) => {
  const top = Math.max(1e-9, ...series.flat().filter((value) => value !== null))
  series.forEach((values, i) => at(id + i).setAttribute('points', line(values, top)))
}
const row = (cells) => {
  const tr = document.createElement('tr')
  for (const cell of cells) tr.appendChild(document.createElement('td')).textContent = cell
  return tr
}
const ms = (value) => value === null || value === undefined ? '–' : value.toFixed(1)
const show = (progress) => {
  seconds.push(progress)
  if (seconds.length > 600) seconds.shift()
  draw('rate', [seconds.map((s) => s.requestsPerSecond)])
  draw('latency', [seconds.map((s) => s.p50Ms), seconds.map((s) => s.p95Ms)])
  draw('users', [seconds.map((s) => s.users)])
  at('rate-now').textContent = progress.requestsPerSecond.toFixed(0)
  at('p50-now').textContent = ms(progress.p50Ms)
  at('p95-now').textContent = ms(progress.p95Ms)
  at('users-now').textContent = progress.users
  at('failures-now').textContent = progress.all.failures
  at('tasks').replaceChildren(...[...progress.tasks, progress.all].map((t) => row([
    t.task, t.requests, t.failures, t.requestsPerSecond.toFixed(1), ms(t.latencyMs && t.latencyMs.p50), ms(t.latencyMs && t.latencyMs.p95), ms(t.latencyMs && t.latencyMs.p99),
  ])))
}
let running = false
const state = (now) => {
  if (now.running && !running) seconds.length = 0
  running = now.running
  at('start').disabled = running
  for (const id of ['stop', 'more', 'fewer']) at(id).disabled = !running
  at('target').textContent = now.scenario + ' at ' + now.url
  const status = at('status')
  status.textContent = now.message
  status.className = now.mood
  at('reports').hidden = !now.hasReport
}
const send = async (path, body) => {
  const answer = await fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  if (!answer.ok) {
    at('status').textContent = (await answer.json()).error.message
    at('status').className = 'bad'
  }
}
const asked = () => ({ users: Number(at('users').value), spawnRate: Number(at('spawn').value), runTime: at('time').value })
at('form').addEventListener('submit', (event) => { event.preventDefault(); send('/start', asked()) })
at('stop').addEventListener('click', () => send('/stop', {}))
const change = (by) => {
  at('users').value = Math.max(1, Math.round(Number(at('users').value) + by))
  send('/users', { users: Number(at('users').value) })
}
at('more').addEventListener('click', () => change(Math.max(1, 0.25 * Number(at('users').value))))
at('fewer').addEventListener('click', () => change(-Math.max(1, 0.2 * Number(at('users').value))))
const events = new EventSource('/events')
events.addEventListener('state', (event) => state(JSON.parse(event.data)))
events.addEventListener('second', (event) => show(JSON.parse(event.data)))
events.addEventListener('error', () => { at('status').textContent = 'The load test has ended: this page is no longer live.'; at('status').className = 'bad' })
`

const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** Nothing but the page's own script and style, and requests to where it came from. */
export const pagePolicy = `default-src 'none'; script-src ${hash(script)}; style-src ${hash(styles)}; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

const chart = (id: string, label: string, n: number) =>
  `<svg viewBox="0 0 100 40" preserveAspectRatio="none" role="img" aria-label="${label}">${['first', 'second']
    .slice(0, n)
    .map((kind, i) => `<polyline id="${id}${i}" class="${kind}" points=""/>`)
    .join('')}</svg>`

/** @param given  what the command line said: numbers and a duration, which the fields begin with */
export function livePage(given: {
  readonly users: number
  readonly spawnRate: number
  readonly runTime: string
}): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>recsys loadtest</title>
<style>${styles}</style>
</head>
<body>
<main>
<header><h1>Load test</h1><p id="target"></p></header>
<form id="form">
<label>Users<input id="users" type="number" min="1" max="20000" value="${given.users}" required></label>
<label>Started a second<input id="spawn" type="number" min="1" max="10000" value="${given.spawnRate}" required></label>
<label>Run time<input id="time" value="${escapeHtml(given.runTime)}" required></label>
<button id="start">Start</button>
<button id="stop" type="button" class="plain" disabled>Stop</button>
<button id="fewer" type="button" class="plain" disabled>Fewer users</button>
<button id="more" type="button" class="plain" disabled>More users</button>
</form>
<p id="status" role="status"></p>
<p id="reports" hidden>Report: <a href="/report.html">page</a>, <a href="/report.json">JSON</a></p>
<div class="grid">
<section class="card"><h2>Requests a second</h2>${chart('rate', 'requests a second over time', 1)}<p class="key">now <b id="rate-now">–</b>, failures so far <b id="failures-now">–</b></p></section>
<section class="card"><h2>Latency, ms</h2>${chart('latency', 'latency over time', 2)}<p class="key">median <b id="p50-now">–</b>, 95th percentile <b id="p95-now">–</b></p></section>
<section class="card"><h2>Users</h2>${chart('users', 'users over time', 1)}<p class="key">now <b id="users-now">–</b></p></section>
</div>
<section class="card"><h2>Requests</h2><div class="scroll" tabindex="0"><table><thead><tr><th scope="col">request</th><th scope="col">sent</th><th scope="col">failed</th><th scope="col">a second</th><th scope="col">p50 ms</th><th scope="col">p95 ms</th><th scope="col">p99 ms</th></tr></thead><tbody id="tasks"></tbody></table></div></section>
</main>
<script>${script}</script>
</body>
</html>
`
}
