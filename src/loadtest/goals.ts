import { RecsysError } from '../errors.ts'
import type { Goal, GoalMeasure, GoalResult, LoadReport, TaskReport } from './types.ts'

export const defaultGoals: readonly Goal[] = [
  { measure: 'p95', operator: '<', limit: 100 },
  { measure: 'success', operator: '>', limit: 99.5 },
  { measure: 'rps', operator: '>=', limit: 100 },
]

const pattern =
  /^(?:([^:<>=]+?)\s*:\s*)?(p50|p75|p90|p95|p99|max|success|rps)\s*(<=|>=|<|>)\s*(\d+(?:\.\d+)?)\s*(ms|s|%)?$/

/**
 * The default goals, each replaced by a given one of the same measure; further ones are added.
 * @param texts  `p95<200ms`, `success>99%`, `rps>=50`, and of one request of the scenario `recommendations:p99<50ms`
 * @throws RECSYS_USAGE
 */
export function resolveGoals(texts: readonly string[]): Goal[] {
  const goals = new Map(defaultGoals.map((goal) => [subjectOf(goal), goal]))
  for (const text of texts) {
    const goal = parseGoal(text)
    goals.set(subjectOf(goal), goal)
  }
  return [...goals.values()]
}

function subjectOf({ request, measure }: Goal): string {
  return request === undefined ? measure : `${request}:${measure}`
}

/** @throws RECSYS_USAGE */
export function parseGoal(text: string): Goal {
  const [, request, measure, operator, number, unit] = pattern.exec(text.trim()) ?? []
  const limit = Number(number) * (unit === 's' ? 1000 : 1)
  const goal = { ...(request === undefined ? {} : { request }), measure, operator, limit } as Goal
  if (measure && fits(goal, unit)) return goal
  throw new RecsysError('RECSYS_USAGE', {
    message: `--goal is ${JSON.stringify(text)}, expected such as p95<200ms (also p50, p75, p90, p99, max), success>99%, rps>=50, or of one request recommendations:p99<50ms`,
    field: 'goal',
  })
}

/** Latencies have a most, success and rps a least; units belong to their measure. */
function fits({ measure, operator, limit }: Goal, unit: string | undefined): boolean {
  const wantsMost = unitOf(measure) === 'ms'
  if (wantsMost !== operator.startsWith('<')) return false
  if (measure === 'success') return (unit === undefined || unit === '%') && limit <= 100
  return unit === undefined || (wantsMost && unit !== '%')
}

/** @throws RECSYS_USAGE for a goal of a request that there is not */
export function requireRequests(goals: readonly Goal[], names: readonly string[]): void {
  const wrong = goals.find(({ request }) => request !== undefined && !names.includes(request))
  if (wrong === undefined) return
  throw new RecsysError('RECSYS_USAGE', {
    message: `--goal names the request ${JSON.stringify(wrong.request)}, expected one of ${names.join(', ')}`,
    field: 'goal',
  })
}

/** @param tasks  of each request and of all of them */
export function judgeGoals(goals: readonly Goal[], tasks: readonly TaskReport[]): GoalResult[] {
  return goals.map((goal) => {
    const own = tasks.find(({ task }) => task === (goal.request ?? 'all'))
    const actual = own === undefined ? null : measured(goal.measure, own)
    return { goal: formatGoal(goal), actual, met: actual !== null && holds(goal, actual) }
  })
}

/** @throws RECSYS_INTERRUPTED | RECSYS_LOAD_GOAL_MISSED, each with the whole report as data */
export function requireGoals(report: LoadReport): void {
  if (report.interrupted) throw interruption(report)
  const missed = report.goals.filter((goal) => !goal.met)
  if (!report.generator.valid) {
    throw new RecsysError('RECSYS_LOAD_GENERATOR_LIMIT', {
      message: `the load generator was the bottleneck: ${report.generator.reasons.join('; ')}`,
      data: { ...report },
    })
  }
  if (missed.length === 0) return
  const figures = missed.map(
    ({ goal, actual }) => `${goal}, got ${actual === null ? 'nothing measured' : actual.toFixed(2)}`,
  )
  throw new RecsysError('RECSYS_LOAD_GOAL_MISSED', {
    message: `${missed.length} of ${report.goals.length} goals missed: expected ${figures.join('; expected ')}`,
    data: { ...report },
  })
}

function interruption(report: LoadReport): RecsysError {
  const message = `interrupted after ${(report.elapsedMs / 1000).toFixed(1)} s; the report covers what was done so far`
  return new RecsysError('RECSYS_INTERRUPTED', { message, data: { ...report } })
}

function measured(measure: GoalMeasure, all: TaskReport): number | null {
  if (measure === 'success') return all.requests === 0 ? null : all.successPercent
  if (measure === 'rps') return all.requestsPerSecond
  return all.latencyMs?.[measure] ?? null
}

function holds({ operator, limit }: Goal, actual: number): boolean {
  if (operator === '<') return actual < limit
  if (operator === '<=') return actual <= limit
  return operator === '>' ? actual > limit : actual >= limit
}

function formatGoal({ request, measure, operator, limit }: Goal): string {
  const unit = unitOf(measure)
  return `${request === undefined ? '' : `${request}: `}${measure} ${operator} ${limit}${unit && ` ${unit}`}`
}

function unitOf(measure: GoalMeasure): 'ms' | '%' | '' {
  if (measure === 'rps') return ''
  return measure === 'success' ? '%' : 'ms'
}
