import type { LogStream, TaskState } from '../registry/flow-types.ts'
import type { ParamValues } from '../registry/types.ts'

/** A flow as it is run: read, checked, its parameters filled in. What is written into the registry is exactly this. */
export interface Flow {
  readonly name: string
  readonly description: string
  /** Two runs with the same lock never run at once; null: any number may. */
  readonly lock: string | null
  readonly params: ParamValues
  /** Where shell tasks run and files of tasks are looked for: that of the flow's file. */
  readonly directory: string
  /** Tasks that run at the same time, at most. */
  readonly maxParallel: number
  /** In an order in which each stands behind what it needs. */
  readonly tasks: readonly Task[]
}

export interface Task {
  /** Letters, digits, `-` and `_`. */
  readonly id: string
  readonly description: string
  readonly command: TaskCommand
  /** Ids of the tasks that have to be over before. */
  readonly needs: readonly string[]
  readonly when: TaskCondition
  /** Whether the flow succeeds though this task failed. */
  readonly mayFail: boolean
  readonly retry: RetryPolicy
  /** Milliseconds an attempt may take; null: any time. */
  readonly timeoutMs: number | null
  /** null: the result is never taken from an earlier run. */
  readonly cache: CachePolicy | null
  /** Exit codes that say that the task is not needed: it and what needs it are skipped, and the flow succeeds. */
  readonly skipOn: readonly number[]
  /** What takes the task back when the flow fails after it was begun. */
  readonly undo: TaskCommand | null
  readonly env: Readonly<Record<string, string>>
}

/** `${{ … }}` in arguments is filled in when the task starts; see template.ts. */
export type TaskCommand =
  | {
      readonly kind: 'recsys'
      readonly args: readonly string[]
      /** Further arguments, which do not change the result: threads, keys. They do not count for the cache. */
      readonly extraArgs: readonly string[]
    }
  /** A line for `sh`. It is never filled in: parameters come as environment variables. */
  | { readonly kind: 'shell'; readonly line: string; readonly output: 'lines' | 'json' }

/** What must have become of the tasks that are needed: `all-done` does not ask. */
export const taskConditions = ['all-succeeded', 'any-succeeded', 'all-done'] as const
export type TaskCondition = (typeof taskConditions)[number]

export interface RetryPolicy {
  /** Attempts in all, the first one too. */
  readonly attempts: number
  /** Wait before the second attempt; each further one is `factor` times as long, `maxDelayMs` at most. */
  readonly delayMs: number
  readonly factor: number
  readonly maxDelayMs: number
  /** Share of the wait, 0 to 1, that is left out at random, so that many do not come back at once. */
  readonly jitter: number
  /** Exit codes, error codes, `timeout` and `crash` after which a further attempt makes sense. */
  readonly on: readonly (string | number)[]
}

export interface CachePolicy {
  /** Files whose contents count, relative to where the flow was started. */
  readonly inputs: readonly string[]
  /** Files that must still be there for a result to be taken. */
  readonly outputs: readonly string[]
}

/** What mends itself: a bug that may depend on the moment, a lock, something outside, time, a process that was killed. */
export const usualRetryCauses = [1, 5, 6, 'timeout', 'crash'] as const

export const once: RetryPolicy = {
  ...{ attempts: 1, delayMs: 0, factor: 2, maxDelayMs: 300_000, jitter: 0.2 },
  on: usualRetryCauses,
}

/** What a runner tells while it runs. */
export type FlowNews =
  | { readonly type: 'begun'; readonly flowRunId: string; readonly flow: Flow }
  | {
      readonly type: 'task'
      readonly task: string
      readonly state: TaskState
      readonly attempt: number
      readonly message: string | null
    }
  | { readonly type: 'line'; readonly task: string; readonly stream: LogStream; readonly line: string }

export interface FlowSetting {
  readonly dataDir: string
  /** What tasks see of the environment. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** `by hand`, `schedule nightly` … */
  readonly cause: string
  /** False: no result is taken from an earlier run. */
  readonly useCache: boolean
  /** Ends the run as crashed, so that it can be resumed. */
  readonly signal: AbortSignal
  /** Version of the table `interactions`; null without a lake. */
  lakeVersion(): Promise<number | null>
  onNews?(news: FlowNews): void
  /** Uniform in [0, 1). */
  random?(): number
}
