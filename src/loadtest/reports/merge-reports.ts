import { RecsysError } from '../../errors.ts'
import { judgeGoals, parseGoal } from '../goals.ts'
import { LatencyHistogram } from '../histogram.ts'
import { decodeBlocks, mergeBlocks } from '../histogram-blocks.ts'
import type {
  Distribution,
  FailureCount,
  LoadReport,
  ModelCount,
  SecondSample,
  TaskReport,
} from '../types.ts'

/**
 * One report of a load that came from several machines side by side. Histograms are added, so that percentiles are
 * those of all requests; nothing is averaged. Seconds are counted from the start of each run.
 * @param reports  two at least
 * @throws RECSYS_USAGE for the same report twice
 */
export function mergeReports(reports: readonly LoadReport[]): LoadReport {
  requireDistinct(reports)
  const first = reports[0]!
  const elapsedMs = Math.max(...reports.map((report) => report.elapsedMs))
  const names = distinct(reports.flatMap(({ tasks }) => tasks.map(({ task }) => task)))
  const distributions = Object.fromEntries(names.map((name) => [name, mergedDistribution(name, reports)]))
  const histograms = names.map((name) => mergedHistogram(name, reports))
  const tasks = names.map((name, i) => mergedTask(name, reports, histograms[i]!, elapsedMs))
  const all = mergedTask('all', reports, sumOf(histograms), elapsedMs)
  const goals = judgeGoals(
    distinct(reports.flatMap((report) => report.goals.map(({ goal }) => goal))).map(parseGoal),
    [...tasks, all],
  )
  const generator = mergedGenerator(reports)
  return {
    ...first,
    url: distinct(reports.map(({ url }) => url)).join(', '),
    users: total(reports, ({ users }) => users),
    spawnRate: total(reports, ({ spawnRate }) => spawnRate),
    open: mergedOpen(reports),
    startedAt: reports.map(({ startedAt }) => startedAt).sort()[0]!,
    elapsedMs,
    interrupted: reports.some(({ interrupted }) => interrupted),
    all,
    tasks,
    failures: mergedFailures(reports),
    unfinished: total(reports, ({ unfinished }) => unfinished),
    models: mergedModels(reports),
    goals,
    goalsMet: goals.every(({ met }) => met) && generator.valid,
    generator,
    timeline: mergedTimeline(reports, distributions),
    distributions,
  }
}

/** Reports of older programs do not say whether they are valid: they are taken as they were. */
function mergedGenerator(reports: readonly LoadReport[]): LoadReport['generator'] {
  const all = reports.map(({ generator }) => generator)
  const reasons = reports.flatMap(({ url, generator }) =>
    (generator.reasons ?? []).map((reason) => `${url}: ${reason}`),
  )
  return {
    cpuPercent: Math.max(...all.map(({ cpuPercent }) => cpuPercent)),
    loopDelayP99Ms: Math.max(...all.map(({ loopDelayP99Ms }) => loopDelayP99Ms)),
    utilization: Math.max(...all.map(({ utilization }) => utilization ?? 0)),
    valid: all.every(({ valid }) => valid ?? true),
    reasons,
  }
}

/** Rates add up where all had one; figures are left out where a report of an older program has no histogram of them. */
function mergedOpen(reports: readonly LoadReport[]): LoadReport['open'] {
  const models = reports.flatMap(({ open }) => open ?? [])
  const [first] = models
  if (first === undefined || models.length < reports.length) return null
  const sum = (of: (model: typeof first) => number) => models.reduce((whole, model) => whole + of(model), 0)
  const merged = (of: (histograms: NonNullable<typeof first.histograms>) => string) => {
    const texts = models.flatMap(({ histograms }) => (histograms ? of(histograms) : []))
    return texts.length < models.length
      ? undefined
      : sumOf(texts.map((text) => LatencyHistogram.decode(text)))
  }
  const [lateness, raw] = [
    merged((histograms) => histograms.lateness),
    merged((histograms) => histograms.raw),
  ]
  return {
    rate: sum(({ rate }) => rate),
    arrivals: first.arrivals,
    planned: sum(({ planned }) => planned),
    begun: sum(({ begun }) => begun),
    latenessMs: lateness?.summary() ?? null,
    rawLatencyMs: raw?.summary() ?? null,
    ...(lateness && raw ? { histograms: { lateness: lateness.encode(), raw: raw.encode() } } : {}),
  }
}

function requireDistinct(reports: readonly LoadReport[]): void {
  const keys = reports.map(({ startedAt, distributions }) => JSON.stringify([startedAt, distributions]))
  if (new Set(keys).size === keys.length) return
  throw new RecsysError('RECSYS_USAGE', {
    message: 'the same report is given twice, expected one of each machine',
    remedy: 'Name every report once.',
  })
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Set(values)]
}

