import { positiveRows } from '../dataset/dataset.ts'
import { type ItemSegment, itemSegments } from './item-segments.ts'
import { judgeList } from './ranked-list.ts'
import { isAmong, meanOf } from './ranking.ts'
import { errorMetrics, ratingErrors } from './rating.ts'
import type { Evaluation, Metrics, PerUserMetrics, RankingQuestion, Scorer } from './types.ts'
import { type UserSegment, userSegments } from './user-segments.ts'

/** The metrics of a part of the users, or of the held-out rows of a part of the items. */
export interface SegmentMetrics {
  readonly name: string
  readonly nUsers: number
  readonly nHeldOutRows: number
  readonly metrics: Metrics
}

/**
 * User segments: means over their users. Item segments: errors of the rows of their items, and the whole lists judged as if
 * only the held-out items of the segment were relevant, over the users who have any. Segments without rows are left out.
 */
export function segmentMetrics(
  question: RankingQuestion,
  evaluation: Evaluation,
  scorer: Scorer,
): SegmentMetrics[] {
  return [
    ...userSegments(question).map((segment) => ofUsers(segment, evaluation.perUser, question)),
    ...itemSegments(question).map((segment) => ofItems(segment, question, evaluation, scorer)),
  ].filter(({ nHeldOutRows }) => nHeldOutRows > 0)
}

function ofUsers(
  { name, places, nHeldOutRows }: UserSegment,
  perUser: PerUserMetrics,
  { dataset }: RankingQuestion,
): SegmentMetrics {
  const at = <T extends Int32Array | Float64Array>(values: T) =>
    Float64Array.from(places, (place) => values[place])
  const counts = at(perUser.counts)
  const errors = {
    counts: Int32Array.from(counts),
    squaredErrors: at(perUser.squaredErrors),
    absoluteErrors: at(perUser.absoluteErrors),
  }
  const means = Object.entries(perUser.values).map(([metric, values]) => [
    metric,
    meanOf(at(values).filter((value) => !Number.isNaN(value))),
  ])
  return {
    name,
    nUsers: places.length,
    nHeldOutRows,
    metrics: { ...errorMetrics(errors, dataset), ...Object.fromEntries(means) },
  }
}

function ofItems(
  { name, has }: ItemSegment,
  { dataset, fold, ks }: RankingQuestion,
  { lists }: Evaluation,
  scorer: Scorer,
): SegmentMetrics {
  const isTest = fold.isTest.map((held, row) => held & has[dataset.interactions.itemIndex[row]])
  const errors = ratingErrors(dataset, { ...fold, isTest }, scorer)
  const heldOut = positiveRows(dataset, isTest)
  const { users, length, items } = lists
  const sums: Record<string, number> = {}
  let nRanked = 0
  users.forEach((user, at) => {
    const relevant = heldOut.columns.subarray(heldOut.rowStarts[user], heldOut.rowStarts[user + 1])
    if (relevant.length === 0) return
    nRanked++
    const isRelevant = Array.from(items.subarray(at * length, (at + 1) * length), (item) =>
      isAmong(relevant, item),
    )
    for (const k of ks) {
      for (const [metric, value] of Object.entries(judgeList(isRelevant, relevant.length, k)))
        sums[`${metric}@${k}`] = (sums[`${metric}@${k}`] ?? 0) + value
    }
  })
  const means = Object.entries(sums).map(([metric, sum]) => [metric, sum / nRanked])
  return {
    name,
    nUsers: errors.users.length,
    nHeldOutRows: isTest.reduce((sum, one) => sum + one, 0),
    metrics: { ...errorMetrics(errors, dataset), ...Object.fromEntries(means) },
  }
}
