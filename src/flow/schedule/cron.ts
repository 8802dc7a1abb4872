import { Cron } from 'croner'
import { RecsysError } from '../../errors.ts'
import type { Schedule } from '../../registry/schedule-types.ts'

type Timing = Pick<Schedule, 'cron' | 'timeZone'>

/** Due times that are looked at when a scheduler was away; older ones are counted, not listed. */
const mostOccurrences = 1000

/**
 * When a schedule is due for the first time after a moment; null: never again. A time that daylight saving skips is due when the clock has
 * jumped, one that comes twice is due once; every hour is due in both of them.
 * @throws RECSYS_USAGE for a pattern or a time zone that is none
 */
export function nextDue({ cron, timeZone }: Timing, after: Date): Date | null {
  try {
    return new Cron(cron, { timezone: timeZone, paused: true }).nextRun(after)
  } catch (cause) {
    const isZone = /timezone/i.test((cause as Error).message)
    const got = isZone ? `--tz is ${JSON.stringify(timeZone)}` : `the times are ${JSON.stringify(cron)}`
    const expected = isZone
      ? 'an IANA time zone such as Europe/Berlin'
      : 'minute, hour, day, month and weekday, such as "0 3 * * *"'
    throw new RecsysError('RECSYS_USAGE', {
      message: `${got}, expected ${expected}: ${(cause as Error).message}`,
      field: isZone ? 'tz' : 'cron',
      cause,
    })
  }
}

/** Due times from `first`, which is one, up to and with a moment, the oldest first, the last thousand at most. */
export function dueUpTo(timing: Timing, first: Date, until: Date): Date[] {
  const due: Date[] = []
  for (let at: Date | null = first; at !== null && at <= until; at = nextDue(timing, at)) {
    due.push(at)
    if (due.length > mostOccurrences) due.shift()
  }
  return due
}
