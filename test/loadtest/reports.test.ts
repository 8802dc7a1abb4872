import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { latencySeries, lineChart, rateSeries } from '../../src/loadtest/chart.ts'
import { LatencyHistogram } from '../../src/loadtest/histogram.ts'
import { requireWritable, writeReports } from '../../src/loadtest/report-files.ts'
import type { LoadReport, SecondSample } from '../../src/loadtest/types.ts'
import { temporaryDirectory } from '../helpers/run-recsys.ts'
import { sampleReport } from './sample-report.ts'

async function written(report: LoadReport, name: string): Promise<string> {
  const path = join(temporaryDirectory(), name)
  await requireWritable([path])
  await writeReports(report, [path])
  return readFileSync(path, 'utf8')
}

test('the JSON report is the report', async () => {
  expect(JSON.parse(await written(sampleReport(), 'load.json'))).toEqual(sampleReport())
})

test('the CSV report has a line a task and empty fields where nothing was measured', async () => {
  const csv = await written(sampleReport(), 'load.CSV')
  const [header, ...lines] = csv.trimEnd().split('\n')
  expect(header).toMatch(/^task,requests,.*,max_ms$/)
  expect(lines).toHaveLength(4)
  for (const line of lines) expect(line.split(',')).toHaveLength(12)
  expect(lines[1]).toBe('filtered,2,0,2,0,1,,,,,,')
})

test('beside the CSV report there is one of the seconds', async () => {
  const path = join(temporaryDirectory(), 'load.csv')
  await writeReports(sampleReport(), [path])
  expect(readFileSync(path.replace('.csv', '-history.csv'), 'utf8').trimEnd().split('\n')).toEqual([
    'second,users,requests,requests_per_second,failures,p50_ms,p95_ms',
    '1,1,4,4,0,1,2',
    '2,2,10,10,2,2,4',
  ])
})

test('the JUnit report has a test case a goal, one for the generator, and nothing that XML forbids', async () => {
  const evil = 'a<b>&"\u0007'
  const generator = { ...sampleReport().generator, valid: false, reasons: ['its event loop was busy'] }
  const xml = await written({ ...sampleReport(), scenario: evil, generator }, 'load.xml')
  expect(xml).toContain('tests="3" failures="2" errors="0"')
  expect(xml).toContain('<testcase classname="goal" name="p95 &lt; 100 ms"/>')
  expect(xml).toMatch(/<failure message="expected success &gt; 99.5 %, got 85.71"\/>/)
  expect(xml).toContain('<failure message="its event loop was busy"/>')
  expect(xml).toContain('name="a&lt;b&gt;&amp;&quot; "')
})

test('the hgrm report has the percentiles of all successes', async () => {
  const histogram = new LatencyHistogram()
  for (let ms = 1; ms <= 1000; ms++) histogram.record(1000 * ms)
  const distributions = { a: { histogram: histogram.encode(), blocks: { seconds: 1, histograms: [] } } }
  const text = await written({ ...sampleReport(), distributions }, 'load.hgrm')
  expect(text).toMatch(/Value\s+Percentile\s+TotalCount\s+1\/\(1-Percentile\)/)
  const median = text
    .split('\n')
    .find((line) => /\s0\.50{3,}/.test(line))!
    .trim()
    .split(/\s+/)
  expect(Number(median[0])).toBeCloseTo(500, -1)
  expect(text).toContain('Total count    =         1000')
})

test('the HTML report escapes what came from outside and loads nothing', async () => {
  const evil = `<script>alert("1")</script>'&`
  const html = await written(
    {
      ...sampleReport(),
      url: evil,
      failures: [{ kind: evil, count: 1, example: evil }],
      models: [{ model: evil, responses: 1 }],
    },
    'load.html',
  )
  expect(html).not.toContain('<script')
  expect(html.match(/&lt;script&gt;alert\(&quot;1&quot;\)&lt;\/script&gt;&#39;&amp;/g)).toHaveLength(5)
  expect(html).toContain("default-src 'none'")
  expect(html).not.toMatch(/(src|href)=/)
})

test('the HTML report shows goals, tasks, failures, versions, both charts and an interruption', async () => {
  const html = await written({ ...sampleReport(), interrupted: true, unfinished: 7 }, 'load.html')
  expect(html.match(/<svg /g)).toHaveLength(2)
  expect(html).toContain('p95 &lt; 100 ms')
  expect(html).toContain('missed')
  expect(html).toContain('status 500')
  expect(html).toContain('recommender v3')
  expect(html).toContain('7 requests were cut off')
})

test('a report replaces the one there as a whole and leaves nothing else behind', async () => {
  const directory = temporaryDirectory()
  const path = join(directory, 'load.json')
  writeFileSync(path, 'old')
  await writeReports(sampleReport(), [path])
  expect(readFileSync(path, 'utf8')).toContain('"url"')
  expect(readdirSync(directory)).toEqual(['load.json'])
})

test('another ending and a directory that is not there are refused before the load starts', async () => {
  const directory = temporaryDirectory()
  await expect(requireWritable([join(directory, 'load.pdf')])).rejects.toMatchObject({
    code: 'RECSYS_USAGE',
    field: 'report',
  })
  await expect(requireWritable([join(directory, 'missing/load.html')])).rejects.toMatchObject({
    code: 'RECSYS_REPORT_UNWRITABLE',
    exitCode: 6,
  })
})

test('a report that cannot be written says so and leaves no temporary file', async () => {
  const directory = temporaryDirectory()
  mkdirSync(join(directory, 'load.html'))
  await expect(writeReports(sampleReport(), [join(directory, 'load.html')])).rejects.toMatchObject({
    code: 'RECSYS_REPORT_UNWRITABLE',
  })
  expect(readdirSync(directory)).toEqual(['load.html'])
  expect(existsSync(join(directory, 'load.html'))).toBe(true)
})

function timelineOf(p95s: readonly (number | null)[]): SecondSample[] {
  return p95s.map((p95Ms, index) => ({
    second: index + 1,
    users: 1,
    requests: 10 * (index + 1),
    requestsPerSecond: 10 * (index + 1),
    failures: 0,
    p50Ms: p95Ms,
    p95Ms,
  }))
}

test('a chart breaks its line where nothing was measured', () => {
  const svg = lineChart(latencySeries(timelineOf([1, 2, null, 4])))
  expect(svg.match(/class="line"/g)).toHaveLength(2)
})

test('a goal is drawn unless the values are far below it', () => {
  expect(lineChart(latencySeries(timelineOf([80]), 100))).toContain('class="goal"')
  expect(lineChart(latencySeries(timelineOf([1]), 100))).not.toContain('class="goal"')
})

test('long tests are drawn by at most 600 points: the highest p95 and the rate over all their seconds', () => {
  const timeline = timelineOf(Array.from({ length: 86_400 }, (_, second) => (second === 50_000 ? 999 : 1)))
  const latency = latencySeries(timeline)
  expect(latency.values.length).toBeLessThanOrEqual(600)
  expect(Math.max(...latency.values.map((value) => value ?? 0))).toBe(999)
  expect(rateSeries(timeline).values[0]).toBeCloseTo((10 * (144 + 1)) / 2)
  expect(lineChart(rateSeries(timeline)).length).toBeLessThan(50_000)
})

test('an empty timeline still makes a chart', () => {
  expect(lineChart(rateSeries([]))).toMatch(/^<svg.*<\/svg>$/)
})
