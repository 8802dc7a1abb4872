import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import LoadtestMerge from '../../../commands/loadtest/merge.ts'
import { LatencyHistogram } from '../../../src/loadtest/histogram.ts'
import { mostBlocks } from '../../../src/loadtest/histogram-blocks.ts'
import { mergeReports } from '../../../src/loadtest/reports/merge-reports.ts'
import { readReportFile } from '../../../src/loadtest/reports/report-file.ts'
import type { LoadReport } from '../../../src/loadtest/types.ts'
import { runCommand, temporaryDirectory } from '../../helpers/run-recsys.ts'
import { recorded, type Sample } from './recorded.ts'

const sample: fc.Arbitrary<Sample> = fc.record(
  {
    task: fc.constantFrom('recommendations', 'filtered', 'health'),
    latencyUs: fc.integer({ min: 1, max: 10_000_000 }),
  },
  { requiredKeys: ['task'] },
)
const run = fc.array(fc.array(sample, { maxLength: 30 }), { minLength: 1, maxLength: 5 })

/** As far as the histogram knows a latency: 0.1 %. */
function expectWithin(actual: number | null, expected: number | null): void {
  if (expected === null) expect(actual).toBeNull()
  else expect(Math.abs(actual! / expected - 1)).toBeLessThanOrEqual(0.0011)
}

test('the merged report is the report of one machine that had sent it all', () => {
  fc.assert(
    fc.property(run, run, (a, b) => {
      const length = Math.max(a.length, b.length)
      const together = recorded(Array.from({ length }, (_, i) => [...(a[i] ?? []), ...(b[i] ?? [])]))
      const [first, second] = [recorded(a, { startedAt: '2026-01-01T00:00:00.000Z' }), recorded(b)]
      const merged = mergeReports([first, second])
      expect(merged.tasks).toEqual(together.tasks)
      expect(merged.all).toEqual(together.all)
      expect(merged.failures.map(({ kind, count }) => [kind, count])).toEqual(
        together.failures.map(({ kind, count }) => [kind, count]),
      )
      expect(merged.models).toEqual(together.models)
      for (const [name, { blocks }] of Object.entries(merged.distributions)) {
        expect(blocks.seconds).toBe(1)
        expect(blocks.histograms.slice(0, length)).toEqual(together.distributions[name]!.blocks.histograms)
      }
      expect(merged.timeline.map(({ requests }) => requests)).toEqual(
        together.timeline.map(({ requests }) => requests),
      )
      expect(merged.timeline.map(({ failures }) => failures)).toEqual(
        together.timeline.map(({ failures }) => failures),
      )
      for (const [i, { p50Ms, p95Ms }] of merged.timeline.entries()) {
        expectWithin(p50Ms, together.timeline[i]!.p50Ms)
        expectWithin(p95Ms, together.timeline[i]!.p95Ms)
      }
    }),
    { numRuns: 15 },
  )
})

test('a long run keeps few spans, which merge with those of a shorter one', () => {
  const long = recorded(
    Array.from({ length: 200 }, (_, i) => [{ task: 'health' as const, latencyUs: 1000 + i }]),
  )
  const { blocks } = long.distributions.health!
  expect(blocks.seconds).toBe(4)
  expect(blocks.histograms.length).toBeLessThanOrEqual(mostBlocks)
  const short = recorded([[{ task: 'health', latencyUs: 5 }]], { startedAt: '2026-01-01T00:00:00.000Z' })
  const merged = mergeReports([long, short])
  expect(merged.distributions.health!.blocks).toMatchObject({ seconds: 4, histograms: { length: 50 } })
  expect(merged.all.requests).toBe(201)
  expect(merged.timeline.at(-1)).toMatchObject({ second: 200, p95Ms: null })
})

test('goals are judged on the whole, and the same report twice is refused', () => {
  const fast = recorded([[{ task: 'health', latencyUs: 1000 }]])
  const slow = recorded([[{ task: 'health', latencyUs: 900_000 }]])
  const goals = [{ goal: 'p95 < 100 ms', actual: 1, met: true }]
  const merged = mergeReports([
    { ...fast, goals },
    { ...slow, goals },
  ])
  expect(merged.goals).toEqual([{ goal: 'p95 < 100 ms', actual: 900, met: false }])
  expect(merged.goalsMet).toBe(false)
  expect(() => mergeReports([fast, fast])).toThrow(/same report is given twice/)
})

