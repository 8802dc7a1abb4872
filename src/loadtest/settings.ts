import { readFileSync } from 'node:fs'
import { RecsysError } from '../errors.ts'
import type { ArrivalLaw } from './arrivals.ts'
import { parseDuration, parseWait } from './duration.ts'
import { resolveGoals } from './goals.ts'
import { parseStages, stagesMs } from './stages.ts'
import type { LoadTestOptions, TlsTrust } from './types.ts'

/** What the command line says about a load test, as it was typed. */
export interface LoadTestFlags {
  readonly url: string
  readonly users: number
  readonly 'spawn-rate': number
  readonly rate?: string | undefined
  readonly arrivals?: ArrivalLaw | undefined
  readonly 'run-time': string
  readonly stages?: string | undefined
  readonly threads?: number
  readonly http2?: boolean
  readonly insecure?: boolean
  readonly ca?: string | undefined
  readonly wait?: string | undefined
  readonly timeout: string
  readonly k: number
  readonly seed: number
  readonly goal: readonly string[]
  readonly 'abort-on-fail'?: boolean
  readonly 'allow-host': readonly string[]
}

export type LoadTestSettings = Omit<LoadTestOptions, 'signal' | 'onSecond' | 'onStart'>

/** @throws RECSYS_USAGE naming the flag, what it got and what it expected */
export function resolveSettings(flags: LoadTestFlags): LoadTestSettings {
  const { url, k, seed } = flags
  const stages = flags.stages === undefined ? undefined : parseStages(flags.stages)
  const mostUsers = Math.max(1, ...(stages ?? []).map(({ target }) => Math.round(target)))
  const users = stages !== undefined && flags.rate === undefined ? mostUsers : flags.users
  requireUsers(users)
  return {
    url,
    users,
    k,
    seed,
    rate: flags.rate === undefined ? undefined : parseRate(flags.rate),
    arrivals: flags.arrivals,
    allowedHosts: flags['allow-host'],
    spawnRate: flags['spawn-rate'],
    stages,
    tls: trustOf(flags),
    threads: flags.threads,
    http2: flags.http2,
    runTimeMs:
      stages === undefined
        ? parseDuration(flags['run-time'], { field: 'run-time', minMs: 1000, maxMs: 24 * 3_600_000 })
        : stagesMs(stages),
    waitMs: flags.wait === undefined ? undefined : parseWait(flags.wait),
    timeoutMs: parseDuration(flags.timeout, { field: 'timeout', minMs: 1, maxMs: 600_000 }),
    goals: resolveGoals(flags.goal),
    abortOnFail: flags['abort-on-fail'],
  }
}

const mostUsersAtAll = 20_000

function requireUsers(users: number): void {
  if (users <= mostUsersAtAll) return
  throw new RecsysError('RECSYS_USAGE', {
    message: `--stages go up to ${users} users, expected ${mostUsersAtAll} at most`,
    field: 'stages',
  })
}

function trustOf({ insecure = false, ca }: LoadTestFlags): TlsTrust | undefined {
  if (!insecure && ca === undefined) return undefined
  try {
    return { insecure, ca: ca === undefined ? undefined : readFileSync(ca, 'utf8') }
  } catch (cause) {
    throw new RecsysError('RECSYS_USAGE', {
      message: `--ca: ${(cause as Error).message}, expected a file of certificates in PEM`,
      field: 'ca',
      cause,
    })
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
