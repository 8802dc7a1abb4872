import { rangeText } from '../scenario/compile-step.ts'
import type { StepPlan } from '../scenario/step-plan.ts'
import type { Goal } from '../types.ts'
import { carryExpression, literal, templateExpression, testExpression } from './expressions.ts'
import { pythonFunctions } from './python-functions.ts'
import type { FeedPlan, ScriptPlan, TaskPlan } from './script-plan.ts'
import type { ExportOptions, LoadCurve } from './types.ts'
import { usedFunctions } from './used-functions.ts'

/** A script for Locust 2.20 and later that asks the same questions. */
export function locustScript(plan: ScriptPlan, options: ExportOptions): string {
  const open = options.load.model === 'open'
  const parts = [
    feedsText(plan.feeds),
    requestText,
    ...plan.tasks.map((task) => taskText(task, open)),
    sequenceText('run_setup', plan.setup),
    sequenceText('run_teardown', plan.teardown),
    eventsText(plan),
    open ? arrivalsText(plan, options) : usersText(plan, options),
    open ? '' : shapeText(options.load),
    goalsText(options.goals),
  ]
  const body = parts.filter((text) => text !== '').join('\n\n\n')
  const functions = [...usedFunctions(body, pythonFunctions), body].join('\n\n\n')
  return `${headText(plan.name, functions)}\n\n\n${functions}\n`
}

function headText(name: string, body: string): string {
  const used = modules.filter((module) => new RegExp(`\\b${module}\\.`).test(body))
  const names = ['FastHttpUser', 'LoadTestShape', 'constant', 'events', 'task']
  const fromLocust = names.filter((used) => new RegExp(`\\b${used}\\b`).test(body))
  return `# ${name.replace(/\s+/g, ' ')}, written by recsys loadtest export.
# Run it with: locust -f THIS_FILE --headless
${used.map((module) => `import ${module}`).join('\n')}
from http.cookiejar import DefaultCookiePolicy${body.includes('Path(') ? '\nfrom pathlib import Path' : ''}
from urllib.parse import quote

import gevent
from locust import ${fromLocust.join(', ')}
from locust.contrib.fasthttp import FastHttpSession
from locust.event import EventHook

MISSING = object()
NO_COOKIES = DefaultCookiePolicy(allowed_domains=[])
FROM_SETUP = {}`
}

const modules = ['itertools', 'json', 'math', 'random', 're', 'time', 'uuid']

function feedsText(feeds: readonly FeedPlan[]): string {
  const entries = feeds.map(
    (feed) =>
      `    ${JSON.stringify(feed.name)}: Feed(${rowsText(feed)}, ${drawText(feed)}, ${JSON.stringify(feed.hold)}),`,
  )
  return `class Me:
    """The rows that one user holds."""

    def __init__(self, index):
        self.index = index
        self.rows = {}
        self.drawn = {}


class Feed:
    def __init__(self, rows, draw, hold):
        self.rows = rows
        self.draw = draw
        self.hold = hold
        self.cursor = ${feeds.length > 0 ? 'itertools.count()' : 'None'}


FEEDS = {
${entries.join('\n')}
}


def row(me, name):
    if name not in me.rows:
        feed = FEEDS[name]
        me.rows[name] = feed.rows[feed.draw(feed, me, name) % len(feed.rows)]
    return me.rows[name]


def begin(me):
    """A task begins: rows that are held for one task are drawn anew."""
    for name, feed in FEEDS.items():
        if feed.hold == "task":
            me.rows.pop(name, None)`.replace('FEEDS = {\n\n}', 'FEEDS = {}')
}

function rowsText({ rows }: FeedPlan): string {
  if ('file' in rows)
    return `json.loads(Path(__file__).with_name(${JSON.stringify(rows.file)}).read_text("utf-8"))`
  return `json.loads(${JSON.stringify(rows.json)})`
}

function drawText({ order, exponent, cursor }: FeedPlan): string {
  if (order === 'random') return 'lambda feed, me, name: random.randrange(len(feed.rows))'
  if (order === 'zipf') return `lambda feed, me, name: zipf(len(feed.rows), ${exponent})`
  if (cursor === 'shared') return 'lambda feed, me, name: next(feed.cursor)'
  return 'lambda feed, me, name: next(me.drawn.setdefault(name, itertools.count()))'
}

