import { addTally, emptyTally, percentileMs } from '../threads/version-tally.ts'
import type { VersionFigures, VersionLimits, VersionTally } from '../types.ts'

/** What errors and latencies are judged by: the last minute, in twelve parts. */
const partMs = 5000
const nParts = 12
/** Fewer answers or recommendations say nothing. */
const leastAnswers = 100
const leastRecommendations = 1000
/** A click-through is worse when that is so at 99 % (one-sided z-test of two proportions). */
const significance = 2.326

export interface Breach {
  readonly reason: string
  readonly figures: Readonly<Record<string, number>>
}

/** What somebody has counted since the version is there, and shall be compared with. */
export type ClickCounts = Pick<VersionTally, 'recommendations' | 'clicks'>

interface Part {
  readonly startedAt: number
  readonly tally: VersionTally
}

/** Counts what each version does, and tells when one breaks a limit. Times are milliseconds of one clock. */
export class VersionWatch {
  readonly #limits: VersionLimits
  readonly #parts = new Map<number, Part[]>()
  /** Since the version came into service or on trial: clicks come long after the answer. */
  readonly #totals = new Map<number, VersionTally>()

  constructor(limits: VersionLimits) {
    this.#limits = limits
  }

  record(version: number, tally: VersionTally, now: number): void {
    const parts = this.#parts.get(version) ?? []
    if (parts.length === 0 || now - parts.at(-1)!.startedAt >= partMs) {
      parts.push({ startedAt: now, tally: emptyTally() })
      if (parts.length > nParts) parts.shift()
      this.#parts.set(version, parts)
    }
    addTally(parts.at(-1)!.tally, tally)
    const total = this.#totals.get(version) ?? emptyTally()
    addTally(total, tally)
    this.#totals.set(version, total)
  }

  recordClicks(version: number, clicks: number): void {
    const total = this.#totals.get(version)
    if (total) total.clicks += clicks
  }

  /** Begins anew with a version that comes into service, and forgets those that are gone. */
  begin(version: number, others: readonly number[]): void {
    for (const known of this.#totals.keys()) {
      if (known !== version && others.includes(known)) continue
      this.#totals.delete(known)
      this.#parts.delete(known)
    }
  }

  totalsOf(version: number): ClickCounts {
    return this.#totals.get(version) ?? emptyTally()
  }

  /**
   * @param others  what the version's clicks are compared with; undefined: they are not
   * @returns the first limit that is broken
   */
  breachOf(version: number, others: ClickCounts | undefined, now: number): Breach | undefined {
    const { maxErrorRate, maxP95Ms, maxClickLoss } = this.#limits
    const recent = this.#recent(version, now)
    if (recent.answers >= leastAnswers) {
      const errorRate = recent.errors / recent.answers
      if (maxErrorRate !== null && errorRate > maxErrorRate) {
        const reason = `${percent(errorRate)} of its answers were errors, more than ${percent(maxErrorRate)}`
        return { reason, figures: { errorRate, limit: maxErrorRate, answers: recent.answers } }
      }
      const p95Ms = percentileMs(recent, 95)!
      if (maxP95Ms !== null && p95Ms > maxP95Ms) {
        const reason = `its 95th percentile was ${p95Ms.toFixed(1)} ms, more than ${maxP95Ms} ms`
        return { reason, figures: { p95Ms, limit: maxP95Ms, answers: recent.answers } }
      }
    }
    return maxClickLoss === null || others === undefined
      ? undefined
      : clickBreach(this.totalsOf(version), others, maxClickLoss)
  }

  figures(now: number): VersionFigures[] {
    return [...this.#totals].map(([version, total]) => {
      const recent = this.#recent(version, now)
      return {
        version,
        answers: recent.answers,
        errorRate: recent.answers > 0 ? recent.errors / recent.answers : null,
        p50Ms: percentileMs(recent, 50),
        p95Ms: percentileMs(recent, 95),
        recommendations: total.recommendations,
        clickThrough: total.recommendations > 0 ? total.clicks / total.recommendations : null,
        overlap: total.compared > 0 ? total.overlap / total.compared : null,
      }
    })
  }

  #recent(version: number, now: number): VersionTally {
    const sum = emptyTally()
    for (const { startedAt, tally } of this.#parts.get(version) ?? []) {
      if (now - startedAt <= nParts * partMs) addTally(sum, tally)
    }
    return sum
  }
}

/** Is the click-through below what the other one leaves after the allowed loss, and not by chance? */
function clickBreach(own: ClickCounts, other: ClickCounts, maxLoss: number): Breach | undefined {
  if (Math.min(own.recommendations, other.recommendations) < leastRecommendations) return undefined
  const clickThrough = own.clicks / own.recommendations
  const expected = other.clicks / other.recommendations
  const least = (1 - maxLoss) * expected
  const variance =
    spread(clickThrough, own.recommendations) + (1 - maxLoss) ** 2 * spread(expected, other.recommendations)
  if (least - clickThrough <= significance * Math.sqrt(variance)) return undefined
  const reason = `its click-through was ${percent(clickThrough)} where the other version has ${percent(expected)}, a loss of more than ${percent(maxLoss)}`
  return { reason, figures: { clickThrough, expected, limit: least, recommendations: own.recommendations } }
}

function spread(share: number, n: number): number {
  return (Math.min(1, share) * (1 - Math.min(1, share))) / n
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`
}
