import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LatencyHistogram } from '../../src/loadtest/histogram.ts'
import type { Latency } from '../../src/loadtest/types.ts'

const latencies = fc.array(fc.integer({ min: 1, max: 60_000_000 }), { minLength: 1, maxLength: 400 })

/** Nearest rank on the sorted values themselves. */
function exactMs(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return (sorted[Math.ceil((percent / 100) * sorted.length - 1e-9) - 1] as number) / 1000
}

function histogramOf(values: readonly number[]): LatencyHistogram {
  const histogram = new LatencyHistogram()
  for (const value of values) histogram.record(value)
  return histogram
}

test('percentiles are those of the exact values to one part in a thousand, and the maximum is exact', () => {
  fc.assert(
    fc.property(latencies, (values) => {
      const histogram = histogramOf(values)
      const { max: _, ...percentiles } = histogram.summary() as Latency
      for (const [name, approximate] of Object.entries(percentiles)) {
        const exact = exactMs(values, Number(name.slice(1)))
        expect(approximate).toBeGreaterThanOrEqual(exact)
        expect(approximate).toBeLessThanOrEqual(exact * 1.001)
      }
      expect(histogram.summary()?.max).toBe(Math.max(...values) / 1000)
    }),
  )
})

test('merged histograms give the percentiles of all values together', () => {
  fc.assert(
    fc.property(latencies, latencies, (first, second) => {
      const merged = histogramOf(first)
      merged.merge(histogramOf(second))
      expect(merged.summary()).toEqual(histogramOf([...first, ...second]).summary())
      expect(merged.count).toBe(first.length + second.length)
    }),
  )
})

test('an empty histogram has no summary and its percentiles are NaN, also after a reset', () => {
  const histogram = histogramOf([5])
  histogram.reset()
  expect(histogram.summary()).toBeNull()
  expect(histogram.percentileMs(95)).toBeNaN()
  histogram.record(7000)
  expect(histogram.summary()).toMatchObject({ p50: 7, max: 7 })
})

test('the correction adds what users who waited would have sent, as wrk2 does', () => {
  const histogram = new LatencyHistogram()
  // One user, 1 ms an answer and 9 ms to think, and one answer that took a second.
  for (let i = 0; i < 990; i++) histogram.record(1000)
  histogram.record(1_000_000)
  const corrected = histogram.corrected(10)
  // A hundred in the second that passed: 1000, 990, … 10 ms.
  expect(corrected.count).toBe(990 + 100)
  expect(histogram.percentileMs(95)).toBeCloseTo(1, 1)
  // The 1036th of 1090: 46 of the hundred are below it.
  expect(Math.abs(corrected.percentileMs(95) - 460)).toBeLessThan(11)
  expect(corrected.percentileMs(100)).toBe(1000)
})
