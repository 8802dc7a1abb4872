import { describe, expect, test } from 'vitest'
import { VersionWatch } from '../../src/serving/supervisor/version-watch.ts'
import { VersionTallies } from '../../src/serving/threads/version-tally.ts'
import type { VersionLimits, VersionTally } from '../../src/serving/types.ts'

const none: VersionLimits = { maxErrorRate: null, maxP95Ms: null, maxClickLoss: null, probationMs: 0 }

/** A tally of answers, each with its latency; the first `nErrors` of them errors. */
function tallied(latenciesMs: readonly number[], nErrors = 0, recommendations = 0): VersionTally {
  let tally: VersionTally | undefined
  const tallies = new VersionTallies((each) => {
    tally = each.get(2)
  })
  for (const [i, ms] of latenciesMs.entries()) tallies.answered(2, i < nErrors, ms)
  for (let i = 0; i < recommendations; i++) tallies.recommended(2)
  tallies.close()
  return tally!
}

const many = (n: number, ms: number) => new Array<number>(n).fill(ms)

describe('the watch over versions', () => {
  test('sees errors beyond their limit, not below it, and not in a handful of answers', () => {
    const watch = new VersionWatch({ ...none, maxErrorRate: 0.05 })
    watch.record(2, tallied(many(99, 1), 99), 0)
    expect(watch.breachOf(2, undefined, 0)).toBeUndefined()
    const other = new VersionWatch({ ...none, maxErrorRate: 0.05 })
    other.record(2, tallied(many(100, 1), 5), 0)
    expect(other.breachOf(2, undefined, 0)).toBeUndefined()
    other.record(2, tallied(many(100, 1), 6), 1)
    expect(other.breachOf(2, undefined, 1)?.reason).toContain('5.5 % of its answers were errors')
  })

  test('tells the 95th percentile to a fifth, and forgets what is a minute old', () => {
    const watch = new VersionWatch({ ...none, maxP95Ms: 30 })
    watch.record(2, tallied([...many(900, 1), ...many(100, 40)]), 0)
    const figures = watch.figures(0)[0]
    expect(figures?.p50Ms).toBe(1)
    const ratio = (figures?.p95Ms ?? 0) / 40
    expect(ratio).toBeGreaterThanOrEqual(1)
    expect(ratio).toBeLessThan(1.2)
    expect(watch.breachOf(2, undefined, 1000)?.figures).toMatchObject({ limit: 30, answers: 1000 })
    expect(watch.breachOf(2, undefined, 61_000)).toBeUndefined()
  })

  test('takes a loss of clicks seriously only when it is no chance', () => {
    const breach = (clicks: number, n: number) => {
      const watch = new VersionWatch({ ...none, maxClickLoss: 0.2 })
      watch.record(2, tallied([], 0, n), 0)
      watch.recordClicks(2, clicks)
      return watch.breachOf(2, { recommendations: 100_000, clicks: 10_000 }, 0)
    }
    // The other version: 10 %. Allowed: 8 %.
    expect(breach(0, 999)).toBeUndefined()
    expect(breach(75, 1000)).toBeUndefined()
    expect(breach(50, 1000)?.reason).toContain('a loss of more than 20 %')
    expect(breach(7500, 100_000)).toBeDefined()
    expect(breach(8000, 100_000)).toBeUndefined()
  })
})
