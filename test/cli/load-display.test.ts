import { expect, test, vi } from 'vitest'
import { showLoad } from '../../src/cli/load-display.ts'
import { loadReportTables } from '../../src/cli/load-tables.ts'
import type { LoadProgress } from '../../src/loadtest/types.ts'
import { sampleReport } from '../loadtest/sample-report.ts'

function progress(): LoadProgress {
  const { timeline, tasks, all } = sampleReport()
  return { ...(timeline[1] as LoadProgress), tasks, all }
}

function shown(isTTY: boolean, seconds: number, silent = false): string {
  const written: string[] = []
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written.push(String(text))
    return true
  })
  const terminal = process.stderr.isTTY
  process.stderr.isTTY = isTTY
  const display = showLoad({ silent })
  for (let second = 0; second < seconds; second++) display.update(progress())
  process.stderr.isTTY = terminal
  write.mockRestore()
  return written.join('')
}

test('away from a terminal there is one plain line a second', () => {
  const line = '   2 s  2 users  10 requests/s  p50 2.0 ms  p95 4.0 ms  2 failures\n'
  expect(shown(false, 2)).toBe(line + line)
})

test('on a terminal the table is redrawn in its place', () => {
  const [first, second, third] = shown(true, 3).split('\x1b[0J')
  const height = (text: string) => (text.match(/\n/g) ?? []).length
  expect(first).toContain(`\x1b[${height(first!)}A`)
  expect(second).toContain('recommendations')
  // From the second one on there is a course to draw.
  expect(second).toContain(`\x1b[${height(second!)}A`)
  expect(third).toMatch(/requests\/s [▁-█]{3} {2}p95 [▁-█]{3}\n/)
})

test('with --quiet nothing is shown', () => {
  expect(shown(true, 2, true)).toBe('')
})

test('the report for people shows tasks, failures, versions and goals', () => {
  const text = loadReportTables(sampleReport())
  for (const part of ['filtered', 'status 500', 'recommender v3', 'success > 99.5 %', 'missed', '85.71']) {
    expect(text).toContain(part)
  }
  expect(text).not.toContain('cut off')
})

test('control characters of a server do not reach the terminal', () => {
  const example = '/x: \x1b[2Jgone\x07'
  const text = loadReportTables({ ...sampleReport(), failures: [{ kind: 'status 500', count: 1, example }] })
  expect(text).not.toMatch(/[^\P{Cc}\n]/u)
  expect(text).toContain('[2Jgone')
})

test('requests that were cut off and a generator that was late are said', () => {
  const report = {
    ...sampleReport(),
    unfinished: 3,
    generator: { ...sampleReport().generator, cpuPercent: 98, loopDelayP99Ms: 45 },
  }
  expect(loadReportTables(report)).toMatch(/3 requests were cut off[\s\S]*late by 45 ms/)
})

test('a run whose generator was the bottleneck is said to be invalid, and what waiting users hid is said', () => {
  const report = sampleReport()
  const reasons = ['it sent 80 ms late at the 99th percentile']
  expect(
    loadReportTables({ ...report, generator: { ...report.generator, valid: false, reasons } }),
  ).toContain('INVALID: the load generator was the bottleneck: it sent 80 ms late')
  const correctedMs = { ...report.all.latencyMs!, p99: 950 }
  expect(loadReportTables({ ...report, all: { ...report.all, correctedMs } })).toContain('p99 950.0 ms')
  expect(loadReportTables(report)).not.toContain('coordinated omission')
})
