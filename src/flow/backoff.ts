import type { RetryPolicy } from './types.ts'

/**
 * Milliseconds to wait after an attempt: min(maxDelay, delay · factor^(attempt − 1)), of which up to the share `jitter` is left
 * out at random.
 * @param attempt  that failed, from 1
 * @param random  uniform in [0, 1)
 */
export function backoffMs(policy: RetryPolicy, attempt: number, random: () => number): number {
  const { delayMs, factor, maxDelayMs, jitter } = policy
  const whole = Math.min(maxDelayMs, delayMs * factor ** (attempt - 1))
  return Math.round(whole * (1 - jitter * random()))
}

export interface FailureCause {
  readonly exitCode: number | null
  readonly errorCode: string | null
  readonly isTimeout: boolean
}

/** Whether a further attempt makes sense after this. */
export function isWorthRetrying(
  { on }: RetryPolicy,
  { exitCode, errorCode, isTimeout }: FailureCause,
): boolean {
  if (isTimeout) return on.includes('timeout')
  if (exitCode === null) return on.includes('crash')
  return on.includes(exitCode) || (errorCode !== null && on.includes(errorCode))
}