function total(reports: readonly LoadReport[], of: (report: LoadReport) => number): number {
  return reports.reduce((sum, report) => sum + of(report), 0)
}

function mergedDistribution(name: string, reports: readonly LoadReport[]): Distribution {
  const present = reports.flatMap(({ distributions }) => distributions[name] ?? [])
  return {
    histogram: mergedHistogram(name, reports).encode(),
    blocks: mergeBlocks(present.map(({ blocks }) => blocks)),
  }
}

function mergedHistogram(name: string, reports: readonly LoadReport[]): LatencyHistogram {
  return sumOf(
    reports.flatMap(({ distributions, tasks }) => {
      const histogram = distributions[name]?.histogram
      const maxMs = tasks.find(({ task }) => task === name)?.latencyMs?.max
      return histogram === undefined ? [] : [LatencyHistogram.decode(histogram, (maxMs ?? 0) * 1000)]
    }),
  )
}

function sumOf(histograms: readonly LatencyHistogram[]): LatencyHistogram {
  const sum = new LatencyHistogram()
  for (const histogram of histograms) sum.merge(histogram)
  return sum
}

function mergedTask(
  name: TaskReport['task'],
  reports: readonly LoadReport[],
  histogram: LatencyHistogram,
  elapsedMs: number,
): TaskReport {
  const same = reports.flatMap(({ tasks, all }) => [all, ...tasks].filter(({ task }) => task === name))
  const sum = (of: (task: TaskReport) => number) => same.reduce((total, task) => total + of(task), 0)
  const requests = sum((task) => task.requests)
  const successes = sum((task) => task.successes)
  return {
    task: name,
    requests,
    successes,
    failures: sum((task) => task.failures),
    successPercent: requests === 0 ? 0 : (100 * successes) / requests,
    requestsPerSecond: elapsedMs > 0 ? (1000 * requests) / elapsedMs : 0,
    latencyMs: histogram.summary(),
  }
}

function mergedFailures(reports: readonly LoadReport[]): FailureCount[] {
  const byKind = new Map<string, FailureCount>()
  for (const failure of reports.flatMap(({ failures }) => failures)) {
    const known = byKind.get(failure.kind)
    byKind.set(failure.kind, known ? { ...known, count: known.count + failure.count } : failure)
  }
  return [...byKind.values()].sort((a, b) => b.count - a.count)
}

function mergedModels(reports: readonly LoadReport[]): ModelCount[] {
  const responses = new Map<string, number>()
  for (const { model, responses: count } of reports.flatMap(({ models }) => models)) {
    responses.set(model, (responses.get(model) ?? 0) + count)
  }
  return [...responses].map(([model, count]) => ({ model, responses: count }))
}

/** Percentiles of a second come of its histograms, while there is one for each second; else they are not known. */
function mergedTimeline(
  reports: readonly LoadReport[],
  distributions: Readonly<Record<string, Distribution>>,
): SecondSample[] {
  const length = Math.max(...reports.map(({ timeline }) => timeline.length))
  const seconds = secondHistograms(distributions)
  return Array.from({ length }, (_, i) => {
    const samples = reports.flatMap(({ timeline }) => timeline[i] ?? [])
    const sum = (of: (sample: SecondSample) => number) =>
      samples.reduce((total, sample) => total + of(sample), 0)
    const histogram = seconds?.[i]
    const known = histogram !== undefined && histogram.count > 0
    return {
      second: Math.max(...samples.map(({ second }) => second)),
      users: sum(({ users }) => users),
      requests: sum(({ requests }) => requests),
      requestsPerSecond: sum(({ requestsPerSecond }) => requestsPerSecond),
      failures: sum(({ failures }) => failures),
      p50Ms: known ? histogram.percentileMs(50) : null,
      p95Ms: known ? histogram.percentileMs(95) : null,
    }
  })
}

function secondHistograms(
  distributions: Readonly<Record<string, Distribution>>,
): LatencyHistogram[] | undefined {
  const blocks = Object.values(distributions).map((distribution) => distribution.blocks)
  if (blocks.some(({ seconds }) => seconds !== 1)) return undefined
  const decoded = blocks.map(decodeBlocks)
  const length = Math.max(0, ...decoded.map((spans) => spans.length))
  return Array.from({ length }, (_, i) => {
    const sum = new LatencyHistogram()
    for (const spans of decoded) {
      for (const [v, value] of (spans[i]?.valuesUs ?? []).entries()) sum.add(value, spans[i]!.counts[v]!)
    }
    return sum
  })
}
