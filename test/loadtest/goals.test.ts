import { expect, test } from 'vitest'
import {
  defaultGoals,
  judgeGoals,
  requireGoals,
  requireRequests,
  resolveGoals,
} from '../../src/loadtest/goals.ts'
import type { LoadReport, TaskReport } from '../../src/loadtest/types.ts'

const all: TaskReport = {
  task: 'all',
  requests: 1000,
  successes: 996,
  failures: 4,
  successPercent: 99.6,
  requestsPerSecond: 100,
  latencyMs: { p50: 10, p75: 20, p90: 30, p95: 100, p99: 150, max: 400 },
}

test('the default goals are p95 below 100 ms, more than 99.5 % success and at least 100 requests a second', () => {
  expect(judgeGoals(defaultGoals, [all])).toEqual([
    { goal: 'p95 < 100 ms', actual: 100, met: false },
    { goal: 'success > 99.5 %', actual: 99.6, met: true },
    { goal: 'rps >= 100', actual: 100, met: true },
  ])
})

test('a given goal replaces the default of its measure and other measures are added', () => {
  const goals = resolveGoals(['p95<=0.1s', 'p99 < 200ms', 'success>=99%', 'rps>50', 'max<500'])
  expect(judgeGoals(goals, [all]).map(({ goal, met }) => [goal, met])).toEqual([
    ['p95 <= 100 ms', true],
    ['success >= 99 %', true],
    ['rps > 50', true],
    ['p99 < 200 ms', true],
    ['max < 500 ms', true],
  ])
})

test.each([
  '',
  'p95',
  'p42<1ms',
  'p95>100ms',
  'rps<5',
  'success>101%',
  'p95<5%',
  'rps>5ms',
  'p95<-1',
  'p95<1ms;',
])('the goal %j is refused with what is expected', (text) => {
  expect(() => resolveGoals([text])).toThrow(
    expect.objectContaining({
      code: 'RECSYS_USAGE',
      field: 'goal',
      message: expect.stringContaining('p95<200ms'),
    }),
  )
})

test('without any success a latency goal is missed, not met by default', () => {
  const nothing = {
    ...all,
    requests: 0,
    successes: 0,
    successPercent: 0,
    requestsPerSecond: 0,
    latencyMs: null,
  }
  expect(judgeGoals(defaultGoals, [nothing])).toMatchObject([
    { actual: null, met: false },
    { actual: null, met: false },
    { actual: 0, met: false },
  ])
})

test('a missed goal throws with the report as data, a met one does not, an interruption goes first', () => {
  const report = {
    interrupted: false,
    elapsedMs: 1500,
    generator: { valid: true },
    goals: judgeGoals(defaultGoals, [all]),
  } as unknown as LoadReport
  expect(() => requireGoals(report)).toThrow(
    expect.objectContaining({
      code: 'RECSYS_LOAD_GOAL_MISSED',
      exitCode: 3,
      message: '1 of 3 goals missed: expected p95 < 100 ms, got 100.00',
      data: expect.objectContaining({ goals: report.goals }),
    }),
  )
  expect(() => requireGoals({ ...report, goals: report.goals.slice(1) })).not.toThrow()
  expect(() => requireGoals({ ...report, interrupted: true })).toThrow(
    expect.objectContaining({ code: 'RECSYS_INTERRUPTED', message: expect.stringContaining('1.5 s') }),
  )
})

test('a goal of one request is judged by that request alone, beside the goal of all', () => {
  const one = { ...all, task: 'recommendations', latencyMs: { ...all.latencyMs!, p99: 45 } }
  const goals = resolveGoals(['recommendations:p99<50ms', 'recommendations: success > 99%', 'p99<50ms'])
  const judged = judgeGoals(goals, [one, all]).slice(3)
  expect(judged.map(({ goal, met }) => [goal, met])).toEqual([
    ['recommendations: p99 < 50 ms', true],
    ['recommendations: success > 99 %', true],
    ['p99 < 50 ms', false],
  ])
  expect(() => requireRequests(goals, ['recommendations', 'health'])).not.toThrow()
  expect(() => requireRequests(goals, ['search'])).toThrow(/"recommendations", expected one of search/)
})

test('nothing is judged by a run whose generator was the bottleneck', () => {
  const goals = judgeGoals(resolveGoals(['p95<1s']), [all])
  const generator = { valid: false, reasons: ['its event loop was busy for 99 % of the time'] }
  expect(() => requireGoals({ interrupted: false, goals, generator } as unknown as LoadReport)).toThrow(
    expect.objectContaining({ code: 'RECSYS_LOAD_GENERATOR_LIMIT', exitCode: 3 }),
  )
})
