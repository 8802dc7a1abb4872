import { comparePaired } from '../../metrics/paired/compare.ts'
import { pairedSample } from '../../metrics/paired/samples.ts'
import type { Evaluation } from '../../metrics/types.ts'
import type { AuditClause } from '../../registry/types.ts'
import { type Decision, decide } from '../decide.ts'
import { gainOver, type MinimumGain } from '../metric-order.ts'
import { guardClause } from './guard-clause.ts'
import type { BaselineName, Evidence, PromotionPolicy } from './types.ts'

export interface Judgement {
  readonly decision: Decision
  /** Every clause of the policy, the first that of the metric. */
  readonly clauses: readonly AuditClause[]
  readonly allMet: boolean
  /** Of the first clause that is not met, or of the decision. */
  readonly reason: string
}

/** Of every resampling of a promotion: the same models give the same decision. */
const resamplingSeed = 42

/** Judges every clause, also when one before it is not met: whoever mends a model wants to see all of them. */
export function judgePolicy(policy: PromotionPolicy, evidence: Evidence): Judgement {
  const decision = decideByMetric(policy, evidence)
  const clauses = [
    metricClause(policy, decision, evidence),
    ...intervalClauses(policy, evidence),
    ...policy.mustBeat.flatMap((baseline) => baselineClauses(policy, evidence, baseline)),
    ...policy.guards.map((guard) => guardClause(guard, evidence)),
  ]
  const missed = clauses.find(({ met }) => !met)
  const reason =
    missed === undefined || missed === clauses[0] ? decision.reason : `${missed.clause}: ${missed.found}`
  return { decision, clauses, allMet: missed === undefined, reason }
}

function decideByMetric({ metric, minGain }: PromotionPolicy, evidence: Evidence): Decision {
  const value = (of: Evaluation | undefined) => of?.metrics[metric.metric]
  return decide({
    ...{ metric, minGain },
    challenger: value(evidence.challenger) ?? Number.NaN,
    champion: evidence.champion && (value(evidence.champion) ?? Number.NaN),
    popularity: value(evidence.baselines.popularity) ?? Number.NaN,
  })
}

function metricClause(
  { metric: { metric }, minGain }: PromotionPolicy,
  { better, gain, neededGain, against }: Decision,
  evidence: Evidence,
): AuditClause {
  const reference = (evidence.champion ?? evidence.baselines.popularity).metrics[metric]
  const challenger = evidence.challenger.metrics[metric]
  const needed = neededGain > 0 ? `, needed ${neededGain.toFixed(5)}` : ''
  return {
    clause: `${metric} better than ${rivalName(against)}${against === 'champion' ? gainText(minGain) : ''}`,
    met: better,
    found: `${challenger.toFixed(5)} against ${reference.toFixed(5)}, gain ${gain.toFixed(5)}${needed}`,
    figures: { challenger, [against]: reference, gain, neededGain },
  }
}

function gainText({ value, relative }: MinimumGain): string {
  if (value === 0) return ''
  return ` by at least ${relative ? `${+(100 * value).toPrecision(6)}%` : value}`
}

function rivalName(against: Decision['against']): string {
  return against === 'champion' ? 'the champion' : 'popularity'
}

function intervalClauses(policy: PromotionPolicy, evidence: Evidence): AuditClause[] {
  const rival = evidence.champion ?? evidence.baselines.popularity
  return intervalClause(policy, evidence, rival, rivalName(evidence.champion ? 'champion' : 'popularity'))
}

/** None where the policy asks for no confidence. */
function intervalClause(
  { metric: { metric }, confidence }: PromotionPolicy,
  { challenger }: Evidence,
  rival: Evaluation,
  name: string,
): AuditClause[] {
  if (confidence === undefined) return []
  const sample = pairedSample(metric, rival.perUser, challenger.perUser)
  const [{ interval, p, gain, users }] = comparePaired([sample], { confidence, seed: resamplingSeed })
  const [low, high] = interval
  return [
    {
      clause: `${+(100 * confidence).toPrecision(6)} % interval of the gain in ${metric} over ${name} above zero`,
      met: low > 0,
      found: `${low.toFixed(5)} to ${high.toFixed(5)}, p ${p.toFixed(4)}, ${users.wins} users better, ${users.losses} worse`,
      figures: { low, high, gain, p, confidence, ...users },
    },
  ]
}

const baselineWords: Readonly<Record<BaselineName, string>> = {
  popularity: 'popularity',
  bias: 'user + item bias',
  globalMean: 'the global mean',
}

/** With a confidence also here: a row that is beaten by luck is not beaten. */
function baselineClauses(policy: PromotionPolicy, evidence: Evidence, baseline: BaselineName): AuditClause[] {
  const { metric } = policy.metric
  const rival = evidence.baselines[baseline]
  const [challenger, value] = [evidence.challenger.metrics[metric], rival.metrics[metric]]
  const gain = gainOver(value, challenger, policy.metric)
  const name = baselineWords[baseline]
  return [
    {
      clause: `${metric} better than ${name}`,
      met: gain > 0,
      found: `${challenger.toFixed(5)} against ${value.toFixed(5)}, gain ${gain.toFixed(5)}`,
      figures: { challenger, [baseline]: value, gain },
    },
    ...intervalClause(policy, evidence, rival, name),
  ]
}
