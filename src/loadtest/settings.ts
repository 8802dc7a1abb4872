import { parseDuration, parseWait } from './duration.ts'
import { resolveGoals } from './goals.ts'
import type { LoadTestOptions } from './types.ts'

/** What the command line says about a load test, as it was typed. */
export interface LoadTestFlags {
  readonly url: string
  readonly users: number
  readonly 'spawn-rate': number
  readonly 'run-time': string
  readonly wait?: string | undefined
  readonly timeout: string
  readonly k: number
  readonly seed: number
  readonly goal: readonly string[]
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
    allowedHosts: flags['allow-host'],
    spawnRate: flags['spawn-rate'],
    runTimeMs: parseDuration(flags['run-time'], { field: 'run-time', minMs: 1000, maxMs: 24 * 3_600_000 }),
    waitMs: flags.wait === undefined ? undefined : parseWait(flags.wait),
    timeoutMs: parseDuration(flags.timeout, { field: 'timeout', minMs: 1, maxMs: 600_000 }),
    goals: resolveGoals(flags.goal),
  }
}
