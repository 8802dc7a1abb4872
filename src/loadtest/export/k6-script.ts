import { rangeText } from '../scenario/compile-step.ts'
import type { StatusRange } from '../scenario/document.ts'
import type { StepPlan } from '../scenario/step-plan.ts'
import type { Goal } from '../types.ts'
import { carryExpression, templateExpression, testExpression } from './expressions.ts'
import { k6Functions } from './k6-functions.ts'
import type { FeedPlan, ScriptPlan, TaskPlan } from './script-plan.ts'
import type { ExportOptions, LoadCurve } from './types.ts'
import { usedFunctions } from './used-functions.ts'

/** A script for k6 1.0 and later that asks the same questions. */
export function k6Script(plan: ScriptPlan, options: ExportOptions): string {
  const open = options.load.model === 'open'
  const steps = [
    plan.feeds.length > 0 ? feedsText(plan.feeds) : '',
    `const timeout = ${JSON.stringify(`${options.timeoutMs}ms`)}`,
    requestText,
    ...plan.tasks.map((task) => taskText(task, open)),
    chooserText(plan),
    sequenceText('setup', plan.setup, 'const values = {}', 'return values'),
    sequenceText('teardown', plan.teardown, '', '', 'values'),
  ]
  const body = steps.filter((text) => text !== '').join('\n\n')
  const functions = usedFunctions(body, k6Functions)
  return `${[headText(plan, options), optionsText(options), ...functions, body].join('\n\n')}\n`
}

function headText({ name }: ScriptPlan, { url }: ExportOptions): string {
  return `// ${oneLine(name)}, written by recsys loadtest export. Run it with: k6 run THIS_FILE
// BASE_URL in the environment names another server.
import { check, sleep } from 'k6'
import { SharedArray } from 'k6/data'
import exec from 'k6/execution'
import http from 'k6/http'
import { Rate, Trend } from 'k6/metrics'

const base_url = (__ENV.BASE_URL || ${JSON.stringify(url)}).replace(/\\/+$/, '')
// Of answers that were what was expected.
const success = new Rate('success')
const latency = new Trend('latency', true)`
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ')
}

function optionsText({ load, goals }: ExportOptions): string {
  const options = {
    scenarios: { load: executor(load) },
    thresholds: thresholds(goals),
    maxRedirects: 0,
    summaryTrendStats: ['min', 'med', 'avg', 'p(75)', 'p(90)', 'p(95)', 'p(99)', 'max'],
  }
  return `export const options = ${JSON.stringify(options, null, 2)}`
}

/** k6 makes the users that an open model needs when they are needed, up to the most. */
function executor({ model, start, stages }: LoadCurve): Record<string, unknown> {
  const k6Stages = stages.map(({ durationMs, target }) => ({ duration: `${durationMs}ms`, target }))
  if (model === 'closed') {
    return {
      executor: 'ramping-vus',
      startVUs: start,
      stages: k6Stages,
      gracefulStop: '5s',
      gracefulRampDown: '5s',
    }
  }
  const peak = Math.max(start, ...stages.map(({ target }) => target))
  const pool = {
    preAllocatedVUs: Math.ceil(peak / 2) + 10,
    maxVUs: Math.ceil(10 * peak) + 10,
    gracefulStop: '5s',
  }
  const total = stages.reduce((sum, { durationMs }) => sum + durationMs, 0)
  if (!stages.every(({ target }) => target === start)) {
    return { executor: 'ramping-arrival-rate', startRate: start, timeUnit: '1s', stages: k6Stages, ...pool }
  }
  return { executor: 'constant-arrival-rate', ...wholeRate(start), duration: `${total}ms`, ...pool }
}

/** k6 wants whole numbers: 0.5 a second is 1 in 2 s. */
function wholeRate(perSecond: number): { rate: number; timeUnit: string } {
  if (Number.isInteger(perSecond)) return { rate: perSecond, timeUnit: '1s' }
  return { rate: Math.round(perSecond * 1000), timeUnit: '1000s' }
}

function thresholds(goals: readonly Goal[]): Record<string, string[]> {
  const byMetric: Record<string, string[]> = {}
  for (const goal of goals) {
    const [metric, condition] = threshold(goal)
    byMetric[metric] = [...(byMetric[metric] ?? []), condition]
  }
  return byMetric
}

function threshold(goal: Goal): [metric: string, condition: string] {
  const { measure, operator, limit } = goal
  const request = 'request' in goal && typeof goal.request === 'string' ? `{name:${goal.request}}` : ''
  if (measure === 'rps') return [`http_reqs${request}`, `rate${operator}${limit}`]
  if (measure === 'success') return [`success${request}`, `rate${operator}${limit / 100}`]
  const statistic = measure === 'max' ? 'max' : `p(${measure.slice(1)})`
  return [`latency${request}`, `${statistic}${operator}${limit}`]
}

function feedsText(feeds: readonly FeedPlan[]): string {
  const entries = feeds.map((feed) => {
    const rows =
      'file' in feed.rows ? `JSON.parse(open(${JSON.stringify(`./${feed.rows.file}`)}))` : feed.rows.json
    return `  ${JSON.stringify(feed.name)}: {
    rows: new SharedArray(${JSON.stringify(feed.name)}, () => (${rows})),
    draw: ${drawText(feed)},
    hold: ${JSON.stringify(feed.hold)},
  },`
  })
  return `const feeds = {
${entries.join('\n')}
}

// The rows that this user holds.
const me = { rows: {}, drawn: {} }

function row(me, name) {
  const { rows, draw } = feeds[name]
  if (me.rows[name] === undefined) me.rows[name] = rows[draw(rows.length)]
  return me.rows[name]
}`
}

