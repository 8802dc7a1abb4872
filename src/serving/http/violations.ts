import type { FastifySchemaValidationError } from 'fastify/types/schema.js'
import { RecsysError } from '../../errors.ts'

/** What the schema compiler tells with `verbose`. */
type Violation = FastifySchemaValidationError & { data?: unknown; parentSchema?: Record<string, unknown> }

/** Turns the first violation of a schema into an error with the field, what was got and what was expected. */
export function explainViolation(violations: readonly FastifySchemaValidationError[]): RecsysError {
  const violation = violations[0] as Violation
  const { keyword, params } = violation
  const path = violation.instancePath.slice(1)
  if (keyword === 'required') return invalid(join(path, params.missingProperty), 'is missing')
  if (keyword === 'additionalProperties') {
    return invalid(join(path, params.additionalProperty), 'is not a field this route has')
  }
  const field = path === '' ? 'body' : path
  return invalid(field, `is ${preview(violation.data)}, expected ${expectation(violation)}`)
}

/** @param problem  continues a sentence that the field begins */
export function invalid(field: string, problem: string): RecsysError {
  const name = shorten(field)
  return new RecsysError('RECSYS_HTTP_INVALID', { message: `${name} ${problem}`, field: name })
}

/** A value as a message may repeat it. */
export function preview(value: unknown): string {
  return shorten(JSON.stringify(value) ?? 'nothing')
}

function shorten(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 57).toWellFormed()}… (${text.length} characters)`
}

function join(path: string, name: unknown): string {
  return path === '' ? String(name) : `${path}/${String(name)}`
}

function expectation({ keyword, parentSchema = {}, message }: Violation): string {
  const { type, minimum, maximum, minLength, maxLength, minItems, maxItems } = parentSchema
  if (type === 'integer' && minimum !== undefined) return `an integer from ${minimum} to ${maximum}`
  if (type === 'string' && maxLength !== undefined) return `a text of ${minLength} to ${maxLength} characters`
  if (keyword === 'type')
    return String(type)
      .replace(/^(?=[aeiou])/, 'an ')
      .replace(/^(?!an )/, 'a ')
  if (maxItems !== undefined) return `${minItems ?? 0} to ${maxItems} entries`
  return message ?? 'something else'
}
