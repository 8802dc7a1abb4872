import type { Random } from '../random.ts'
import type { Population } from '../types.ts'
import type { ScenarioDocument } from './document.ts'
import type { Feeds } from './feeds.ts'

/** What a thread needs to build a scenario again: plain data (structured clone), or a module to import. */
export type ScenarioSource =
  | {
      readonly kind: 'built-in'
      readonly population: Population
      readonly k: number
      readonly ids: 'zipf' | 'uniform'
    }
  | {
      readonly kind: 'file'
      readonly path: string
      readonly document: ScenarioDocument
      readonly feeds: Feeds
    }
  | { readonly kind: 'module'; readonly url: string; readonly feeds: Feeds }

/** A scenario ready to be drawn from. Compiled once a thread. */
export interface Scenario {
  readonly name: string
  /** Names of the requests that reports list, in order. */
  readonly requestNames: readonly string[]
  /** Drawn by weight. */
  readonly tasks: readonly Task[]
  /** Once a run, before any load; values go to every user. */
  readonly setup: readonly Step[]
  /** Once a run, after it. */
  readonly teardown: readonly Step[]
  /** Think time of the scenario itself in ms, when the flags do not say otherwise. */
  readonly waitMs?: readonly [min: number, max: number]
}

export interface Task {
  readonly name: string
  readonly weight: number
  readonly steps: readonly Step[]
}

export interface Step {
  /** Index into requestNames. */
  readonly request: number
  /** May use values carried over from earlier steps and from setup; draws from feeds and `random`. */
  render(user: UserState): RenderedRequest
  /** undefined when the answer is right; else what is wrong, in words. Extracts carried values into `user.values`. */
  check(answer: StepAnswer, user: UserState): string | undefined
  /** Whether `check` looks at the body: else it is not gathered. */
  readonly needsBody: boolean
  /** Think time after this step in ms. */
  readonly waitMs?: readonly [min: number, max: number]
}

export interface RenderedRequest {
  readonly method: string
  /** Path and query, percent-encoded, below the target's base path. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Private to the step: what check wants to know again. */
  readonly memo?: unknown
}

export interface StepAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[]>>
  /** Whole body as UTF-8; '' when !needsBody. */
  readonly text: string
  readonly request: RenderedRequest
}

export interface UserState {
  /** Index of the virtual user (closed) or of the arrival (open). */
  readonly index: number
  readonly random: Random
  /** Carried values; starts as a copy of what setup left. */
  readonly values: Record<string, unknown>
  /** Set by checks of the recommendation scenario: `name v3`, who answered. */
  model?: string
  /** Private to the scenario: the rows that the user holds. */
  scenario?: unknown
}