/** Users of k6 share no counter but that of iterations: a shared cursor steps on with each, whether it draws or not. */
function drawText({ name, order, exponent, cursor, hold }: FeedPlan): string {
  if (order === 'random') return '(n) => Math.floor(Math.random() * n)'
  if (order === 'zipf') return `(n) => zipf(n, ${exponent})`
  if (cursor === 'shared') {
    return hold === 'user' ? '(n) => (exec.vu.idInTest - 1) % n' : '(n) => exec.scenario.iterationInTest % n'
  }
  const counter = `me.drawn[${JSON.stringify(name)}]`
  return `(n) => (${counter} = (${counter} === undefined ? 0 : ${counter} + 1)) % n`
}

const requestText = `// An answer, judged and counted under the name of the request; undefined when it is not what was expected.
function request(name, method, path, headers, body, checks) {
  const r = http.request(method, base_url + path, body, { headers, timeout, jar: new http.CookieJar(), tags: { name } })
  const named = Object.fromEntries(checks.map(([label, holds]) => [\`\${name}: \${label}\`, holds]))
  const passed = check(r, named, { name })
  success.add(passed, { name })
  if (passed) latency.add(r.timings.duration, { name })
  return passed ? r : undefined
}

function has_status(r, ranges) {
  return ranges.some(([from, to]) => r.status >= from && r.status <= to)
}

function pause(min, max) {
  sleep(min + (max - min) * Math.random())
}`

function taskText({ id, name, steps }: TaskPlan, open: boolean): string {
  const lines = steps.flatMap((step, i) => stepLines(step, 'return', !(open && i === steps.length - 1)))
  return `// ${oneLine(name)}\nfunction ${id}(values) {\n${stepsText(lines)}\n}`
}

function stepsText(lines: readonly string[]): string {
  const declared = lines.some((line) => line.includes('r = request(')) ? ['let r', ...lines] : lines
  return declared.map((line) => `  ${line.replaceAll('\n', '\n  ')}`).join('\n')
}

/** @param otherwise  the statement for an answer that is not what was expected */
function stepLines(step: StepPlan, otherwise: string, thinks: boolean): string[] {
  const headers = Object.entries(step.headers).map(
    ([name, value]) => `${JSON.stringify(name)}: ${templateExpression(value)}`,
  )
  const path = templateExpression(step.path)
  const checks = checkLines(step).map((line) => `  ${line},`)
  const [min, max] = (step.waitMs ?? [0, 0]).map((ms) => ms / 1000)
  return [
    `r = request(${JSON.stringify(step.name)}, ${JSON.stringify(step.method)}, ${typeof step.path[0] === 'string' ? path : `below_root(${path})`}, { ${headers.join(', ')} }, ${step.body ? templateExpression(step.body) : 'null'}, [`,
    ...checks,
    '])',
    `if (r === undefined) ${otherwise}`,
    ...step.carry.map(
      (carry) => `values[${JSON.stringify(carry.name)}] = ${carryExpression(carry, 'javascript')}`,
    ),
    ...(thinks && max! > 0 ? [`pause(${min}, ${max})`] : []),
  ]
}

function checkLines(step: StepPlan): string[] {
  const status = `["status ${step.status.map(rangeText).join(' or ')}", (r) => has_status(r, ${statusText(step.status)})]`
  const tests = step.tests.map((test) => testExpression(test, 'javascript'))
  const carries = step.carry.map((carry) => ({
    label: `something to carry as ${carry.name}`,
    expression: `exists(${carryExpression(carry, 'javascript')})`,
  }))
  return [
    status,
    ...[...tests, ...carries].map(
      ({ label, expression }) => `[${JSON.stringify(label)}, (r) => ${expression}]`,
    ),
  ]
}

function statusText(ranges: readonly StatusRange[]): string {
  return JSON.stringify(ranges)
}

function chooserText({ tasks, feeds }: ScriptPlan): string {
  const entries = tasks.map(({ id }, i) => `  [${totalOf(tasks.slice(0, i + 1))}, ${id}],`)
  const drawnAnew =
    feeds.length === 0
      ? ''
      : `  for (const name of Object.keys(me.rows)) if (feeds[name].hold === 'task') delete me.rows[name]\n`
  return `// Weights, added up.
const tasks = [
${entries.join('\n')}
]

export default function (from_setup) {
${drawnAnew}  const at = Math.random() * ${totalOf(tasks)}
  const [, task] = tasks.find(([up_to]) => at < up_to)
  task({ ...from_setup })
}`
}

function totalOf(tasks: readonly TaskPlan[]): number {
  return tasks.reduce((sum, { weight }) => sum + weight, 0)
}

function sequenceText(
  name: string,
  steps: readonly StepPlan[],
  before: string,
  after: string,
  parameter = '',
): string {
  if (steps.length === 0) return ''
  const lines = [
    ...(before ? [before] : []),
    ...steps.flatMap((step) =>
      stepLines(
        { ...step, waitMs: [0, 0] },
        `throw new Error(${JSON.stringify(`${name} failed at ${step.name}`)})`,
        false,
      ),
    ),
    ...(after ? [after] : []),
  ]
  return `export function ${name}(${parameter}) {\n${stepsText(lines)}\n}`
}
