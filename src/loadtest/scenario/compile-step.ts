import { compileTemplate, type Rendering } from './compile-template.ts'
import type { ModuleRequest, ModuleUser, ScenarioDocument, StatusRange, StepDocument } from './document.ts'
import type { RowDrawer } from './held-rows.ts'
import { valueAt } from './json-path.ts'
import { compilePattern, firstGroup } from './pattern.ts'
import { type CarryPlan, planStep, type TestPlan, type ValueTest } from './step-plan.ts'
import { plainText, type Template } from './template.ts'
import type { RenderedRequest, Step, StepAnswer, UserState } from './types.ts'

export interface StepContext {
  readonly scenario: Pick<ScenarioDocument, 'headers'>
  readonly rows: RowDrawer
  readonly requestIndex: (name: string) => number
}

/**
 * One step of a scenario, ready to be sent.
 * @param first  whether a task begins with it
 */
export function compileStep(step: StepDocument, first: boolean, context: StepContext): Step {
  const plan = planStep(step, context.scenario)
  const render = step.request ? moduleRender(step, context) : declaredRender(plan, context)
  const tests = plan.tests.map((test) => compileTest(test, context))
  const carries = plan.carry.map(compileCarry)
  const { judge } = step
  return {
    request: context.requestIndex(step.name),
    needsBody:
      judge !== undefined || plan.tests.some(readsBody) || plan.carry.some(({ from }) => from !== 'header'),
    ...(plan.waitMs === undefined ? {} : { waitMs: plan.waitMs }),
    render(user) {
      if (first) context.rows.startTask(user)
      return render(user)
    },
    check(answer, user) {
      const wrong = statusFault(answer.status, plan.status)
      if (wrong !== undefined) return wrong
      const subject = new Answer(answer)
      for (const test of tests) {
        const fault = test(subject, user)
        if (fault !== undefined) return fault
      }
      for (const carry of carries) {
        const fault = carry(subject, user)
        if (fault !== undefined) return fault
      }
      return judge && judgement(judge(answer, moduleUser(user, context.rows)))
    },
  }
}

function readsBody({ subject }: TestPlan): boolean {
  return subject !== 'header'
}

type Render = (user: UserState) => RenderedRequest

function declaredRender(plan: ReturnType<typeof planStep>, { rows }: StepContext): Render {
  const { method } = plan
  const path = compileTemplate(plan.path, rows)
  const headers = compileHeaders(plan.headers, rows)
  const body = plan.body && compileTemplate(plan.body, rows)
  const startsWithSlash = typeof plan.path[0] === 'string'
  return (user) => ({
    method,
    path: startsWithSlash ? path(user) : belowRoot(path(user)),
    headers: headers(user),
    ...(body ? { body: body(user) } : {}),
  })
}

/** A carried address may be absolute, as in `Location`; requests go to the one host of the scenario in any case. */
export function belowRoot(address: string): string {
  const path = address.replace(/^[A-Za-z][\w+.-]*:\/\/[^/?]*/, '')
  return path.startsWith('/') ? path : `/${path}`
}

function compileHeaders(
  templates: Readonly<Record<string, Template>>,
  rows: RowDrawer,
): (user: UserState) => Readonly<Record<string, string>> {
  const fixed: Record<string, string> = {}
  const drawn: [string, Rendering][] = []
  for (const [name, template] of Object.entries(templates)) {
    if (template.every((piece) => typeof piece === 'string')) fixed[name] = template.join('')
    else drawn.push([name, compileTemplate(template, rows)])
  }
  if (drawn.length === 0) return () => fixed
  return (user) => {
    const headers = { ...fixed }
    for (const [name, rendering] of drawn) headers[name] = rendering(user)
    return headers
  }
}

function moduleRender(step: StepDocument, { rows, scenario }: StepContext): Render {
  const request = step.request!
  return (user) => {
    const { method = 'GET', path, headers, body }: ModuleRequest = request(moduleUser(user, rows))
    const isText = typeof body === 'string'
    const type: Record<string, string> =
      body === undefined ? {} : { 'content-type': isText ? 'text/plain; charset=utf-8' : 'application/json' }
    return {
      method: method.toUpperCase(),
      path: belowRoot(String(path)),
      headers: { ...type, ...scenario.headers, ...headers },
      ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
    }
  }
}

function moduleUser(user: UserState, rows: RowDrawer): ModuleUser {
  const { index, random, values } = user
  return { index, random, values, feed: (name) => rows.rowOf(name, user) }
}

function judgement(verdict: string | boolean | undefined): string | undefined {
  if (typeof verdict === 'string') return verdict
  return verdict === false ? 'the check of the module is not met' : undefined
}

