import { Scheduler, type SchedulerNews } from '../flow/schedule/scheduler.ts'
import { measureDrift } from '../pipeline/drift.ts'
import { defaultModelName } from '../registry/types.ts'
import { createLog, type LogLevel } from '../serving/log.ts'

/** A scheduler over a data directory, as the command line starts it. */
export function scheduler(
  dataDir: string,
  signal: AbortSignal,
  onNews: (news: SchedulerNews) => void,
  onTrouble: (message: string) => void,
): Scheduler {
  return new Scheduler({
    ...{ dataDir, signal, onNews, onTrouble },
    env: process.env,
    directory: process.cwd(),
    measure: (_, { command }) => measureDrift({ dataDir, name: modelOf(command) }),
  })
}

/** `2026-03-01T03:00:00.000Z nightly started` */
export function schedulerLine({ schedule, dueAt, outcome, note }: SchedulerNews): string {
  return `${dueAt} ${schedule} ${outcome}${note === null ? '' : `: ${note}`}`
}

/** A scheduler that shares a process with a server: what it says goes to the server's log. */
export async function schedulerBeside(dataDir: string, level: LogLevel, signal: AbortSignal): Promise<void> {
  const log = createLog(level, 'scheduler')
  const onNews = (news: SchedulerNews) => log.info(news, 'schedule')
  await scheduler(dataDir, signal, onNews, (trouble) => log.warn({ trouble }, 'schedule')).run()
}

/** The model that a command is about: `--name films`. */
function modelOf(command: readonly string[]): string {
  const at = command.indexOf('--name')
  const joined = command.find((word) => word.startsWith('--name='))
  return joined?.slice('--name='.length) ?? (at >= 0 ? command[at + 1] : undefined) ?? defaultModelName
}