test('merge reads files, prints tables and writes a report that can be merged again', async () => {
  const directory = temporaryDirectory()
  const write = (name: string, latencyUs: number) => {
    const path = join(directory, name)
    writeFileSync(path, JSON.stringify(recorded([[{ task: 'health', latencyUs }]])))
    return path
  }
  const out = join(directory, 'all.json')
  const outcome = await runCommand(LoadtestMerge, [
    write('a.json', 1000),
    write('b.json', 2000),
    '--report',
    out,
  ])
  expect(outcome).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('health') })
  const merged = await readReportFile(out)
  expect(merged.all).toMatchObject({ requests: 2, latencyMs: { max: 2 } })
  expect(await runCommand(LoadtestMerge, [out, write('c.json', 5), '--quiet'])).toMatchObject({ exitCode: 0 })
  expect(await runCommand(LoadtestMerge, [out])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('expected 2 at least'),
  })
})

test.each<[string, (report: Record<string, unknown>) => unknown, RegExp]>([
  ['no report', () => [], /no tasks/],
  ['a task without counts', (r) => ({ ...r, tasks: [{ task: 'a' }] }), /for requests of a/],
  [
    'no histograms',
    (r) => ({ ...r, distributions: {} }),
    /has no histogram of recommendations: it was written before/,
  ],
  [
    'a histogram of nonsense',
    (r) => ({
      ...r,
      distributions: {
        ...(r.distributions as object),
        recommendations: { histogram: 'AAAA', blocks: { seconds: 1, histograms: [] } },
      },
    }),
    /no readable histogram/,
  ],
  [
    'spans of an odd length',
    (r) => ({
      ...r,
      distributions: {
        ...(r.distributions as object),
        recommendations: { histogram: '', blocks: { seconds: 3, histograms: [] } },
      },
    }),
    /no readable histogram/,
  ],
])('a file with %s is refused', async (_, spoil, message) => {
  const path = join(temporaryDirectory(), 'r.json')
  writeFileSync(path, JSON.stringify(spoil({ ...recorded([[]]) })))
  await expect(readReportFile(path)).rejects.toMatchObject({
    code: 'RECSYS_LOAD_REPORT_INVALID',
    message: expect.stringMatching(message),
  })
})

test('rates of open models add up; with a closed one among them there is none', () => {
  const open = {
    rate: 50,
    arrivals: 'constant',
    planned: 100,
    begun: 99,
    latenessMs: null,
    rawLatencyMs: null,
  } as const
  const [a, b] = ['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:01.000Z'].map((startedAt) =>
    recorded([[{ task: 'health', latencyUs: 900 }]], { startedAt, open }),
  )
  expect(mergeReports([a!, b!]).open).toEqual({ ...open, rate: 100, planned: 200, begun: 198 })
  expect(mergeReports([a!, { ...b!, open: null }]).open).toBeNull()
})

test('lateness and raw latencies of open models are those of all their arrivals', async () => {
  const figures = (latenciesUs: readonly number[]) => {
    const histogram = new LatencyHistogram()
    for (const latency of latenciesUs) histogram.record(latency)
    return histogram
  }
  const openOf = (lateness: LatencyHistogram, raw: LatencyHistogram): LoadReport['open'] => ({
    ...{ rate: 50, arrivals: 'constant', planned: 2, begun: 2 },
    latenessMs: lateness.summary(),
    rawLatencyMs: raw.summary(),
    histograms: { lateness: lateness.encode(), raw: raw.encode() },
  })
  const [a, b] = ['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:01.000Z'].map((startedAt, i) => {
    const open = openOf(figures([100, 200 + i]), figures([1000, 9000 * (i + 1)]))
    return recorded([[{ task: 'health', latencyUs: 900 }]], { startedAt, open })
  })
  const { open } = mergeReports([a!, b!])
  expect(open).toMatchObject({ rate: 100, planned: 4, begun: 4 })
  expectWithin(open!.rawLatencyMs!.max, 18)
  expectWithin(open!.rawLatencyMs!.p75, 9)
  expectWithin(open!.latenessMs!.p50, 0.1)
  const path = join(temporaryDirectory(), 'broken.json')
  writeFileSync(path, JSON.stringify({ ...a, open: { ...a!.open, histograms: { lateness: 'x', raw: 'y' } } }))
  await expect(readReportFile(path)).rejects.toMatchObject({ code: 'RECSYS_LOAD_REPORT_INVALID' })
})
