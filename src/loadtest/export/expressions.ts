/**
 * Expressions that JavaScript and Python read alike: texts joined with +, calls of functions that both scripts define,
 * and members in brackets. Texts are JSON strings, which are literals in both.
 */

import type { CarryPlan, TestPlan, ValueTest } from '../scenario/step-plan.ts'
import type { Placeholder, Template } from '../scenario/template.ts'

export type Language = 'javascript' | 'python'

/** Functions of the scripts, by encoding. */
const encoders = {
  component: 'component',
  target: 'target',
  header: 'header_text',
  'json-value': 'json_value',
  'json-string': 'json_text',
  text: 'text',
} as const

export function templateExpression(template: Template): string {
  if (template.length === 0) return '""'
  const terms = template.map((piece) =>
    typeof piece === 'string'
      ? JSON.stringify(piece)
      : `${encoders[piece.encoding]}(${placeholderExpression(piece.placeholder)})`,
  )
  return terms.join(' + ')
}

function placeholderExpression({ source, filter }: Placeholder): string {
  const value = sourceExpression(source)
  return filter === 'number' ? `number(${value})` : value
}

function sourceExpression(source: Placeholder['source']): string {
  switch (source.kind) {
    case 'feed':
      return `row(me, ${JSON.stringify(source.feed)})[${JSON.stringify(source.column)}]`
    case 'carried':
      return `values[${JSON.stringify(source.name)}]`
    case 'random-int':
      return `random_int(${source.min}, ${source.max})`
    case 'random-uuid':
      return 'random_uuid()'
    case 'time-ms':
      return 'time_ms()'
    case 'user-index':
      return 'user_index(me)'
  }
}

export interface TestExpression {
  /** What must hold, in words. */
  readonly label: string
  readonly expression: string
}

export function testExpression(plan: TestPlan, language: Language): TestExpression {
  const { subject, name } = subjectOf(plan)
  return { label: `${name} ${labelOf(plan.test)}`, expression: valueTest(subject, plan.test, language) }
}

function subjectOf(plan: TestPlan): { subject: string; name: string } {
  if (plan.subject === 'body') return { subject: 'body_of(r)', name: 'body' }
  if (plan.subject === 'header')
    return { subject: `header_of(r, ${JSON.stringify(plan.header)})`, name: `header ${plan.header}` }
  return { subject: `at(json_of(r), ${JSON.stringify(plan.path)})`, name: plan.label }
}

function valueTest(subject: string, test: ValueTest, language: Language): string {
  switch (test.kind) {
    case 'exists':
      return test.expected ? `exists(${subject})` : `is_missing(${subject})`
    case 'equals':
      return `equals(${subject}, ${literal(test.expected, language)})`
    case 'equals-text':
      return `equals_text(${subject}, ${templateExpression(test.expected)})`
    case 'contains':
      return `contains(${subject}, ${templateExpression(test.expected)})`
    case 'regex':
      return `matches(${subject}, ${patternLiteral(test.pattern, language)})`
  }
}

function labelOf(test: ValueTest): string {
  switch (test.kind) {
    case 'exists':
      return test.expected ? 'is there' : 'is not there'
    case 'equals':
      return `is ${JSON.stringify(test.expected)}`
    case 'equals-text':
      return `is ${written(test.expected)}`
    case 'contains':
      return `contains ${written(test.expected)}`
    case 'regex':
      return `matches ${test.pattern}`
  }
}

function written(template: Template): string {
  return template.map((piece) => (typeof piece === 'string' ? piece : piece.placeholder.text)).join('')
}

export function literal(value: string | number | boolean | null, language: Language): string {
  if (language === 'python' && value === null) return 'None'
  if (language === 'python' && typeof value === 'boolean') return value ? 'True' : 'False'
  return JSON.stringify(value)
}

/** Of a value that is missing where nothing was found. */
export function carryExpression(plan: CarryPlan, language: Language): string {
  if (plan.from === 'json') return `at(json_of(r), ${JSON.stringify(plan.path)})`
  if (plan.from === 'body') return `first_group(body_of(r), ${patternLiteral(plan.regex, language)})`
  const header = `header_of(r, ${JSON.stringify(plan.header)})`
  return plan.regex === undefined ? header : `first_group(${header}, ${patternLiteral(plan.regex, language)})`
}

/** Python has other parentheses for named groups. */
function patternLiteral(pattern: string, language: Language): string {
  return JSON.stringify(language === 'python' ? pattern.replace(/\(\?<([A-Za-z_]\w*)>/g, '(?P<$1>') : pattern)
}
