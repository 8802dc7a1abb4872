import type { Firing, Schedule } from '../registry/schedule-types.ts'
import type { Registry } from '../registry/types.ts'
import { readRegistryOr, withRegistry } from './read-registry.ts'

/** The `--json` document of `recsys schedule list`. */
export interface ScheduleList {
  readonly schedules: readonly Schedule[]
  /** What became of the last due times, the newest first. */
  readonly firings: readonly Firing[]
}

export function listSchedules(dataDir: string, limit: number): ScheduleList {
  const read = (registry: Registry) => ({
    schedules: registry.schedules(),
    firings: registry.firings({ limit }),
  })
  return readRegistryOr(dataDir, read, { schedules: [], firings: [] })
}

/** @throws RECSYS_SCHEDULE_EXISTS */
export function addSchedule(dataDir: string, schedule: Parameters<Registry['addSchedule']>[0]): Schedule {
  return withRegistry(dataDir, (registry) => registry.addSchedule(schedule))
}

/** @throws RECSYS_SCHEDULE_UNKNOWN */
export function removeSchedule(dataDir: string, name: string): Schedule {
  return withRegistry(dataDir, (registry) => registry.removeSchedule(name))
}

/**
 * Due times pass unheeded while a schedule is paused; afterwards it goes on with the next one.
 * @param nextDue  when a schedule is due for the next time from now on
 * @throws RECSYS_SCHEDULE_UNKNOWN
 */
export function pauseSchedule(
  dataDir: string,
  name: string,
  isPaused: boolean,
  nextDue: (schedule: Schedule) => Date | null,
): Schedule {
  return withRegistry(dataDir, (registry) => {
    const next = nextDue(registry.schedule(name))
    return registry.pauseSchedule(name, isPaused, isPaused ? null : (next?.toISOString() ?? null))
  })
}
