import { RecsysError } from '../../errors.ts'
import { parseDuration, parseWait } from '../duration.ts'
import { resolveGoals } from '../goals.ts'
import type { ScenarioDocument } from '../scenario/document.ts'
import { parseStages } from '../stages.ts'
import { loadCurve } from './load-curve.ts'
import type { ExportOptions } from './types.ts'

/** What the command line says of an export, as it was typed. */
export interface ExportFlags {
  readonly url?: string | undefined
  readonly users: number
  readonly 'spawn-rate': number
  readonly 'run-time': string
  readonly rate?: string | undefined
  readonly stages?: string | undefined
  readonly wait?: string | undefined
  readonly timeout: string
  readonly goal: readonly string[]
  readonly out?: string | undefined
}

const dayMs = 24 * 3_600_000

/** @throws RECSYS_USAGE naming the flag, what it got and what it expected */
export function exportSettings(
  flags: ExportFlags,
  document: ScenarioDocument,
): Omit<ExportOptions, 'scenario'> {
  const { out, rate, stages } = flags
  const load = loadCurve({
    users: flags.users,
    spawnRate: flags['spawn-rate'],
    runTimeMs: parseDuration(flags['run-time'], { field: 'run-time', minMs: 1000, maxMs: dayMs }),
    ...(rate === undefined ? {} : { rate: parseRate(rate) }),
    ...(stages === undefined ? {} : { stages: parseStages(stages) }),
  })
  return {
    url: flags.url ?? document.url ?? 'http://127.0.0.1:8000',
    load,
    waitMs: flags.wait === undefined ? (document.waitMs ?? [100, 500]) : parseWait(flags.wait),
    timeoutMs: parseDuration(flags.timeout, { field: 'timeout', minMs: 1, maxMs: 600_000 }),
    goals: resolveGoals(flags.goal),
    ...(out === undefined ? {} : { out }),
  }
}

function parseRate(text: string): number {
  const rate = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (rate > 0 && rate <= 1e6) return rate
  throw new RecsysError('RECSYS_USAGE', {
    message: `--rate is ${JSON.stringify(text)}, expected a number above 0, 1,000,000 at most`,
    field: 'rate',
  })
}
