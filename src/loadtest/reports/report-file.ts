import { readFile } from 'node:fs/promises'
import { RecsysError } from '../../errors.ts'
import { LatencyHistogram } from '../histogram.ts'
import { mostBlocks } from '../histogram-blocks.ts'
import type { LoadReport } from '../types.ts'

const mostBytes = 256 * 2 ** 20

/**
 * A JSON report that `loadtest --report` wrote, checked as far as merging and comparing rely on it.
 * @throws RECSYS_LOAD_REPORT_INVALID
 */
export async function readReportFile(path: string): Promise<LoadReport> {
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw invalid(path, `cannot be read: ${cause instanceof Error ? cause.message : cause}`, cause)
  })
  if (text.length > mostBytes)
    throw invalid(path, `has ${text.length} characters, expected ${mostBytes} at most`)
  const report = parse(path, text)
  const fault = faultOf(report)
  if (fault !== undefined) throw invalid(path, fault)
  return report as LoadReport
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw invalid(path, `is not JSON: ${(cause as Error).message}`, cause)
  }
}

export function invalid(path: string, what: string, cause?: unknown): RecsysError {
  return new RecsysError('RECSYS_LOAD_REPORT_INVALID', { message: `${path} ${what}`, cause })
}

type Unknowns = Readonly<Record<string, unknown>>

/** What is missing of a report, in words. */
function faultOf(report: unknown): string | undefined {
  if (!isObject(report) || !Array.isArray(report.tasks))
    return 'has no tasks, expected a JSON report of a load test'
  for (const key of ['elapsedMs', 'users', 'unfinished']) {
    if (!isCount(report[key])) return `has ${JSON.stringify(report[key])} for ${key}, expected a number`
  }
  for (const key of ['timeline', 'failures', 'models', 'goals']) {
    if (!Array.isArray(report[key])) return `has no list ${key}, expected a JSON report of a load test`
  }
  if (!isObject(report.generator)) return 'has no generator, expected a JSON report of a load test'
  if (!isOpenModel(report.open)) return 'has no readable histograms of its open model'
  if (typeof report.startedAt !== 'string' || Number.isNaN(Date.parse(report.startedAt)))
    return 'has no startedAt'
  const fault = [...report.tasks, report.all].map(taskFault).find((found) => found !== undefined)
  return (
    fault ??
    report.tasks
      .map((task) => distributionFault(report.distributions, task.task))
      .find((found) => found !== undefined)
  )
}

/** Older reports have no histograms of it. */
function isOpenModel(open: unknown): boolean {
  if (!isObject(open) || open.histograms === undefined) return true
  const { histograms } = open
  return isObject(histograms) && isHistogram(histograms.lateness) && isHistogram(histograms.raw)
}

function taskFault(task: unknown): string | undefined {
  if (!isObject(task) || typeof task.task !== 'string') return 'has a task without a name'
  for (const key of ['requests', 'successes', 'failures']) {
    if (!isCount(task[key]))
      return `has ${JSON.stringify(task[key])} for ${key} of ${task.task}, expected a number`
  }
  return undefined
}

function distributionFault(distributions: unknown, task: string): string | undefined {
  const distribution =
    isObject(distributions) && Object.hasOwn(distributions, task) ? distributions[task] : undefined
  if (!isObject(distribution)) return `has no histogram of ${task}: it was written before reports had them`
  const { histogram, blocks } = distribution
  const blocksFit = isObject(blocks) && isTexts(blocks.histograms) && isPowerOfTwo(blocks.seconds)
  if (!blocksFit || !isHistogram(histogram)) return `has no readable histogram of ${task}`
  return isTexts(blocks.histograms) && blocks.histograms.every(isHistogram)
    ? undefined
    : `has no readable histogram of ${task}`
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length <= mostBlocks && value.every((text) => typeof text === 'string')
}

/** Decoders take what they are given: sizes are looked at first. */
function isHistogram(text: unknown): boolean {
  if (typeof text !== 'string' || text.length > mostHistogram) return false
  try {
    return LatencyHistogram.decode(text).count >= 0
  } catch {
    return false
  }
}

const mostHistogram = 2 ** 20

function isObject(value: unknown): value is Unknowns {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && value >= 0
}

function isPowerOfTwo(value: unknown): boolean {
  return typeof value === 'number' && value >= 1 && value <= 2 ** 30 && Number.isInteger(Math.log2(value))
}

/** @throws RECSYS_USAGE for fewer than `least` | RECSYS_LOAD_REPORT_INVALID */
export async function readReportFiles(paths: readonly string[], least: number): Promise<LoadReport[]> {
  if (paths.length < least) {
    throw new RecsysError('RECSYS_USAGE', {
      message: `${paths.length === 1 ? '1 report is' : `${paths.length} reports are`} given, expected ${least} at least`,
      remedy: 'Name the JSON report of each machine.',
    })
  }
  return Promise.all(paths.map(readReportFile))
}
