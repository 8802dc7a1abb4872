import type { MetricValues } from '../registry/types.ts'

/** Milliseconds that the phases of a job take. */
export interface Clock {
  readonly laps: MetricValues
  lap(phase: string): void
}

export function startClock(): Clock {
  let last = performance.now()
  const laps: Record<string, number> = {}
  return {
    laps,
    lap: (phase) => {
      laps[phase] = Math.round(performance.now() - last)
      last = performance.now()
    },
  }
}
