import fc from 'fast-check'
import { expect, test } from 'vitest'
import { backoffMs, isWorthRetrying } from '../../src/flow/backoff.ts'
import { once } from '../../src/flow/types.ts'

const policy = { ...once, attempts: 9, delayMs: 100, factor: 3, maxDelayMs: 2000, jitter: 0 }

test('waits grow by the factor up to the longest one', () => {
  const waits = [1, 2, 3, 4, 5].map((attempt) => backoffMs(policy, attempt, () => 0.5))
  expect(waits).toEqual([100, 300, 900, 2000, 2000])
})

test('jitter takes away at most its share, and never adds', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (jitter, u) => {
        const wait = backoffMs({ ...policy, jitter }, 2, () => u)
        expect(wait).toBeLessThanOrEqual(300)
        expect(wait).toBeGreaterThanOrEqual(Math.floor(300 * (1 - jitter)))
      },
    ),
  )
})

test.each([
  [{ exitCode: 6, errorCode: null, isTimeout: false }, true],
  [{ exitCode: 2, errorCode: 'RECSYS_USAGE', isTimeout: false }, false],
  [{ exitCode: 4, errorCode: 'RECSYS_LAKE_MISSING', isTimeout: false }, false],
  [{ exitCode: null, errorCode: null, isTimeout: false }, true],
  [{ exitCode: null, errorCode: null, isTimeout: true }, true],
])('by default what may pass is tried again: %j', (cause, expected) => {
  expect(isWorthRetrying(once, cause)).toBe(expected)
})

test('codes of errors and of processes may be named', () => {
  const named = { ...once, on: ['RECSYS_LAKE_MISSING', 7] }
  expect(isWorthRetrying(named, { exitCode: 4, errorCode: 'RECSYS_LAKE_MISSING', isTimeout: false })).toBe(
    true,
  )
  expect(isWorthRetrying(named, { exitCode: 7, errorCode: null, isTimeout: false })).toBe(true)
  expect(isWorthRetrying(named, { exitCode: null, errorCode: null, isTimeout: true })).toBe(false)
})
