import { RecsysError } from '../errors.ts'

export type ParamValue = number | string | boolean

/** By name in camelCase; on the command line `burnIn` is `--burn-in`. */
export type Params = Readonly<Record<string, ParamValue>>

/** One parameter of an algorithm: what `--help` prints and what validation uses. */
export type ParameterSpec = NumberSpec | ChoiceSpec | SwitchSpec

interface AnySpec {
  /** What models have that were trained before there was this parameter. */
  readonly before?: ParamValue
  /** Where `recsys tune` looks, where nobody says otherwise; left out: not at all, the default stays. */
  readonly search?: SearchRange
}

/** Of a number: from `low` to `high`. Of a choice or a switch: all of its values. */
export interface SearchRange {
  readonly low?: number
  readonly high?: number
  /** Evenly in the logarithm. */
  readonly log?: boolean
  /** Only where another parameter has one of these values, without which this one does nothing. */
  readonly when?: Readonly<Record<string, readonly ParamValue[]>>
}

export interface NumberSpec extends AnySpec {
  readonly kind: 'number'
  readonly description: string
  readonly default: number
  /** Other defaults, by the value of another parameter: `{ solver: { als: 50, sgd: 100 } }`. */
  readonly defaultBy?: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly min: number
  readonly max: number
  readonly integer: boolean
}

export interface ChoiceSpec extends AnySpec {
  readonly kind: 'choice'
  readonly description: string
  readonly default: string
  readonly options: readonly string[]
}

export interface SwitchSpec extends AnySpec {
  readonly kind: 'switch'
  readonly description: string
  readonly default: boolean
}

export type ParameterSpecs = Readonly<Record<string, ParameterSpec>>

/** What `resolveParams` makes of the parameters of one algorithm. */
export type ParamsOf<S extends ParameterSpecs> = {
  readonly [K in keyof S]: S[K] extends NumberSpec
    ? number
    : S[K] extends { readonly kind: 'choice'; readonly options: readonly (infer O)[] }
      ? O
      : boolean
}

interface Owner {
  readonly name: string
  readonly parameters: ParameterSpecs
}

/** What was given, checked, and defaults for the rest. @throws RECSYS_USAGE naming the parameter and its range */
export function resolveParams({ name, parameters }: Owner, given: Params): Params {
  const unknown = Object.keys(given).find((key) => !Object.hasOwn(parameters, key))
  if (unknown !== undefined) {
    throw new RecsysError('RECSYS_USAGE', {
      message: `--${flagName(unknown)} is no parameter of ${name}, expected ${flagNames(parameters)}`,
      field: unknown,
    })
  }
  const resolved: Record<string, ParamValue> = {}
  for (const [key, spec] of Object.entries(parameters)) {
    resolved[key] = checked(key, given[key] ?? defaultOf(spec, { ...resolved, ...given }, parameters), spec)
  }
  return resolved
}

/** `burnIn` is `burn-in` on the command line. */
export function flagName(parameter: string): string {
  return parameter.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

function flagNames(parameters: ParameterSpecs): string {
  const names = Object.keys(parameters).map(flagName)
  return names.length > 0 ? names.join(', ') : 'none'
}

/** What a parameter has where nothing is given, beside what is known of others. */
export function defaultOf(spec: ParameterSpec, known: Params, parameters: ParameterSpecs): ParamValue {
  if (spec.kind !== 'number') return spec.default
  for (const [other, values] of Object.entries(spec.defaultBy ?? {})) {
    const value = known[other] ?? parameters[other]?.default
    const own = values[String(value)]
    if (own !== undefined) return own
  }
  return spec.default
}

function checked(key: string, value: ParamValue, spec: ParameterSpec): ParamValue {
  if (fits(value, spec)) return value
  throw new RecsysError('RECSYS_USAGE', {
    message: `--${flagName(key)} is ${value}, expected ${expectation(spec)}`,
    field: key,
  })
}

/** The parameters of a stored model, with those that it is too old to have. */
export function completed(params: Params, parameters: ParameterSpecs): Params {
  const missing = Object.entries(parameters).filter(
    ([key, { before }]) => !(key in params) && before !== undefined,
  )
  return { ...Object.fromEntries(missing.map(([key, { before }]) => [key, before as ParamValue])), ...params }
}

/** Whether a value is one that the parameter can have. */
export function fits(value: ParamValue | undefined, spec: ParameterSpec): boolean {
  if (spec.kind === 'switch') return typeof value === 'boolean'
  if (spec.kind === 'choice') return spec.options.includes(value as string)
  const inRange = typeof value === 'number' && value >= spec.min && value <= spec.max
  return inRange && (!spec.integer || Number.isInteger(value))
}

/** `an integer from 1 to 1024` */
export function expectation(spec: ParameterSpec): string {
  if (spec.kind === 'switch') return 'true or false'
  if (spec.kind === 'choice') return `one of ${spec.options.join(', ')}`
  return `${spec.integer ? 'an integer' : 'a number'} from ${spec.min} to ${spec.max}`
}
