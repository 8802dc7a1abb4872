import { RecsysError } from '../errors.ts'
import type { ArrivalLaw } from './arrivals.ts'
import { parseDuration, parseWait } from './duration.ts'
import { resolveGoals } from './goals.ts'
import type { LoadTestOptions } from './types.ts'

/** What the command line says about a load test, as it was typed. */
export interface LoadTestFlags {
  readonly url: string
  readonly users: number
  readonly 'spawn-rate': number
  readonly rate?: string | undefined
  readonly arrivals?: ArrivalLaw | undefined
  readonly 'run-time': string
  readonly wait?: string | undefined
  readonly timeout: string
  readonly k: number
  readonly seed: number
  readonly goal: readonly string[]
  readonly 'abort-on-fail'?: boolean
  readonly 'allow-host': readonly string[]
}

export type LoadTestSettings = Omit<LoadTestOptions, 'signal' | 'onSecond'>

/** @throws RECSYS_USAGE naming the flag, what it got and what it expected */
export function resolveSettings(flags: LoadTestFlags): LoadTestSettings {
  const { url, users, k, seed } = flags
  return {
    url,
    users,
    k,
    seed,
    rate: flags.rate === undefined ? undefined : parseRate(flags.rate),
    arrivals: flags.arrivals,
    allowedHosts: flags['allow-host'],
    spawnRate: flags['spawn-rate'],
    runTimeMs: parseDuration(flags['run-time'], { field: 'run-time', minMs: 1000, maxMs: 24 * 3_600_000 }),
    waitMs: flags.wait === undefined ? undefined : parseWait(flags.wait),
    timeoutMs: parseDuration(flags.timeout, { field: 'timeout', minMs: 1, maxMs: 600_000 }),
    goals: resolveGoals(flags.goal),
    abortOnFail: flags['abort-on-fail'],
  }
}

const mostArrivals = 100_000

function parseRate(text: string): number {
  const rate = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (rate > 0 && rate <= mostArrivals) return rate
  throw new RecsysError('RECSYS_USAGE', {
    message: `--rate is ${JSON.stringify(text)}, expected arrivals a second, above 0 and at most ${mostArrivals}`,
    field: 'rate',
  })
}
