import { RecsysError } from '../errors.ts'
import { parseDuration } from './duration.ts'

/** A level of users or of arrivals a second, reached in a straight line from the one before. */
export interface LoadStage {
  readonly durationMs: number
  readonly target: number
}

const dayMs = 24 * 3_600_000

/** @param text  `30s:100,1m:500` @throws RECSYS_USAGE */
export function parseStages(text: string): LoadStage[] {
  return text.split(',').map((stage) => {
    const match = /^([^:]+):(\d+(?:\.\d+)?)$/.exec(stage.trim())
    if (!match) {
      throw new RecsysError('RECSYS_USAGE', {
        message: `--stages has ${JSON.stringify(stage)}, expected a time and a level such as 30s:100,1m:500`,
        field: 'stages',
      })
    }
    const durationMs = parseDuration(match[1]!, { field: 'stages', minMs: 100, maxMs: dayMs })
    return { durationMs, target: Number(match[2]) }
  })
}

export function stagesMs(stages: readonly LoadStage[]): number {
  return stages.reduce((sum, { durationMs }) => sum + durationMs, 0)
}

/** The level at a time; the last one after the end. */
export function levelAt(stages: readonly LoadStage[], start: number, atMs: number): number {
  let [from, startedMs] = [start, 0]
  for (const { durationMs, target } of stages) {
    const into = atMs - startedMs
    if (into < durationMs) return from + ((target - from) * into) / durationMs
    from = target
    startedMs += durationMs
  }
  return from
}

/**
 * The time at which so many arrivals are due, with levels in arrivals a second: the inverse of the integral of the levels.
 * Infinity when the stages bring fewer.
 */
export function timeOfArrival(stages: readonly LoadStage[], start: number, nArrivals: number): number {
  let [from, startedMs, left] = [start, 0, nArrivals]
  for (const { durationMs, target } of stages) {
    const [rate, slope] = [from / 1000, (target - from) / 1000 / durationMs]
    const area = (rate + (slope * durationMs) / 2) * durationMs
    if (left < area) return startedMs + rootOf(rate, slope, left)
    left -= area
    from = target
    startedMs += durationMs
  }
  return Number.POSITIVE_INFINITY
}

/** x ≥ 0 with rate · x + slope · x² ÷ 2 = area, in a form that loses nothing where the slope is small. */
function rootOf(rate: number, slope: number, area: number): number {
  if (area === 0) return 0
  return (2 * area) / (rate + Math.sqrt(Math.max(0, rate * rate + 2 * slope * area)))
}
