import type { ParamValues } from './param-values.ts'

export type FlowState = 'running' | 'succeeded' | 'failed' | 'cancelled' | 'crashed'

export type TaskState =
  | 'pending'
  | 'running'
  | 'retrying'
  | 'succeeded'
  | 'failed'
  | 'cached'
  | 'skipped'
  | 'cancelled'
  | 'crashed'

export type AttemptState =
  | 'running'
  | 'succeeded'
  | 'failed'
  | 'skipped'
  | 'timed out'
  | 'cancelled'
  | 'crashed'

/** What a task left behind: the JSON document of a recsys command, `{}` of a shell command that says nothing. */
export type TaskResult = Readonly<Record<string, unknown>>

/** One execution of a flow. A resumed one goes on under the same id. */
export interface FlowRun {
  /** 12 lower-case letters and digits; sorts by time of creation within a second or so. */
  readonly flowRunId: string
  readonly flow: string
  /** Two runs with the same lock never run at once; null: any number may. */
  readonly lock: string | null
  /** The flow as it was planned, enough to go on without its file. */
  readonly plan: unknown
  readonly params: ParamValues
  /** `by hand`, `schedule nightly`, `dashboard` … */
  readonly cause: string
  /** The run whose tasks this one took over (`--from`). */
  readonly parentFlowRunId: string | null
  readonly state: FlowState
  readonly message: string | null
  /** ISO 8601, UTC. */
  readonly startedAt: string
  readonly finishedAt: string | null
  readonly programVersion: string
}

export interface TaskRun {
  readonly task: string
  /** Place in the plan, from 0. */
  readonly position: number
  readonly state: TaskState
  /** Those that were begun, over all resumptions. */
  readonly attempts: number
  readonly startedAt: string | null
  readonly finishedAt: string | null
  readonly cacheKey: string | null
  /** The flow run whose result was taken. */
  readonly cachedFrom: string | null
  readonly result: TaskResult | null
  readonly message: string | null
}

export interface TaskAttempt {
  readonly task: string
  /** From 1. */
  readonly attempt: number
  readonly state: AttemptState
  readonly startedAt: string
  readonly finishedAt: string | null
  /** null for one that was ended by a signal, or has not ended. */
  readonly exitCode: number | null
  readonly message: string | null
  /** Milliseconds until the next attempt; null where there is none. */
  readonly waitMs: number | null
}

export interface FlowRunDetails extends FlowRun {
  /** In the order of the plan. */
  readonly tasks: readonly TaskRun[]
  readonly attempts: readonly TaskAttempt[]
}

export type LogStream = 'stdout' | 'stderr' | 'flow'

export interface TaskLogLine {
  readonly task: string
  readonly attempt: number
  /** ISO 8601, UTC. */
  readonly at: string
  /** `flow`: what the runner says of the task. */
  readonly stream: LogStream
  readonly line: string
}

export interface NewFlowRun {
  readonly flow: string
  readonly lock: string | null
  readonly plan: unknown
  readonly params: ParamValues
  readonly cause: string
  readonly parentFlowRunId: string | null
  readonly programVersion: string
  /** In the order of the plan; those that are taken over from another run come with their results. */
  readonly tasks: readonly NewTaskRun[]
}

export interface NewTaskRun {
  readonly task: string
  readonly takenOver?: { readonly result: TaskResult | null; readonly from: string } | undefined
}

export interface FlowRunFilter {
  readonly limit?: number | undefined
  readonly flow?: string | undefined
  readonly state?: FlowState | undefined
}

export interface EndedAttempt {
  readonly state: Exclude<AttemptState, 'running'>
  readonly exitCode: number | null
  readonly message: string | null
  readonly waitMs: number | null
}

/** What becomes of a task, in the same transaction as the end of its attempt. */
export interface TaskChange {
  readonly state: TaskState
  readonly result?: TaskResult | null
  readonly message?: string | null
  readonly cacheKey?: string | null
  readonly cachedFrom?: string | null
}

/** The calls of the registry that concern flows. */
export interface FlowCalls {
  /**
   * Begins a run and takes its lock, in one transaction.
   * @throws RECSYS_FLOW_LOCKED naming the run that has the lock
   */
  createFlowRun(run: NewFlowRun): string
  /**
   * A run that crashed, failed or was cancelled runs again: what did not succeed is pending once more.
   * @returns processes of its attempts that may still be running
   * @throws RECSYS_FLOW_LOCKED, RECSYS_REGISTRY_CONFLICT for one that is running or has succeeded
   */
  resumeFlowRun(flowRunId: string): readonly LeftoverProcess[]
  beginAttempt(flowRunId: string, task: string): number
  /** @param process  of the attempt, by `identityOf` */
  recordProcess(flowRunId: string, task: string, attempt: number, process: string): void
  endAttempt(flowRunId: string, task: string, attempt: number, ended: EndedAttempt, change: TaskChange): void
  /** Without an attempt: skipped, cached, cancelled while it waited. */
  changeTask(flowRunId: string, task: string, change: TaskChange): void
  /** A task that is not in the plan: what undoes another. */
  addTask(flowRunId: string, task: string): void
  endFlowRun(flowRunId: string, state: Exclude<FlowState, 'running'>, message: string | null): void
  /** Asks a running flow to stop; its runner sees it within a second. @returns whether it was running */
  askToCancel(flowRunId: string): boolean
  isCancelAsked(flowRunId: string): boolean
  logLines(flowRunId: string, lines: readonly TaskLogLine[]): void
  /** Newest first. */
  flowRuns(filter?: FlowRunFilter): FlowRun[]
  /** @throws RECSYS_FLOW_RUN_UNKNOWN; a unique beginning of the id is enough */
  flowRun(flowRunId: string): FlowRunDetails
  /** Oldest first. @param after  the `id` of the last line that is known */
  flowLogs(
    flowRunId: string,
    filter?: { readonly task?: string; readonly after?: number; readonly limit?: number },
  ): readonly (TaskLogLine & { readonly id: number })[]
  /** The newest result of a task that succeeded with this key. */
  cachedResult(cacheKey: string): { readonly flowRunId: string; readonly result: TaskResult } | undefined
  /** Ended runs that began before, except the newest `keep` of each flow. @returns how many were removed */
  removeFlowRuns(before: string, keep: number, dryRun: boolean): number
}

export interface LeftoverProcess {
  readonly task: string
  readonly pid: number
  readonly identity: string
}
