import { existsSync } from 'node:fs'
import { parse, resolve } from 'node:path'
import { RecsysError } from '../errors.ts'
import { parseCondition } from '../flow/schedule/condition.ts'
import { nextDue } from '../flow/schedule/cron.ts'
import type { MissedPolicy, OverlapPolicy, Schedule } from '../registry/schedule-types.ts'

export interface ScheduleFlags {
  readonly name: string | undefined
  readonly tz: string | undefined
  readonly when: string | undefined
  readonly missed: MissedPolicy
  readonly overlap: OverlapPolicy
}

/** Words at which the command of a schedule begins. */
const commands = [
  'retrain',
  'flow',
  'lake',
  'gc',
  'promote',
  'train',
  'tune',
  'evaluate',
  'loadtest',
] as const

const commandNames: ReadonlySet<string> = new Set(commands)

/**
 * Splits the words of `schedule add` where the command begins: what stands behind belongs to that, but for the flags that every command
 * has, which say where the schedule is kept.
 */
export function splitCommand(argv: readonly string[]): readonly [own: string[], command: string[]] {
  const marker = argv.indexOf('--')
  const at = marker >= 0 ? marker : argv.findIndex((word) => commandNames.has(word))
  if (at < 0) return [[...argv], []]
  const own = argv.slice(0, at)
  const command: string[] = []
  const behind = argv.slice(marker >= 0 ? at + 1 : at)
  for (let i = 0; i < behind.length; i++) {
    const word = behind[i]!
    if (word === '--data-dir') own.push(word, behind[++i] ?? '')
    else if (word === '--json' || word.startsWith('--data-dir=')) own.push(word)
    else command.push(word)
  }
  return [own, command]
}

/** @throws RECSYS_USAGE for times, a zone, a condition or a command that cannot be */
export function newSchedule(
  cron: string,
  command: readonly string[],
  flags: ScheduleFlags,
): Omit<Schedule, 'createdAt' | 'pausedAt' | 'lastDueAt'> {
  const timeZone = flags.tz ?? Intl.DateTimeFormat().resolvedOptions().timeZone
  const words = runnable(command)
  if (flags.when !== undefined) parseCondition(flags.when)
  const next = nextDue({ cron, timeZone }, new Date())
  if (next === null) {
    throw new RecsysError('RECSYS_USAGE', {
      message: `the times are ${JSON.stringify(cron)}, which are never, expected some`,
      field: 'cron',
    })
  }
  return {
    name: flags.name ?? usualName(words),
    ...{ cron, timeZone, command: words, condition: flags.when ?? null },
    ...{ missed: flags.missed, overlap: flags.overlap, nextDueAt: next.toISOString() },
  }
}

/** `nightly` for flow run nightly.yaml, `lake-optimize` for lake optimize events. */
function usualName([first, second, file]: readonly string[]): string {
  if (first === 'flow') return parse(file!).name.replaceAll(/[^\w-]/g, '-')
  return [first, second]
    .filter((word) => word !== undefined && /^[\w-]+$/.test(word) && !word.startsWith('-'))
    .join('-')
}

/** The file of a flow is found wherever the scheduler is started. */
function runnable(command: readonly string[]): string[] {
  const [first, second, file, ...rest] = command
  if (first === undefined || !commandNames.has(first)) {
    throw new RecsysError('RECSYS_USAGE', {
      message: `the command is ${JSON.stringify(command.join(' '))}, expected one that begins with ${commands.join(', ')}`,
      field: 'command',
    })
  }
  if (first !== 'flow') return [...command]
  if (second === 'run' && file !== undefined && existsSync(file))
    return [first, second, resolve(file), ...rest]
  throw new RecsysError('RECSYS_USAGE', {
    message: `the command is ${JSON.stringify(command.join(' '))}, expected flow run FILE with a file that is there`,
    field: 'command',
  })
}
