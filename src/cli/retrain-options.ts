import { RecsysError } from '../errors.ts'
import type { RetrainOptions } from '../flow/retrain-flow.ts'
import { parseDuration } from '../loadtest/duration.ts'
import { algorithms } from '../models/algorithms.ts'
import { flagName } from '../models/parameters.ts'

/** The flags of `retrain` as the command line gives them. */
export interface RetrainFlags {
  readonly algos: string
  readonly set: readonly string[]
  readonly name: string
  readonly split: string
  readonly seed: number
  readonly k: number
  readonly source: string | undefined
  readonly append: boolean
  readonly overwrite: boolean
  readonly metric: string | undefined
  readonly 'min-gain': string | undefined
  readonly 'allow-partial': boolean
  readonly loadtest: string | undefined
  readonly goal: readonly string[]
  readonly 'load-time': string
  readonly attempts: number
  readonly 'retry-delay': string
  readonly timeout: string
  readonly parallel: number | undefined
  readonly threads: number | undefined
}

/** @throws RECSYS_USAGE naming the flag, what it got and what it expected */
export function retrainOptions(flags: RetrainFlags, nCores: number): RetrainOptions {
  const { source, overwrite, loadtest, goal } = flags
  const names = parseAlgorithms(flags.algos)
  if (goal.length > 0 && loadtest === undefined)
    throw usage('goal', 'is given without --loadtest, expected both')
  return {
    algorithms: names,
    parameters: parseParameters(flags.set, names),
    ...{ name: flags.name, split: flags.split, seed: flags.seed, k: flags.k },
    source: source === undefined ? null : { from: source, mode: overwrite ? 'overwrite' : 'append' },
    metric: flags.metric ?? null,
    minGain: flags['min-gain'] ?? null,
    allowPartial: flags['allow-partial'],
    loadTest: loadtest === undefined ? null : { url: loadtest, goals: goal, runTime: flags['load-time'] },
    retry: {
      attempts: flags.attempts,
      delayMs: parseDuration(flags['retry-delay'], { field: 'retry-delay', minMs: 0, maxMs: 86_400_000 }),
    },
    timeoutMs: parseDuration(flags.timeout, { field: 'timeout', minMs: 1000, maxMs: 7 * 86_400_000 }),
    directory: process.cwd(),
    maxParallel: flags.parallel ?? nCores,
    threads:
      flags.threads ?? Math.max(1, Math.floor(nCores / Math.min(flags.parallel ?? nCores, names.length))),
  }
}

function parseAlgorithms(text: string): string[] {
  const names = text.split(',').map((name) => name.trim())
  const unknown = names.find((name) => !Object.hasOwn(algorithms, name))
  if (unknown === undefined) return names
  throw usage(
    'algos',
    `has ${JSON.stringify(unknown)}, expected some of ${Object.keys(algorithms).join(', ')}`,
  )
}

/** `als.factors=64` becomes `--factors=64` of the training of als. */
function parseParameters(texts: readonly string[], names: readonly string[]): Record<string, string[]> {
  const parameters: Record<string, string[]> = {}
  for (const text of texts) {
    const [, algorithm, parameter, value] = /^([\w-]+)\.(\w+)=(.+)$/.exec(text) ?? []
    const spec =
      algorithm && Object.hasOwn(algorithms, algorithm)
        ? algorithms[algorithm as keyof typeof algorithms]
        : undefined
    if (!names.includes(algorithm ?? '') || !spec || !Object.hasOwn(spec.parameters, parameter!)) {
      throw usage(
        'set',
        `is ${JSON.stringify(text)}, expected algorithm.parameter=value, such as als.factors=64, of an algorithm in --algos`,
      )
    }
    const flag = flagName(parameter!)
    const isSwitch = value === 'true' || value === 'false'
    const argument = isSwitch ? `--${value === 'true' ? '' : 'no-'}${flag}` : `--${flag}=${value}`
    parameters[algorithm!] = [...(parameters[algorithm!] ?? []), argument]
  }
  return parameters
}

function usage(field: string, problem: string): RecsysError {
  return new RecsysError('RECSYS_USAGE', { message: `--${field} ${problem}`, field })
}
