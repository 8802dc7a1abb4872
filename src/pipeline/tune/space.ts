import { RecsysError } from '../../errors.ts'
import {
  defaultOf,
  fits,
  flagName,
  type NumberSpec,
  type ParameterSpec,
  type Params,
  type ParamValue,
} from '../../models/parameters.ts'
import type { Algorithm } from '../../models/types.ts'

/** One parameter that is searched, with its place in [0, 1): the optimiser knows nothing but places. */
export type Dimension = NumberDimension | ValuesDimension

export interface NumberDimension {
  readonly name: string
  readonly kind: 'number'
  readonly low: number
  readonly high: number
  readonly log: boolean
  readonly integer: boolean
}

/** Values without an order. */
export interface ValuesDimension {
  readonly name: string
  readonly kind: 'values'
  readonly values: readonly ParamValue[]
}

type Owner = Pick<Algorithm, 'name' | 'parameters'>

/**
 * Where the schema of the algorithm says to look, with what `--space` says in its place. A parameter that was given is
 * fixed.
 * @param texts  `reg=0.001..0.1:log`, `factors=16,32,64`, `solver=als,sgd`
 * @throws RECSYS_USAGE
 */
export function searchSpace(owner: Owner, fixed: Params, texts: readonly string[]): Dimension[] {
  const own = texts.map((text) => parseDimension(owner, text))
  const twice = own.find(({ name }) => name in fixed)
  if (twice) throw wrong(twice.name, `--${flagName(twice.name)} or --space ${twice.name}, not both`)
  const named = new Set(own.map(({ name }) => name))
  const usual = Object.entries(owner.parameters).flatMap(([name, spec]) => {
    if (named.has(name) || name in fixed || !isActive(owner, spec, fixed, own)) return []
    return usualDimension(name, spec)
  })
  const space = [...usual, ...own]
  if (space.length > 0) return space
  const names = Object.keys(owner.parameters).map(flagName).join(', ')
  throw wrong('', `at least one of ${names}, such as --space ${flagName(Object.keys(owner.parameters)[0])}=…`)
}

/** The parameters at a place of the space. @param place  one number in [0, 1) a dimension */
export function paramsAt(space: readonly Dimension[], place: readonly number[]): Params {
  return Object.fromEntries(space.map((dimension, at) => [dimension.name, valueAt(dimension, place[at])]))
}

function valueAt(dimension: Dimension, place: number): ParamValue {
  if (dimension.kind === 'values') {
    return dimension.values[
      Math.min(dimension.values.length - 1, Math.floor(place * dimension.values.length))
    ]
  }
  const { low, high, log, integer } = dimension
  const value = log ? low * (high / low) ** place : low + (high - low) * place
  // Four digits are enough to tell two settings apart, and short enough to read.
  return Math.min(high, Math.max(low, integer ? Math.round(value) : Number(value.toPrecision(4))))
}

/** The inverse of `paramsAt` in one dimension; a value outside of the range has the nearest end. */
export function placeOf(dimension: Dimension, value: ParamValue): number {
  if (dimension.kind === 'values') {
    return (Math.max(0, dimension.values.indexOf(value)) + 0.5) / dimension.values.length
  }
  const { low, high, log } = dimension
  const inside = Math.min(high, Math.max(low, Number(value)))
  const place = log ? Math.log(inside / low) / Math.log(high / low) : (inside - low) / (high - low)
  return Math.min(place, 1 - 1e-9)
}

/** `reg=0.001..0.1:log`, as `--space` takes it. */
export function spaceText(dimension: Dimension): string {
  const name = flagName(dimension.name)
  if (dimension.kind === 'values') return `${name}=${dimension.values.join(',')}`
  return `${name}=${dimension.low}..${dimension.high}${dimension.log ? ':log' : ''}`
}

/** Whether a parameter does anything, with what is fixed, searched or the default. */
function isActive(
  { parameters }: Owner,
  spec: ParameterSpec,
  fixed: Params,
  own: readonly Dimension[],
): boolean {
  return Object.entries(spec.search?.when ?? {}).every(([other, values]) => {
    const searched = own.find(({ name }) => name === other)
    if (searched?.kind === 'values') return searched.values.some((value) => values.includes(value))
    return values.includes(fixed[other] ?? defaultOf(parameters[other], fixed, parameters))
  })
}

function usualDimension(name: string, spec: ParameterSpec): Dimension[] {
  const { search } = spec
  if (search === undefined) return []
  if (spec.kind === 'choice') return [{ name, kind: 'values', values: spec.options }]
  if (spec.kind === 'switch') return [{ name, kind: 'values', values: [false, true] }]
  const { low = spec.min, high = spec.max, log = false } = search
  return [{ name, kind: 'number', low, high, log, integer: spec.integer }]
}

function parseDimension(owner: Owner, text: string): Dimension {
  const equals = text.indexOf('=')
  const [key, what] = [text.slice(0, equals), text.slice(equals + 1)]
  const name = Object.keys(owner.parameters).find((known) => known === key || flagName(known) === key)
  if (equals < 1 || name === undefined) {
    const names = Object.keys(owner.parameters).map(flagName).join(', ')
    throw wrong(
      text,
      `name=low..high, name=low..high:log or name=a,b,c with one of the parameters of ${owner.name}: ${names}`,
    )
  }
  const spec = owner.parameters[name]
  const range = /^(.+?)\.\.(.+?)(:log)?$/.exec(what)
  if (range && spec.kind === 'number') {
    return rangeDimension(
      text,
      name,
      spec,
      range.slice(1, 3).map(Number) as [number, number],
      range[3] !== undefined,
    )
  }
  return valuesDimension(text, name, spec, what.split(','))
}

function rangeDimension(
  text: string,
  name: string,
  spec: NumberSpec,
  [low, high]: [number, number],
  log: boolean,
): Dimension {
  if (!(low < high && low >= spec.min && high <= spec.max)) {
    throw wrong(text, `two numbers, the first below the second, from ${spec.min} to ${spec.max}`)
  }
  if (log && low <= 0) throw wrong(text, 'a first number above 0 for :log')
  return { name, kind: 'number', low, high, log, integer: spec.integer }
}

function valuesDimension(
  text: string,
  name: string,
  spec: ParameterSpec,
  words: readonly string[],
): Dimension {
  const values = words.map((word) => valueFrom(spec, word.trim()))
  const odd = values.findIndex((value) => !fits(value, spec))
  if (odd < 0) return { name, kind: 'values', values: [...new Set(values as ParamValue[])] }
  throw wrong(text, `values of --${flagName(name)}, each ${expected(spec)}`)
}

function valueFrom(spec: ParameterSpec, word: string): ParamValue | undefined {
  if (spec.kind === 'number') return word === '' ? undefined : Number(word)
  if (spec.kind === 'choice') return word
  return word === 'true' ? true : word === 'false' ? false : undefined
}

function expected(spec: ParameterSpec): string {
  if (spec.kind === 'choice') return `one of ${spec.options.join(', ')}`
  return spec.kind === 'switch'
    ? 'true or false'
    : `from ${spec.min} to ${spec.max}${spec.integer ? ', whole' : ''}`
}

function wrong(text: string, expectation: string): RecsysError {
  return new RecsysError('RECSYS_USAGE', {
    message: `--space is ${JSON.stringify(text.slice(0, 80))}, expected ${expectation}`,
    field: 'space',
  })
}
