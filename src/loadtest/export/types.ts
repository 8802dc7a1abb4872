import type { LoadedScenario } from '../scenario/load-scenario.ts'
import type { Goal } from '../types.ts'

export type ExportTool = 'k6' | 'locust'

/** Users or arrivals a second over time: from `start`, linearly to each target. */
export interface LoadCurve {
  readonly model: 'closed' | 'open'
  /** Virtual users, or tasks started a second. */
  readonly start: number
  readonly stages: readonly { readonly durationMs: number; readonly target: number }[]
}

export interface ExportOptions {
  readonly scenario: LoadedScenario
  /** Where the script sends its requests unless its own flags say otherwise. */
  readonly url: string
  readonly load: LoadCurve
  /** After a step that has no think time of its own. */
  readonly waitMs: readonly [min: number, max: number]
  readonly timeoutMs: number
  readonly goals: readonly Goal[]
  /** The path of the script; rows of feeds go beside it. Without one they stand in the script. */
  readonly out?: string
}

export interface ExportedFile {
  readonly path: string
  readonly text: string
}

/** A script and the files that it reads. */
export interface Exported {
  readonly script: string
  readonly files: readonly ExportedFile[]
}
