import { bootstrapIntervals } from './bootstrap.ts'
import { gainOf, metricValue, sumOf } from './gain.ts'
import { holm } from './holm.ts'
import { randomisationTest } from './randomisation.ts'
import type { Interval, PairedSample } from './types.ts'

/** What the users say about one metric of two models. Gains are positive when the challenger is better. */
export interface PairedResult {
  readonly metric: string
  readonly champion: number
  readonly challenger: number
  readonly gain: number
  /** gain ÷ |champion|; NaN for a champion of 0. */
  readonly relativeGain: number
  /** Of the gain. */
  readonly interval: Interval
  /** Of the randomisation test, two-sided. */
  readonly p: number
  /** The same, adjusted by Holm for the number of metrics. */
  readonly adjustedP: number
  readonly verdict: Verdict
  readonly users: WinsTiesLosses
}

export type Verdict = 'better' | 'worse' | 'not distinguishable'

export interface WinsTiesLosses {
  readonly wins: number
  readonly ties: number
  readonly losses: number
}

export interface ComparisonOptions {
  /** In (0, 1). */
  readonly confidence: number
  readonly seed: number
}

/**
 * Compares the two models metric by metric. The verdict needs both: an interval that does not reach zero, and an adjusted p
 * below 1 − confidence. Seeded: the same samples give the same figures.
 */
export function comparePaired(
  samples: readonly PairedSample[],
  { confidence, seed }: ComparisonOptions,
): PairedResult[] {
  const nUsers = samples[0]?.weights.length ?? 0
  const intervals = bootstrapIntervals(samples, { confidence, seed, nResamples: resamplesFor(nUsers) })
  const pValues = samples.map((sample) => randomisationTest(sample, { seed, nSwaps: swapsFor(nUsers) }))
  const adjusted = holm(pValues)
  return samples.map((sample, at) => {
    const point = pointOf(sample)
    const [interval, p, adjustedP] = [intervals[at], pValues[at], adjusted[at]]
    const verdict = verdictOf(interval, adjustedP, confidence)
    return { metric: sample.metric, ...point, interval, p, adjustedP, verdict, users: countUsers(sample) }
  })
}

/** Efron & Tibshirani ask for a thousand and more to see a tail of 2.5 %. */
function resamplesFor(nUsers: number): number {
  return budget(nUsers, 1000, 4000)
}

/** The smallest p is one divided by this; Holm multiplies it by the number of metrics. */
function swapsFor(nUsers: number): number {
  return budget(nUsers, 2000, 20_000)
}

/** Fewer for many users, whose intervals are narrow: the work stays within a second or so a metric. */
function budget(nUsers: number, least: number, most: number): number {
  return Math.round(Math.min(most, Math.max(least, 2e8 / Math.max(1, nUsers))))
}

function pointOf(sample: PairedSample) {
  const { weights, champion, challenger } = sample
  const [weight, old, young] = [weights, champion, challenger].map(sumOf)
  const gain = gainOf(sample, old, young, weight)
  const [before, after] = [old, young].map((sum) => metricValue(sample, sum, weight))
  return { champion: before, challenger: after, gain, relativeGain: gain / Math.abs(before || Number.NaN) }
}

function verdictOf([low, high]: Interval, adjustedP: number, confidence: number): Verdict {
  if (!(adjustedP < 1 - confidence)) return 'not distinguishable'
  if (low > 0) return 'better'
  return high < 0 ? 'worse' : 'not distinguishable'
}

/** For whom the challenger is better, the same, worse; a user without weight has no say. */
function countUsers({ weights, champion, challenger, lowerIsBetter }: PairedSample): WinsTiesLosses {
  let [wins, ties, losses] = [0, 0, 0]
  for (let user = 0; user < weights.length; user++) {
    if (weights[user] === 0) continue
    const difference = (challenger[user] - champion[user]) * (lowerIsBetter ? -1 : 1)
    if (difference > 0) wins++
    else if (difference < 0) losses++
    else ties++
  }
  return { wins, ties, losses }
}
