import { expect, test } from 'vitest'
import { attachLoadTest, type LoadTestOutcome } from '../../src/pipeline/attach-load-test.ts'
import { opened, registerVersion, temporaryRegistry } from '../registry/sample-registry.ts'

const latencyMs = { p50: 4, p75: 6, p90: 9, p95: 12.5, p99: 30, max: 80 }

function report(changes: Partial<LoadTestOutcome> = {}): LoadTestOutcome {
  return {
    users: 100,
    interrupted: false,
    all: { successPercent: 99.9, requestsPerSecond: 310, latencyMs },
    models: [{ model: 'films v1', responses: 3000 }],
    ...changes,
  }
}

function filmsV1(): string {
  const { dataDir, registry } = temporaryRegistry()
  registerVersion(registry)
  return dataDir
}

test('the load test that was attached last is what the registry knows of a version', () => {
  const dataDir = filmsV1()
  const attach = (users: number) =>
    attachLoadTest({ dataDir, name: 'films', version: 1, report: report({ users }) })
  attach(50)
  attach(100)
  const kept = opened(dataDir, { readOnly: true }).loadTest('films', 1)
  expect(kept).toMatchObject({
    figures: {
      p95LatencyMs: 12.5,
      maxLatencyMs: 80,
      successPercent: 99.9,
      requestsPerSecond: 310,
      users: 100,
    },
    report: { models: [{ model: 'films v1' }] },
  })
})

test.each([
  ['another version answered', { models: [{ model: 'films v2', responses: 10 }] }, 'films v2 (10 responses)'],
  [
    'the version was swapped meanwhile',
    {
      models: [
        { model: 'films v1', responses: 10 },
        { model: 'films v2', responses: 7 },
      ],
    },
    'expected films v1 alone',
  ],
  ['nobody answered', { models: [] }, 'no model answered'],
  [
    'nothing succeeded',
    { all: { successPercent: 0, requestsPerSecond: 300, latencyMs: null } },
    'no request of the load test succeeded',
  ],
  ['it was ended early', { interrupted: true }, 'ended early'],
])('a load test is refused when %s', (_, changes, message) => {
  const dataDir = filmsV1()
  const attach = () => attachLoadTest({ dataDir, name: 'films', version: 1, report: report(changes) })
  expect(attach).toThrow(
    expect.objectContaining({
      code: 'RECSYS_LOAD_TEST_MISMATCH',
      message: expect.stringContaining(message),
    }),
  )
  expect(opened(dataDir).loadTest('films', 1)).toBeUndefined()
})

test('a version that is not there cannot have a load test', () => {
  const dataDir = filmsV1()
  expect(() => attachLoadTest({ dataDir, name: 'films', version: 2, report: report() })).toThrow(
    expect.objectContaining({ code: 'RECSYS_VERSION_UNKNOWN' }),
  )
})
