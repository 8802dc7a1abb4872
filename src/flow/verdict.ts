import type { EndedAttempt, TaskChange } from '../registry/flow-types.ts'
import { backoffMs, isWorthRetrying } from './backoff.ts'
import type { TaskOutcome } from './task-process.ts'
import type { Task } from './types.ts'

export interface Verdict {
  readonly ended: EndedAttempt
  readonly change: TaskChange
  /** null: there is no further attempt. */
  readonly waitMs: number | null
}

export interface JudgeSetting {
  /** Since the flow was begun or resumed, from 1. */
  readonly attempt: number
  /** What becomes of a task that the runner has ended. */
  readonly aborted: 'crashed' | 'cancelled'
  /** Uniform in [0, 1). */
  readonly random: () => number
}

/** What an attempt means for its task: done, not needed, ended, to be tried again, failed. */
export function judge(task: Task, outcome: TaskOutcome, { attempt, aborted, random }: JudgeSetting): Verdict {
  const { exitCode, message, isAborted, isTimeout, errorCode, result } = outcome
  const ended = (state: EndedAttempt['state'], waitMs: number | null = null) => ({
    ...{ state, exitCode, message, waitMs },
  })
  if (message === null)
    return { ended: ended('succeeded'), change: { state: 'succeeded', result }, waitMs: null }
  if (isAborted) {
    return { ended: ended(aborted), change: { state: aborted, message }, waitMs: null }
  }
  if (exitCode !== null && task.skipOn.includes(exitCode)) {
    return { ended: ended('skipped'), change: { state: 'skipped', message, result }, waitMs: null }
  }
  const state = isTimeout ? 'timed out' : exitCode === null ? 'crashed' : 'failed'
  const isLast = attempt >= task.retry.attempts
  const reason = errorCode === null ? message : `${errorCode}  ${message}`
  if (!isLast && isWorthRetrying(task.retry, { exitCode, errorCode, isTimeout })) {
    const waitMs = backoffMs(task.retry, attempt, random)
    const text = `${reason}; attempt ${attempt + 1} of ${task.retry.attempts} in ${(waitMs / 1000).toFixed(1)} s`
    return { ended: ended(state, waitMs), change: { state: 'retrying', message: text }, waitMs }
  }
  return { ended: ended(state), change: { state: 'failed', message: reason }, waitMs: null }
}