/** An answer whose body is parsed once, when the first check asks. */
class Answer {
  readonly answer: StepAnswer
  #json: unknown
  #parsed = false

  constructor(answer: StepAnswer) {
    this.answer = answer
  }

  /** undefined when the body is not JSON. */
  get json(): unknown {
    if (this.#parsed) return this.#json
    this.#parsed = true
    try {
      this.#json = JSON.parse(this.answer.text)
    } catch {
      this.#json = undefined
    }
    return this.#json
  }

  header(name: string): string | undefined {
    const value = this.answer.headers[name]
    return Array.isArray(value) ? value.join(', ') : value
  }
}

function statusFault(status: number, ranges: readonly StatusRange[]): string | undefined {
  if (ranges.some(([from, to]) => status >= from && status <= to)) return undefined
  return `status ${status}, expected ${ranges.map(rangeText).join(' or ')}`
}

export function rangeText([from, to]: StatusRange): string {
  if (from === 100 && to === 399) return 'one below 400'
  return from === to ? String(from) : `${from / 100}xx`
}

/** What is wrong, in words, or undefined. */
type Test = (answer: Answer, user: UserState) => string | undefined

function compileTest(plan: TestPlan, { rows }: StepContext): Test {
  const holds = compileValueTest(plan.test, rows)
  if (plan.subject === 'body')
    return (answer, user) => fault('body', holds(answer.answer.text, user), answer.answer.text)
  if (plan.subject === 'header') {
    const { header } = plan
    return (answer, user) => {
      const value = answer.header(header)
      return fault(`header ${header}`, holds(value, user), value)
    }
  }
  const { path, label } = plan
  return (answer, user) => {
    const value = valueAt(path, answer.json)
    return fault(label, holds(value, user), value)
  }
}

/** @param expected  undefined when all is well */
function fault(name: string, expected: string | undefined, value: unknown): string | undefined {
  if (expected === undefined) return undefined
  return `${name} is ${value === undefined ? 'missing' : preview(value)}, expected ${expected}`
}

function preview(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value.slice(0, 61)) : (JSON.stringify(value) ?? '')
  return text.length > 62 ? `${text.slice(0, 60)}…` : text
}

/** What was expected, where it does not hold. */
function compileValueTest(
  test: ValueTest,
  rows: RowDrawer,
): (value: unknown, user: UserState) => string | undefined {
  switch (test.kind) {
    case 'exists': {
      const wanted = test.expected
      return (value) => ((value !== undefined) === wanted ? undefined : wanted ? 'a value' : 'none')
    }
    case 'equals': {
      const { expected } = test
      const text = JSON.stringify(expected)
      return (value) => (isEqual(value, expected) ? undefined : text)
    }
    case 'equals-text': {
      const expected = compileTemplate(test.expected, rows)
      return (value, user) => {
        const text = expected(user)
        return value !== undefined && plainText(value) === text ? undefined : preview(text)
      }
    }
    case 'contains': {
      const expected = compileTemplate(test.expected, rows)
      return (value, user) => {
        const text = expected(user)
        return value !== undefined && plainText(value).includes(text) ? undefined : `${preview(text)} in it`
      }
    }
    case 'regex': {
      const pattern = compilePattern(test.pattern)
      return (value) =>
        value !== undefined && pattern.test(plainText(value)) ? undefined : `a match of ${test.pattern}`
    }
  }
}

/** Headers are texts: `content-length: 5` in a scenario is a number. */
function isEqual(value: unknown, expected: string | number | boolean | null): boolean {
  return (
    value === expected ||
    (typeof value === 'string' && typeof expected === 'number' && value === String(expected))
  )
}

function compileCarry(plan: CarryPlan): Test {
  const { name } = plan
  const find = compileFind(plan)
  const where =
    plan.from === 'json' ? plan.label : plan.from === 'header' ? `header ${plan.header}` : plan.regex
  return (answer, user) => {
    const value = find(answer)
    if (value === undefined) return `nothing at ${where} to carry as ${name}`
    user.values[name] = value
    return undefined
  }
}

function compileFind(plan: CarryPlan): (answer: Answer) => unknown {
  if (plan.from === 'json') return (answer) => valueAt(plan.path, answer.json)
  if (plan.from === 'header') {
    const pattern = plan.regex === undefined ? undefined : compilePattern(plan.regex)
    return (answer) => {
      const value = answer.header(plan.header)
      return value === undefined || pattern === undefined ? value : firstGroup(pattern, value)
    }
  }
  const pattern = compilePattern(plan.regex)
  return (answer) => firstGroup(pattern, answer.answer.text)
}
