import { expect, test } from 'vitest'
import { reasonsAgainst } from '../../src/loadtest/generator.ts'
import { Recorder } from '../../src/loadtest/recorder.ts'
import type { OpenModelReport } from '../../src/loadtest/types.ts'

const calm = { loopDelayP99Ms: 2, utilization: 0.4 }
const latency = { p50: 0.1, p75: 0.2, p90: 0.5, p95: 0.8, p99: 1.2, max: 3 }
const open: OpenModelReport = {
  rate: 100,
  arrivals: 'constant',
  planned: 1000,
  begun: 1000,
  latenessMs: latency,
  rawLatencyMs: latency,
}

test.each([
  ['a busy loop', { ...calm, utilization: 0.99 }, null, /busy for 99 %/],
  ['a late loop', { ...calm, loopDelayP99Ms: 300 }, null, /300 ms late/],
  ['arrivals that were not begun', calm, { ...open, begun: 900 }, /began 900 of 1000/],
  ['late sends', calm, { ...open, latenessMs: { ...latency, p99: 60 } }, /sent 60 ms late/],
] as const)('%s makes a run invalid', (_, measured, model, reason) => {
  expect(reasonsAgainst(measured, model)).toEqual([expect.stringMatching(reason)])
})

test('a generator that kept up is valid', () => {
  expect(reasonsAgainst(calm, null)).toEqual([])
  expect(reasonsAgainst(calm, open)).toEqual([])
})

test('the seconds of a run of any length stay within bounds, and none of their requests is lost', () => {
  const recorder = new Recorder(['a'], 100)
  const nSeconds = 1500
  for (let second = 1; second <= nSeconds; second++) {
    recorder.record({ ok: true, task: 'a', latencyUs: 1000, model: undefined }, '/')
    recorder.closeSecond(second, 1)
  }
  const { timeline } = recorder
  expect(timeline.length).toBeLessThanOrEqual(100)
  expect(timeline.reduce((sum, { requests }) => sum + requests, 0)).toBe(nSeconds)
  expect(timeline.at(-1)).toMatchObject({ second: nSeconds, requests: 1 })
  expect(timeline.every(({ second }, i) => i === 0 || second > timeline[i - 1]!.second)).toBe(true)
})
