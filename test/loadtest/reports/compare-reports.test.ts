import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import LoadtestCompare from '../../../commands/loadtest/compare.ts'
import { randomStream } from '../../../src/loadtest/random.ts'
import { compareReports } from '../../../src/loadtest/reports/compare-reports.ts'
import { runCommand, temporaryDirectory } from '../../helpers/run-recsys.ts'
import { recorded, type Sample } from './recorded.ts'

/** Seconds of a server that has good and bad seconds, so that requests of one second resemble each other. */
function run(stream: number, { factor = 1, nSeconds = 40, perSecond = 100, tail = 1 } = {}) {
  const random = randomStream(42, stream)
  const seconds = Array.from({ length: nSeconds }, () => {
    const mood = 1 + 0.3 * random()
    return Array.from({ length: perSecond }, (): Sample => {
      const exponential = -Math.log(1 - random())
      return {
        task: 'health',
        latencyUs: 1000 + 5000 * factor * mood * (exponential > 2.3 ? exponential * tail : exponential),
      }
    })
  })
  return recorded(seconds)
}

const options = { confidence: 0.95, seed: 42 }

function health(a: ReturnType<typeof run>, b: ReturnType<typeof run>) {
  return compareReports(a, b, options).requests.find(({ request }) => request === 'health')!
}

test('a slower server is slower at every percentile, by about as much as it is', () => {
  const { verdict, changes } = health(run(1), run(2, { factor: 1.5 }))
  expect(verdict).toBe('slower')
  expect(changes.map(({ percentile }) => percentile)).toEqual([50, 95, 99])
  for (const {
    interval: [low, high],
    changePercent,
  } of changes) {
    expect(low).toBeGreaterThan(0)
    expect(low).toBeLessThan(changePercent)
    expect(high).toBeGreaterThan(changePercent)
    expect(low).toBeLessThan(48)
    expect(high).toBeGreaterThan(38)
  }
  expect(health(run(2, { factor: 1.5 }), run(1)).verdict).toBe('faster')
})

test('a longer tail alone is found', () => {
  const { verdict, changes } = health(run(3), run(4, { tail: 1.6 }))
  expect(verdict).toBe('slower')
  expect(changes.find(({ percentile }) => percentile === 99)!.interval[0]).toBeGreaterThan(0)
})

test('two runs of the same server are told apart about as seldom as the confidence says', () => {
  const pairs = 60
  const alarms = Array.from(
    { length: pairs },
    (_, i) => health(run(100 + 2 * i), run(101 + 2 * i)).verdict,
  ).filter((verdict) => verdict !== 'no difference shown')
  expect(alarms.length).toBeLessThanOrEqual(5)
}, 120_000)

test('a run too short or with too few requests says so', () => {
  expect(health(run(5, { nSeconds: 5 }), run(6, { nSeconds: 5 })).verdict).toBe('too little to tell')
  const { changes } = health(run(7, { perSecond: 4 }), run(8, { perSecond: 4 }))
  expect(changes.map(({ percentile }) => percentile)).toEqual([50])
})

test('the same reports give the same intervals', () => {
  expect(health(run(1), run(2))).toEqual(health(run(1), run(2)))
})

function write(report: ReturnType<typeof run>): string {
  const path = join(temporaryDirectory(), 'report.json')
  writeFileSync(path, JSON.stringify(report))
  return path
}

test('compare prints a verdict for each request, and fails only when asked to', async () => {
  const [a, b] = [write(run(1)), write(run(2, { factor: 1.5 }))]
  const plain = await runCommand(LoadtestCompare, [a, b])
  expect(plain).toMatchObject({ exitCode: 0, stderr: '' })
  expect(plain.stdout).toMatch(/health +│ slower +│ .* → .* \+\d+\.\d % \[\+/)
  const strict = await runCommand(LoadtestCompare, [a, b, '--fail-on-slower', '10'])
  expect(strict).toMatchObject({
    exitCode: 3,
    stderr: expect.stringMatching(/^RECSYS_LOAD_SLOWER .*health p50 by/),
  })
  expect(await runCommand(LoadtestCompare, [a, b, '--fail-on-slower', '90'])).toMatchObject({ exitCode: 0 })
  expect(await runCommand(LoadtestCompare, [b, a, '--fail-on-slower', '0'])).toMatchObject({ exitCode: 0 })
  const json = await runCommand(LoadtestCompare, [a, b, '--fail-on-slower', '10', '--json'])
  expect(JSON.parse(json.stdout).error).toMatchObject({
    code: 'RECSYS_LOAD_SLOWER',
    exitCode: 3,
    data: { confidence: 0.95 },
  })
})
