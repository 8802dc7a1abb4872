import type { LoadStage } from '../stages.ts'
import type { LoadCurve } from './types.ts'

export interface LoadCurveOptions {
  readonly users: number
  /** Users started a second. */
  readonly spawnRate: number
  readonly runTimeMs: number
  /** Tasks started a second: an open model. */
  readonly rate?: number
  /** Levels of users or of the rate, each reached linearly. */
  readonly stages?: readonly LoadStage[]
}

/** The load of a run over its time, as stages. */
export function loadCurve({ users, spawnRate, runTimeMs, rate, stages = [] }: LoadCurveOptions): LoadCurve {
  if (stages.length > 0) return { model: rate === undefined ? 'closed' : 'open', start: rate ?? 1, stages }
  if (rate !== undefined)
    return { model: 'open', start: rate, stages: [{ durationMs: runTimeMs, target: rate }] }
  const rampMs = Math.min(runTimeMs, Math.round((1000 * (users - 1)) / spawnRate))
  const reached = Math.min(users, 1 + Math.floor((rampMs * spawnRate) / 1000))
  const ramp = rampMs > 0 ? [{ durationMs: rampMs, target: reached }] : []
  const rest = runTimeMs > rampMs ? [{ durationMs: runTimeMs - rampMs, target: reached }] : []
  return { model: 'closed', start: 1, stages: [...ramp, ...rest] }
}
