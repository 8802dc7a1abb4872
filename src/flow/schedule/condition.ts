import { RecsysError } from '../../errors.ts'

/** What has to be true beside the time. */
export type Condition =
  /** Rows since the newest model was trained: a share of those it was trained on, or a number. */
  | {
      readonly kind: 'growth'
      readonly of: 'interactions' | 'events'
      readonly by: number
      readonly isShare: boolean
    }
  /** Population stability index of what users do now against what the newest model was trained on. */
  | { readonly kind: 'drift'; readonly of: 'popularity' | 'ratings'; readonly by: number }

const growth = /^(interactions|events) grew by (\d+(?:\.\d+)?)(%?)$/
const drift = /^(popularity|ratings) drifted by (\d+(?:\.\d+)?)$/

/** @throws RECSYS_USAGE */
export function parseCondition(text: string): Condition {
  const plain = text.trim().toLowerCase().replaceAll(/\s+/g, ' ')
  const [, grown, amount, sign] = growth.exec(plain) ?? []
  if (grown !== undefined && !(grown === 'events' && sign === '%')) {
    const isShare = sign === '%'
    return { kind: 'growth', of: grown as 'interactions', by: Number(amount) / (isShare ? 100 : 1), isShare }
  }
  const [, drifted, psi] = drift.exec(plain) ?? []
  if (drifted !== undefined) return { kind: 'drift', of: drifted as 'popularity', by: Number(psi) }
  throw new RecsysError('RECSYS_USAGE', {
    message: `--when is ${JSON.stringify(text)}, expected "interactions grew by 5%", "interactions grew by 1000", "events grew by 1000", "popularity drifted by 0.2" or "ratings drifted by 0.2"`,
    field: 'when',
  })
}

/** What is measured for conditions; null where there is nothing to measure it on yet. */
export interface Measurements {
  /** Rows of `interactions` that the newest model was trained on, and now. */
  readonly interactions: { readonly trained: number; readonly now: number } | null
  /** Events since the newest model was trained. */
  readonly events: number
  readonly psi: Readonly<Record<'popularity' | 'ratings', number | null>>
}

/** Whether a condition holds, and what was found, in words. Without any model all hold: there is nothing to keep. */
export function judgeCondition(
  condition: Condition,
  measured: Measurements,
): { readonly holds: boolean; readonly found: string } {
  const { interactions, events, psi } = measured
  if (interactions === null) return { holds: true, found: 'no model was trained yet' }
  if (condition.kind === 'drift') {
    const value = psi[condition.of]
    if (value === null) return { holds: false, found: `too few events to tell the drift of ${condition.of}` }
    return { holds: value >= condition.by, found: `${condition.of} drifted by ${value.toFixed(3)}` }
  }
  if (condition.of === 'events') return { holds: events >= condition.by, found: `events grew by ${events}` }
  const grown = interactions.now - interactions.trained
  const share = grown / Math.max(1, interactions.trained)
  const found = `interactions grew by ${grown} (${(100 * share).toFixed(1)}%)`
  return { holds: (condition.isShare ? share : grown) >= condition.by, found }
}
