import { Flags } from '@oclif/core'
import { defaultListLength } from '../metrics/score.ts'
import { algorithms } from '../models/algorithms.ts'
import type { AlgorithmName, Params } from '../models/types.ts'

const names = Object.keys(algorithms) as AlgorithmName[]

/** `--algo svd` */
export const algorithmFlag = Flags.custom<AlgorithmName>({
  description: names.map((name) => `${name}: ${algorithms[name].summary}`).join('; '),
  options: names,
})

/** One flag for every parameter that an algorithm has; which ones an algorithm takes is checked when it is used. */
export const parameterFlags = {
  factors: Flags.integer({ description: describe('factors'), helpGroup: 'ALGORITHM' }),
  epochs: Flags.integer({ description: describe('epochs'), helpGroup: 'ALGORITHM' }),
  reg: numberFlag({ description: describe('reg'), helpGroup: 'ALGORITHM' }),
  damping: numberFlag({ description: describe('damping'), helpGroup: 'ALGORITHM' }),
}

/** The parameters that were given. */
export function givenParams(flags: Readonly<Record<string, unknown>>): Params {
  const given = Object.keys(parameterFlags).filter((name) => flags[name] !== undefined)
  return Object.fromEntries(given.map((name) => [name, flags[name] as number]))
}

/** `latent factors (svd 50, nmf 20; 1 to 1024)` */
function describe(parameter: string): string {
  const owners = names.filter((name) => algorithms[name].parameters[parameter])
  const specs = owners.map((name) => algorithms[name].parameters[parameter])
  const defaults = owners.map((name, at) => `${name} ${specs[at].default}`)
  return `${specs[0].description} (${defaults.join(', ')}; ${specs[0].min} to ${specs[0].max})`
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
