import type { AuditAction, AuditEntry } from '../registry/types.ts'

/** One version's time in production. */
export interface Reign {
  readonly name: string
  readonly version: number
  /** ISO 8601, UTC. */
  readonly from: string
  /** Null while it lasts. */
  readonly to: string | null
  readonly cameBy: AuditAction
}

/** Who was in production when, from the audit trail, in the order in which they came. */
export function reignsOf(entries: readonly AuditEntry[]): Reign[] {
  const reigns: Reign[] = []
  const present = new Map<string, number>()
  for (const { stage, action, name, version, at } of entries) {
    if (stage !== 'production' || action === 'refuse') continue
    const before = present.get(name)
    if (before !== undefined) reigns[before] = { ...reigns[before], to: at }
    present.set(name, reigns.length)
    reigns.push({ name, version, from: at, to: null, cameBy: action })
  }
  return reigns
}
