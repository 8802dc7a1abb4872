import type { LatencyCounts } from '../histogram.ts'
import { decodeBlocks } from '../histogram-blocks.ts'
import { type Random, randomStream } from '../random.ts'
import type { LoadReport, TaskReport } from '../types.ts'

/** What became of one request between two runs. */
export interface RequestComparison {
  readonly request: string
  readonly requests: readonly [a: number, b: number]
  readonly successPercent: readonly [a: number, b: number]
  readonly changes: readonly PercentileChange[]
  readonly verdict: Verdict
}

export interface PercentileChange {
  readonly percentile: number
  readonly aMs: number
  readonly bMs: number
  /** (b - a) / a in percent; positive is slower. */
  readonly changePercent: number
  /** Interval of the change. */
  readonly interval: readonly [low: number, high: number]
}

export type Verdict = 'slower' | 'faster' | 'mixed' | 'no difference shown' | 'too little to tell'

export interface LoadComparison {
  /** Of all intervals together. */
  readonly confidence: number
  /** Of each interval. */
  readonly eachConfidence: number
  readonly requests: readonly RequestComparison[]
  /** In one report only. */
  readonly onlyA: readonly string[]
  readonly onlyB: readonly string[]
}

export interface ComparisonOptions {
  readonly confidence: number
  readonly seed: number
}

const percentiles = [50, 95, 99]
const nResamples = 4000
/** Fewer spans do not show how much a server varies. */
const fewestBlocks = 8
/** Fewer requests beyond a percentile, and it is the luck of a few. */
const fewestBeyond = 10

/**
 * What got slower from one run to another, by request. Latencies of neighbouring requests are no independent draws: a
 * pause of the server slows them all. So spans of time are drawn with replacement and not requests, each with its whole
 * histogram (the block bootstrap with blocks that do not overlap: Carlstein 1986, "The use of subseries values for
 * estimating the variance of a general statistic from a stationary sequence"; Lahiri 2003, "Resampling Methods for
 * Dependent Data", §2.6), and percentiles are read from the sum. The intervals are percentile intervals of the relative
 * change, each wide enough for all of them to hold together (Bonferroni).
 */
export function compareReports(a: LoadReport, b: LoadReport, options: ComparisonOptions): LoadComparison {
  const names = (report: LoadReport) => report.tasks.map(({ task }) => task as string)
  const both = names(a).filter((name) => names(b).includes(name))
  const eachConfidence = 1 - (1 - options.confidence) / Math.max(1, both.length * percentiles.length)
  return {
    confidence: options.confidence,
    eachConfidence,
    requests: both.map((name, i) => {
      const random = randomStream(options.seed, i)
      return compareRequest(name, [a, b], { eachConfidence, random })
    }),
    onlyA: names(a).filter((name) => !both.includes(name)),
    onlyB: names(b).filter((name) => !both.includes(name)),
  }
}

function compareRequest(
  name: string,
  [a, b]: readonly [LoadReport, LoadReport],
  { eachConfidence, random }: { eachConfidence: number; random: Random },
): RequestComparison {
  const [taskA, taskB] = [taskOf(a, name), taskOf(b, name)]
  const [spansA, spansB] = [new Spans(a, name), new Spans(b, name)]
  const judged = percentiles.filter((percentile) => spansA.canTell(percentile) && spansB.canTell(percentile))
  const changes = judged.length === 0 ? [] : changesOf([spansA, spansB], judged, { eachConfidence, random })
  return {
    request: name,
    requests: [taskA.requests, taskB.requests],
    successPercent: [taskA.successPercent, taskB.successPercent],
    changes,
    verdict: verdictOf(changes),
  }
}

function taskOf(report: LoadReport, name: string): TaskReport {
  return report.tasks.find(({ task }) => task === name)!
}

function verdictOf(changes: readonly PercentileChange[]): Verdict {
  if (changes.length === 0) return 'too little to tell'
  const slower = changes.some(({ interval: [low] }) => low > 0)
  const faster = changes.some(({ interval: [, high] }) => high < 0)
  if (slower && faster) return 'mixed'
  return slower ? 'slower' : faster ? 'faster' : 'no difference shown'
}

