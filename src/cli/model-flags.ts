import { Flags } from '@oclif/core'
import { defaultListLength } from '../metrics/score.ts'
import { algorithms } from '../models/algorithms.ts'
import { flagName, type ParameterSpec, type Params } from '../models/parameters.ts'
import type { AlgorithmName } from '../models/types.ts'

const names = Object.keys(algorithms) as AlgorithmName[]

/** `--algo svd` */
export const algorithmFlag = Flags.custom<AlgorithmName>({
  description: names.map((name) => `${name}: ${algorithms[name].summary}`).join('; '),
  options: names,
})

/** The parameters of all algorithms by name; one name means the same thing wherever it occurs. */
const parameterNames = [...new Set(names.flatMap((name) => Object.keys(algorithms[name].parameters)))]

/**
 * One flag for every parameter that an algorithm has; which ones an algorithm takes is checked when it is used.
 * @param dependsOn  flags without which these make no sense
 */
export function parameterFlags(dependsOn: string[] = []) {
  return Object.fromEntries(parameterNames.map((name) => [flagName(name), flagOf(name, dependsOn)]))
}

function flagOf(name: string, dependsOn: string[]) {
  const [spec] = specsOf(name)
  const options = {
    description: describe(name),
    helpGroup: 'ALGORITHM',
    ...(dependsOn.length > 0 ? { dependsOn } : {}),
  }
  if (spec.kind === 'switch') return Flags.boolean({ ...options, allowNo: true })
  return spec.kind === 'choice' ? Flags.string(options) : numberFlag(options)
}

/** The parameters that were given. */
export function givenParams(flags: Readonly<Record<string, unknown>>): Params {
  const given = parameterNames.filter((name) => flags[flagName(name)] !== undefined)
  return Object.fromEntries(given.map((name) => [name, flags[flagName(name)] as Params[string]]))
}

function specsOf(parameter: string): [ParameterSpec, ...ParameterSpec[]] {
  const specs = names
    .map((name) => algorithms[name].parameters[parameter])
    .filter((spec) => spec !== undefined)
  return specs as [ParameterSpec, ...ParameterSpec[]]
}

/** `latent factors (svd 50, nmf 20; 1 to 1024)` */
function describe(parameter: string): string {
  const owners = names.filter((name) => algorithms[name].parameters[parameter])
  const specs = specsOf(parameter)
  const defaults = owners.map((name, at) => `${name} ${defaultText(specs[at])}`)
  return `${specs[0].description} (${defaults.join(', ')}; ${rangeText(specs)})`
}

/** `50`, or with a solver of its own `20, als 50` */
function defaultText(spec: ParameterSpec): string {
  if (spec.kind === 'switch') return spec.default ? 'on' : 'off'
  if (spec.kind === 'choice') return spec.default
  const others = Object.values(spec.defaultBy ?? {}).flatMap((values) => Object.entries(values))
  return [spec.default, ...others.map(([value, own]) => `with ${value} ${own}`)].join(', ')
}

function rangeText(specs: readonly ParameterSpec[]): string {
  const choices = specs.flatMap((spec) => (spec.kind === 'choice' ? spec.options : []))
  if (choices.length > 0) return [...new Set(choices)].join('|')
  const [spec] = specs
  return spec.kind === 'number' ? `${spec.min} to ${spec.max}` : 'on or off'
}

function numberFlag(options: { description: string; helpGroup: string }) {
  return Flags.custom<number>({ parse: async (text) => (text.trim() === '' ? Number.NaN : Number(text)) })(
    options,
  )
}

export const threadsFlag = Flags.integer({
  description: 'worker threads; the result does not depend on them [default: one a core]',
  min: 1,
  max: 64,
})

export const listLengthFlag = Flags.integer({
  char: 'k',
  description: 'length of the lists that ranking metrics judge, 1 to the size of the catalogue',
  default: defaultListLength,
})

/** `-k 5,10,20`: one ranking answers for all of them. */
export const listLengthsFlag = Flags.string({
  char: 'k',
  description:
    'lengths of the lists that ranking metrics judge, such as 5,10,20; each 1 to the size of the catalogue',
  default: String(defaultListLength),
})

export const defaultSeed = 42

export const seedFlag = Flags.integer({
  description: 'of the first factors and of the random splits, 0 to 2³² − 1',
  default: defaultSeed,
  min: 0,
  max: 2 ** 32 - 1,
})

export const lakeVersionFlag = Flags.integer({
  description: 'version of the lake (default: the latest)',
  min: 0,
})

/** `--once KEY`. @param promise  what becomes of a second call */
export function onceFlag(promise: string) {
  return Flags.string({
    description: `key of this call, such as the id of a CI job: with the same key ${promise}`,
  })
}