const requestText = `def request(client, name, method, path, headers, body, checks):
    """An answer, judged and counted under the name of the request; None when it is not what was expected."""
    data = None if body is None else body.encode("utf-8")
    with client.request(
        method,
        path,
        name=name,
        headers=headers,
        data=data,
        allow_redirects=False,
        catch_response=True,
    ) as r:
        if r.status_code == 0:
            return None
        for label, holds in checks:
            if not holds(r):
                r.failure(label)
                return None
        r.success()
        return r


def has_status(r, ranges):
    return any(least <= r.status_code <= most for least, most in ranges)


def pause(least, most):
    gevent.sleep(random.uniform(least, most))`

function taskText({ id, name, steps }: TaskPlan, open: boolean): string {
  const lines = steps.flatMap((step, i) => stepLines(step, 'return', !(open && i === steps.length - 1)))
  return `def ${id}(client, me, values):\n    # ${name.replace(/\s+/g, ' ')}\n${lines.map((line) => `    ${line}`).join('\n')}`
}

/** @param otherwise  the statement for an answer that is not what was expected */
function stepLines(step: StepPlan, otherwise: string, thinks: boolean): string[] {
  const headers = Object.entries(step.headers).map(
    ([name, value]) => `${JSON.stringify(name)}: ${templateExpression(value)}`,
  )
  const path = templateExpression(step.path)
  const [min, max] = (step.waitMs ?? [0, 0]).map((ms) => ms / 1000)
  return [
    'r = request(',
    '    client,',
    `    ${JSON.stringify(step.name)},`,
    `    ${JSON.stringify(step.method)},`,
    `    ${typeof step.path[0] === 'string' ? path : `below_root(${path})`},`,
    `    {${headers.join(', ')}},`,
    `    ${step.body ? templateExpression(step.body) : 'None'},`,
    '    [',
    ...checkLines(step).map((line) => `        ${line},`),
    '    ],',
    ')',
    'if r is None:',
    `    ${otherwise}`,
    ...step.carry.map(
      (carry) => `values[${JSON.stringify(carry.name)}] = ${carryExpression(carry, 'python')}`,
    ),
    ...(thinks && max! > 0 ? [`pause(${min}, ${max})`] : []),
  ]
}

function checkLines(step: StepPlan): string[] {
  const status = `("status ${step.status.map(rangeText).join(' or ')}", lambda r: has_status(r, ${JSON.stringify(step.status)}))`
  const tests = step.tests.map((test) => testExpression(test, 'python'))
  const carries = step.carry.map((carry) => ({
    label: `something to carry as ${carry.name}`,
    expression: `exists(${carryExpression(carry, 'python')})`,
  }))
  return [
    status,
    ...[...tests, ...carries].map(
      ({ label, expression }) => `(${JSON.stringify(label)}, lambda r: ${expression})`,
    ),
  ]
}

function sequenceText(name: string, steps: readonly StepPlan[]): string {
  if (steps.length === 0) return ''
  const lines = steps.flatMap((step) =>
    stepLines(
      { ...step, waitMs: [0, 0] },
      `raise RuntimeError(${JSON.stringify(`${name} failed at ${step.name}`)})`,
      false,
    ),
  )
  return `def ${name}(client, me, values):\n${lines.map((line) => `    ${line}`).join('\n')}`
}

function eventsText({ setup, teardown }: ScriptPlan): string {
  const events: string[] = []
  if (setup.length > 0) {
    events.push(`@events.test_start.add_listener
def on_start(environment, **_):
    run_setup(uncounted(environment), Me(0), FROM_SETUP)`)
  }
  if (teardown.length > 0) {
    events.push(`@events.test_stop.add_listener
def on_stop(environment, **_):
    run_teardown(uncounted(environment), Me(0), dict(FROM_SETUP))`)
  }
  if (events.length > 0) {
    events.unshift(`def uncounted(environment):
    """A session whose requests are not part of the load."""
    return FastHttpSession(environment.host or Load.host, EventHook(), None, insecure=False, max_redirects=0)`)
  }
  return events.join('\n\n\n')
}

function valuesText({ setup }: ScriptPlan): string {
  return setup.length > 0 ? 'dict(FROM_SETUP)' : '{}'
}