function changesOf(
  [a, b]: readonly [Spans, Spans],
  judged: readonly number[],
  { eachConfidence, random }: { eachConfidence: number; random: Random },
): PercentileChange[] {
  const resampled = judged.map(() => new Float64Array(nResamples))
  for (let i = 0; i < nResamples; i += 1) {
    const [fromA, fromB] = [a.percentiles(a.drawn(random), judged), b.percentiles(b.drawn(random), judged)]
    for (let p = 0; p < judged.length; p += 1) resampled[p]![i] = changePercent(fromA[p]!, fromB[p]!)
  }
  const [pointA, pointB] = [a.percentiles(a.each(), judged), b.percentiles(b.each(), judged)]
  const tail = (1 - eachConfidence) / 2
  return judged.map((percentile, p) => {
    const sorted = resampled[p]!.sort()
    return {
      percentile,
      aMs: pointA[p]! / 1000,
      bMs: pointB[p]! / 1000,
      changePercent: changePercent(pointA[p]!, pointB[p]!),
      interval: [quantile(sorted, tail), quantile(sorted, 1 - tail)],
    }
  })
}

function changePercent(a: number, b: number): number {
  return (100 * (b - a)) / a
}

function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(Math.max(Math.round(share * (sorted.length - 1)), 0), sorted.length - 1)]!
}

/** Spans of one request in one run: how many requests of each took no longer than each latency that any of them has. */
class Spans {
  readonly #valuesUs: Float64Array
  /** nValues × nSpans, row-major; sums over the values up to this one. */
  readonly #upTo: Float64Array
  readonly #nSpans: number
  readonly #total: number

  constructor(report: LoadReport, name: string) {
    const spans = decodeBlocks(report.distributions[name]!.blocks)
    this.#nSpans = spans.length
    this.#valuesUs = Float64Array.from(new Set(spans.flatMap(({ valuesUs }) => valuesUs))).sort()
    this.#upTo = cumulated(spans, this.#valuesUs)
    this.#total = this.#rankOf(this.#valuesUs.length - 1, this.each())
  }

  canTell(percentile: number): boolean {
    return this.#nSpans >= fewestBlocks && this.#total * (1 - percentile / 100) >= fewestBeyond
  }

  /** How often each span is drawn, when as many are drawn as there are. */
  drawn(random: Random): Uint32Array {
    const times = new Uint32Array(this.#nSpans)
    for (let i = 0; i < this.#nSpans; i += 1) times[Math.floor(random() * this.#nSpans)]! += 1
    return times
  }

  each(): Uint32Array {
    return new Uint32Array(this.#nSpans).fill(1)
  }

  /** Nearest rank, in µs. NaN when the drawn spans have no request. */
  percentiles(times: Uint32Array, judged: readonly number[]): number[] {
    const last = this.#valuesUs.length - 1
    const total = this.#rankOf(last, times)
    if (total === 0) return judged.map(() => Number.NaN)
    return judged.map((percentile) => {
      const rank = Math.max(1, Math.ceil((percentile / 100) * total))
      let [low, high] = [0, last]
      while (low < high) {
        const middle = (low + high) >> 1
        if (this.#rankOf(middle, times) >= rank) high = middle
        else low = middle + 1
      }
      return this.#valuesUs[low]!
    })
  }

  /** How many requests of the drawn spans took no longer than this value. */
  #rankOf(value: number, times: Uint32Array): number {
    let rank = 0
    const row = value * this.#nSpans
    for (let s = 0; s < this.#nSpans; s += 1) rank += times[s]! * (this.#upTo[row + s] ?? 0)
    return rank
  }
}

function cumulated(spans: readonly LatencyCounts[], valuesUs: Float64Array): Float64Array {
  const nSpans = spans.length
  const indices = new Map([...valuesUs].map((value, i) => [value, i]))
  const upTo = new Float64Array(nSpans * valuesUs.length)
  for (const [s, span] of spans.entries()) {
    for (const [i, value] of span.valuesUs.entries()) upTo[indices.get(value)! * nSpans + s] = span.counts[i]!
  }
  for (let at = nSpans; at < upTo.length; at += 1) upTo[at]! += upTo[at - nSpans]!
  return upTo
}
