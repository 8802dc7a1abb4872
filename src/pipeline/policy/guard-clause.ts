import type { AttachedLoadTest, AuditClause } from '../../registry/types.ts'
import type { Evidence, Guard } from './types.ts'

/** A figure that is missing keeps no bound; where there is no champion, no change against it can be too large. */
export function guardClause(guard: Guard, evidence: Evidence): AuditClause {
  const challenger = figureOf(guard, evidence, 'challenger')
  if (challenger === undefined) return unmet(guard, missingText(guard, evidence, 'challenger'))
  if (!guard.relative) {
    const found = show(challenger)
    return { clause: guard.text, met: holds(guard, challenger), found, figures: { challenger } }
  }
  if (evidence.champion === undefined) {
    return { clause: guard.text, met: true, found: 'no champion to compare with', figures: { challenger } }
  }
  const champion = figureOf(guard, evidence, 'champion')
  if (champion === undefined) return unmet(guard, missingText(guard, evidence, 'champion'))
  const change = champion === challenger ? 0 : (challenger - champion) / Math.abs(champion)
  return {
    clause: guard.text,
    met: holds(guard, change),
    found: `${signedPercent(change)} (${show(champion)} to ${show(challenger)})`,
    figures: { challenger, champion, change },
  }
}

type Side = 'challenger' | 'champion'

function figureOf(guard: Guard, evidence: Evidence, side: Side): number | undefined {
  const { [side]: evaluation } = evidence
  const test: AttachedLoadTest | undefined = evidence.loadTests[side]
  const value = guard.source === 'metric' ? evaluation?.metrics[guard.measure] : test?.figures[guard.measure]
  return Number.isNaN(value) ? undefined : value
}

function holds({ operator, bound }: Guard, value: number): boolean {
  switch (operator) {
    case '>=':
      return value >= bound
    case '<=':
      return value <= bound
    case '>':
      return value > bound
    case '<':
      return value < bound
  }
}

function unmet({ text }: Guard, found: string): AuditClause {
  return { clause: text, met: false, found, figures: {} }
}

function missingText({ source, measure }: Guard, { loadTests }: Evidence, side: Side): string {
  if (source === 'load test' && loadTests[side] === undefined) {
    return `the ${side} has no load test attached; run \`recsys loadtest --attach VERSION\``
  }
  return `the ${side} has no ${measure}`
}

function show(value: number): string {
  return String(Number(value.toPrecision(5)))
}

function signedPercent(share: number): string {
  return `${share < 0 ? '−' : '+'}${Math.abs(100 * share).toFixed(2)} %`
}