function usersText(plan: ScriptPlan, { url, timeoutMs }: ExportOptions): string {
  return `class Load(FastHttpUser):
    host = ${JSON.stringify(url)}
    wait_time = constant(0)
${userSettings(timeoutMs)}
    started = 0

    def on_start(self):
        self.client.cookiejar.set_policy(NO_COOKIES)
        self.me = Me(Load.started)
        Load.started += 1

    @task
    def draw(self):
        begin(self.me)
        choice = random.choices(${choiceText(plan.tasks)})[0]
        choice(self.client, self.me, ${valuesText(plan)})`
}

function userSettings(timeoutMs: number): string {
  return `    connection_timeout = ${timeoutMs / 1000}
    network_timeout = ${timeoutMs / 1000}
    max_retries = 0
    max_redirects = 0
    insecure = False`
}

function choiceText(tasks: readonly TaskPlan[]): string {
  const names = tasks.map(({ id }) => id).join(', ')
  return `[${names}], [${tasks.map(({ weight }) => weight).join(', ')}]`
}

/** Locust knows users only: one of them starts tasks at their times, whether earlier ones are done or not. */
function arrivalsText(plan: ScriptPlan, { url, load, timeoutMs }: ExportOptions): string {
  return `STAGES = ${stagesLiteral(load)}  # seconds, arrivals a second at the end


class Load(FastHttpUser):
    host = ${JSON.stringify(url)}
    wait_time = constant(0)
    fixed_count = 1
    concurrency = 10_000
${userSettings(timeoutMs)}

    def on_start(self):
        self.client.cookiejar.set_policy(NO_COOKIES)

    @task
    def arrivals(self):
        start = time.monotonic()
        index = 0
        for at in arrival_times():
            gevent.sleep(max(0, start + at - time.monotonic()))
            choice = random.choices(${choiceText(plan.tasks)})[0]
            gevent.spawn(choice, self.client, Me(index), ${valuesText(plan)})
            index += 1
        self.environment.runner.quit()


def arrival_times():
    """When arrivals come: the n-th when the integral of the rate is n."""
    n, before, rate, start = 0, 0.0, ${load.start}, 0.0
    for seconds, target in STAGES:
        inside = (rate + target) / 2 * seconds
        while n < before + inside:
            part = n - before
            slope = (target - rate) / seconds
            root = (rate * rate + 2 * slope * part) ** 0.5
            yield start + (part / rate if slope == 0 else (root - rate) / slope)
            n += 1
        before, rate, start = before + inside, target, start + seconds`
}

function stagesLiteral({ stages }: LoadCurve): string {
  return `[${stages.map(({ durationMs, target }) => `(${durationMs / 1000}, ${target})`).join(', ')}]`
}

function shapeText(load: LoadCurve): string {
  return `class Shape(LoadTestShape):
    stages = ${stagesLiteral(load)}  # seconds, users at the end

    def tick(self):
        start, users, now = 0.0, ${load.start}, self.get_run_time()
        for seconds, target in self.stages:
            if now < start + seconds:
                share = (now - start) / seconds
                return (max(1, math.floor(users + (target - users) * share)), 1000)
            start, users = start + seconds, target
        return None`
}

function goalsText(goals: readonly Goal[]): string {
  if (goals.length === 0) return ''
  const lines = goals.map((goal) => {
    const request = 'request' in goal && typeof goal.request === 'string' ? goal.request : null
    return `    (${literal(request, 'python')}, ${JSON.stringify(goal.measure)}, ${JSON.stringify(goal.operator)}, ${goal.limit}),`
  })
  return `GOALS = [
${lines.join('\n')}
]


@events.quitting.add_listener
def judge(environment, **_):
    for name, measure, operator, limit in GOALS:
        entries = environment.stats.entries.values()
        of_name = [entry for entry in entries if entry.name == name]
        for entry in [environment.stats.total] if name is None else of_name:
            if measure == "rps":
                actual = entry.total_rps
            elif measure == "success":
                actual = 100 * (1 - entry.fail_ratio)
            elif measure == "max":
                actual = entry.max_response_time
            else:
                actual = entry.get_response_time_percentile(float(measure[1:]) / 100)
            met = {"<": actual < limit, "<=": actual <= limit, ">": actual > limit, ">=": actual >= limit}[operator]
            if not met:
                print(f"goal missed: {name or 'all'} {measure} {operator} {limit}, got {actual}")
                environment.process_exit_code = 3`
}
